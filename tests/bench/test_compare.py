"""Two replays side by side: what changed is named, what cannot be compared left out."""

import json
from pathlib import Path

import pytest

from likeness.bench.compare import figures, read_replay
from likeness.bench.compare_report import write_report
from likeness.bench.line_file import Line
from likeness.errors import UsageError
from replay_lines import Page, attack, line

INPUTS = {"models": "w8 x", "policy": "standard x", "key": "one"}
OTHER = {"models": "f32 y", "policy": "standard x", "key": "two"}


def replay(*lines: Line, inputs: dict[str, str]) -> list[Line]:
    return [{**one, "inputs": inputs} for one in lines]


A = replay(
    line("same"),
    line("reason", verdict="refused", reasons=["act_not_seen"], match_score=500_000),
    line("lost", cpu_ms_per_frame=10.0, match_score=500_000),
    attack("print", "print", "flat_face"),
    line("only a"),
    inputs=INPUTS,
)
B = replay(
    attack("print", "print"),
    line("lost", verdict="refused", reasons=["not_same_person"], match_score=300_000,
         cpu_ms_per_frame=4.0),
    line("reason", verdict="refused", reasons=["feed_ended"], match_score=None),
    line("same"),
    line("only b"),
    inputs=OTHER,
)  # fmt: skip


def test_what_changed_is_named_the_weightiest_first() -> None:
    found = figures(A, B)
    assert found["visits"] == 4
    assert found["only_in"] == {"a": ["only a"], "b": ["only b"]}
    assert [one["id"] for one in found["changed"]] == ["lost", "print", "reason"]
    assert found["changed"][0]["b"]["reasons"] == ["not_same_person"]
    assert found["a"]["genuine"]["accepted"]["hits"] == 2
    assert found["b"]["genuine"]["accepted"]["hits"] == 1
    assert found["b"]["attacks"][0]["iapar"]["hits"] == 1


def test_what_they_were_played_with_is_told_but_not_the_key() -> None:
    (told,) = figures(A, B)["played_with"]
    assert told == {"what": "the models", "visits": 4, "a": "w8 x", "b": "f32 y"}
    assert figures(A, A)["played_with"] == []
    assert figures(A, A)["changed"] == []


def test_numbers_are_compared_where_both_have_them() -> None:
    found = figures(A, B)
    assert found["scores"]["match_score"]["visits"] == 3
    assert found["scores"]["match_score"]["largest"] == -200_000
    assert found["scores"]["match_score"]["median"] == 0
    assert found["cpu"]["largest"] == -6.0
    assert found["scores"]["passive_score"]["visits"] == 0


def test_verdicts_are_counted_in_pairs() -> None:
    rows = figures(A, B)["verdicts"]
    found = {(r["species"], r["a"], r["b"]): r["visits"] for r in rows}
    assert found == {
        ("print", "refused", "accepted"): 1,
        ("", "accepted", "accepted"): 1,
        ("", "accepted", "refused"): 1,
        ("", "refused", "refused"): 1,
    }


def test_nothing_in_common_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="no visit in common"):
        figures(A, replay(line("z"), inputs=INPUTS))


def test_a_replay_is_read_back(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"results\.jsonl: no such file; give the"):
        read_replay(tmp_path)
    (tmp_path / "results.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match="holds no line of a replay"):
        read_replay(tmp_path)
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(o) + "\n" for o in A))
    assert read_replay(tmp_path) == A
    (tmp_path / "results.jsonl.part").touch()  # a second run was stopped here
    with pytest.raises(UsageError, match="finish it with --resume"):
        read_replay(tmp_path)


def test_the_page_shows_both(tmp_path: Path) -> None:
    evil = "<b>&"
    a, b = [*A, line(evil)], [*B, line(evil, verdict="referred", reasons=[evil])]
    found = {"about": {"a": "one", "b": evil}, **figures(a, b)}
    html = write_report(found, a, b, tmp_path / "new").read_text()
    page = Page(html)
    assert evil in page.cells
    assert "b" not in page.tags
    assert "accepted" in page.cells[page.cells.index("lost") + 2]
    assert "refused: not_same_person" in page.cells[page.cells.index("lost") + 3]
    assert "1 visits are only in a" in html
    told = json.loads((tmp_path / "new/compare.json").read_text())
    assert told == json.loads(json.dumps(found))
