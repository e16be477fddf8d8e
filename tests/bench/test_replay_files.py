"""Resuming: what still holds is kept, what does not is named, and order stays."""

import json
from pathlib import Path

from likeness.bench.line_file import Line
from likeness.bench.replay_files import ReplayFiles
from replay_lines import line, track

SAME = {
    "visit": "v", "feed": "f", "portrait": "p", "policy": "standard x",
    "models": "w8 x", "software": "0 x", "key": "k",
}  # fmt: skip
INPUTS = {name: SAME for name in ("c", "a", "b")}


def run(folder: Path, inputs: dict[str, dict[str, str]], *names: str) -> ReplayFiles:
    """Begin, resuming; play these; leave it unfinished."""
    files = ReplayFiles(folder, inputs, resume=True)
    for name in names:
        files.add(line(name), track(name))
    return files


def written(path: Path) -> list[Line]:
    return [json.loads(one) for one in path.read_text().splitlines()]


def test_an_unfinished_run_goes_on_and_ends_as_one_that_was_not_stopped(
    tmp_path: Path,
) -> None:
    run(tmp_path / "stopped", INPUTS, "a")
    second = run(tmp_path / "stopped", INPUTS, "b", "c")
    assert second.kept == {"a"}
    assert not second.changed
    second.close()
    run(tmp_path / "whole", INPUTS, "c", "a", "b").close()
    for name in ("results.jsonl", "timelines.jsonl"):
        texts = [(tmp_path / run / name).read_text() for run in ("stopped", "whole")]
        assert texts[0] == texts[1]
        assert [one["id"] for one in written(tmp_path / "stopped" / name)] == [
            "c", "a", "b",
        ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "stopped").iterdir()) == [
        "results.jsonl",
        "timelines.jsonl",
    ]


def test_a_whole_run_can_be_added_to(tmp_path: Path) -> None:
    run(tmp_path, INPUTS, "c", "a", "b").close()
    more = run(tmp_path, {"d": SAME, **INPUTS}, "d")
    assert more.kept == {"a", "b", "c"}
    assert set(more.tracks) == {"a", "b", "c", "d"}
    more.close()
    assert [one["id"] for one in more.lines] == ["d", "c", "a", "b"]


def test_what_has_changed_is_played_anew_and_named(tmp_path: Path) -> None:
    run(tmp_path, INPUTS, "a", "b", "c")
    inputs = {
        "a": SAME,
        "b": {**SAME, "feed": "other"},
        "c": {**SAME, "models": "f32 y", "key": "other"},
    }
    second = run(tmp_path, inputs)
    assert second.kept == {"a"}
    assert set(second.tracks) == {"a"}
    assert second.changed == {"the recording": 1, "the models": 1}


def test_lines_of_an_older_program_and_unplayable_visits_are_not_kept(
    tmp_path: Path,
) -> None:
    (tmp_path / "results.jsonl").write_text(json.dumps(line("a")) + "\n")
    assert run(tmp_path, {"a": SAME}).kept == set()
    broken: dict[str, dict[str, str]] = {"a": {}}
    run(tmp_path, broken, "a").close()
    assert run(tmp_path, broken).kept == set()


def test_a_run_that_does_not_resume_begins_anew(tmp_path: Path) -> None:
    run(tmp_path, INPUTS, "a")
    assert ReplayFiles(tmp_path, INPUTS, resume=False).kept == set()
    assert run(tmp_path, INPUTS).kept == set()


def test_a_line_says_what_it_depends_on_after_what_the_contract_names(
    tmp_path: Path,
) -> None:
    run(tmp_path, {"a": SAME}, "a").close()
    (one,) = written(tmp_path / "results.jsonl")
    assert list(one)[:-1] == list(line("a"))
    assert one["inputs"] == SAME
