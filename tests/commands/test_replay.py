"""`likeness replay` as it is called: files in, files out, one line per fault."""

import json
import logging
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.bench.replay import Played, Studio
from likeness.bench.visit_file import PlannedVisit
from real_models import MODELS
from replays import CLIP, own_portrait, write_visit

NAME = "MARKEDNAME"


@pytest.fixture(scope="module")
def clip(pictures: Path) -> Path:
    return pictures / CLIP


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Path:
    return own_portrait(clip, tmp_path_factory.mktemp("own") / f"{NAME}.png")


def lines_of(out: Path) -> dict[str, dict[str, object]]:
    text = (out / "results.jsonl").read_text(encoding="utf-8")
    return {one["id"]: one for one in map(json.loads, text.splitlines())}


def test_a_folder_with_a_bad_file_among_good_ones(
    tmp_path: Path, clip: Path, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visits, out = tmp_path / "visits", tmp_path / "out"
    write_visit(visits / "a/own.toml", clip, portrait=own, label="genuine")
    write_visit(visits / "b/[bold]none.toml", "[/none].mp4", portrait=own)
    (visits / "c.toml").write_text('visit = 1\nvideo = "x"\n"[/x]" = 1\n')

    code = main(["replay", str(visits), "--out", str(out), "--speed", "max"])

    said = capsys.readouterr()
    assert code == 0
    assert "Traceback" not in said.err
    faults = [one for one in said.err.splitlines() if one.startswith("likeness: ")]
    assert len(faults) == 2
    assert "b/[bold]none: " in faults[0]
    assert "[/none].mp4: no such video" in faults[0]
    assert "c.toml: unknown key '[/x]'" in faults[1]
    assert "genuine : 1 visits, 1 accepted" in said.out
    assert f"report: {out}/report.html" in said.out
    lines = lines_of(out)
    assert {name: line["verdict"] for name, line in lines.items()} == {
        "a/own": "accepted",
        "b/[bold]none": "referred",
        "c": "referred",
    }
    assert lines["c"]["reasons"] == lines["b/[bold]none"]["reasons"]
    assert lines["a/own"]["label"] == "genuine"
    assert sorted(path.name for path in out.iterdir()) == [
        "keys",
        "report.html",
        "report.json",
        "results.jsonl",
        "timelines.jsonl",
    ]
    report = (out / "report.html").read_text(encoding="utf-8")
    assert all(name in report for name in lines)


def test_expectations_never_reach_the_pipeline(
    tmp_path: Path, clip: Path, pictures: Path
) -> None:
    """The same visit under two labels gives the same line, label apart."""
    other = pictures / "obama.jpg"
    for label in ("genuine", "attack"):
        write_visit(tmp_path / f"{label}/one.toml", clip, portrait=other, label=label)
    lines = []
    for label in ("genuine", "attack"):
        out = tmp_path / f"out-{label}"
        assert main(["replay", str(tmp_path / label), "--out", str(out)]) == 0
        line = lines_of(out)["one"]
        assert line.pop("label") == label
        del line["result"], line["cpu_ms_per_frame"], line["inputs"]
        lines.append(line)
    assert lines[0] == lines[1]
    assert lines[0]["verdict"] == "refused"


def test_nothing_about_the_person_is_written(
    tmp_path: Path,
    clip: Path,
    own: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No portrait, no embedding, no file name of a portrait: anywhere."""
    caplog.set_level(logging.DEBUG)
    visit = write_visit(tmp_path / "one.toml", clip, portrait=own, more="end_s = 0.9")
    out = tmp_path / "out"

    assert main(["replay", str(visit), "--out", str(out), "--traces"]) == 0

    said = capsys.readouterr()
    portrait = own.read_bytes()
    written = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    everything = written + (said.out + said.err + caplog.text).encode()
    assert caplog.text  # it was listened to
    assert NAME.encode() not in everything
    assert portrait[1000:1032] not in everything
    assert b"PNG" not in everything
    assert b"embedding=(" not in everything
    trace = (out / "traces/one.csv").read_text().splitlines()
    assert len(trace) == 1 + 27
    columns = trace[0].split(",")
    assert columns[:4] == ["captured_s", "frame", "faces", "eye_left"]
    assert columns[-1] == "embedded"
    assert {row.count(",") for row in trace} == {len(columns) - 1}
    assert {row.rsplit(",", 1)[1] for row in trace[1:]} == {"0", "1"}


def without_signature(path: Path) -> list[dict[str, object]]:
    """Lines but for what differs from run to run: the chain's place and the time."""
    lines = [json.loads(one) for one in path.read_text().splitlines()]
    return [
        {k: v for k, v in one.items() if k not in ("result", "cpu_ms_per_frame")}
        for one in lines
    ]


def test_a_stopped_run_says_how_to_go_on_and_then_ends_the_same(
    tmp_path: Path,
    clip: Path,
    own: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visits, out = tmp_path / "visits", tmp_path / "out"
    for name in ("a", "b", "c"):
        write_visit(visits / f"{name}.toml", clip, portrait=own, more="end_s = 0.7")
    given = ["replay", str(visits), "--out", str(out), "--resume"]
    assert main([*given[:-1], "--out", str(tmp_path / "whole")]) == 0

    real = Studio.play

    async def interrupted(
        studio: Studio, plan: PlannedVisit, *, keep_seen: bool = False
    ) -> Played:
        if plan.id == "b":
            raise KeyboardInterrupt
        return await real(studio, plan, keep_seen=keep_seen)

    with monkeypatch.context() as patch:
        patch.setattr(Studio, "play", interrupted)
        assert main(given) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "stopped after 1 of 3 visits; the same command with --resume" in said
    assert not (out / "results.jsonl").exists()

    assert main(given) == 0
    assert "likeness: 1 of 3 visits are kept\n" in capsys.readouterr().err
    for name in ("results.jsonl", "timelines.jsonl"):
        resumed, whole = (
            without_signature(folder / name) for folder in (out, tmp_path / "whole")
        )
        for one in (*resumed, *whole):  # each folder has a key of its own
            one.get("inputs", {}).pop("key", None)  # type: ignore[attr-defined]
        assert resumed == whole
    assert not list(out.glob("*.part"))

    write_visit(visits / "b.toml", clip, portrait=own, more="end_s = 0.6")
    assert main([*given, "--profile", "demo"]) == 0
    said = capsys.readouterr().err
    assert "2 of 3 visits are kept; the visit file has changed for 1" in said
    assert main([*given, "--profile", "strict"]) == 0
    said = capsys.readouterr().err
    assert "0 of 3 visits are kept; the profile has changed for 3" in said
    told = json.loads((out / "report.json").read_text())
    assert told["about"]["profile"] == "strict"


def test_a_profile_that_is_not_there_is_named(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visit = write_visit(tmp_path / "one.toml", clip)
    out = tmp_path / "out"
    assert main(["replay", str(visit), "--out", str(out), "--profile", "lax"]) == 78
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "there is no profile 'lax'; known: standard" in said


def test_a_frame_without_a_face_is_a_short_row_of_the_trace(tmp_path: Path) -> None:
    from clips import write_clip  # noqa: PLC0415

    write_clip(tmp_path / "grey.avi", count=3, codec="MJPG")
    visit = write_visit(tmp_path / "grey.toml", "grey.avi")
    assert main(["replay", str(visit), "--out", str(tmp_path / "o"), "--traces"]) == 0
    rows = (tmp_path / "o/traces/grey.csv").read_text().splitlines()
    assert [row.split(",")[1:] for row in rows[1:]] == [
        ["0", "0"], ["1", "0"], ["2", "0"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("visit = 1\nvidoe = 'x'", "unknown key 'vidoe'; the nearest known key is"),
        ("visit = 1\nvideo = 7", "video: expected str, got int"),
        ("visit = 1\nvideo = 'x'\n[card]\nportrait = 'no.jpg'", None),
    ],
)
def test_a_single_bad_file_is_a_configuration_error_or_a_line(
    tmp_path: Path, text: str, says: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    visit = tmp_path / "one.toml"
    visit.write_text(text)
    code = main(["replay", str(visit), "--out", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert "Traceback" not in said
    if says is None:  # the file is right, what it names is not there: a line
        assert code == 0
        assert "no.jpg does not exist" in said
        assert lines_of(tmp_path / "out")["one"]["reasons"] == ["feed_unreadable"]
    else:
        assert code == 78
        assert said.count("\n") == 1
        assert says in said
        assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_wrong_use(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visit = write_visit(tmp_path / "one.toml", clip)
    (tmp_path / "file").write_text("a file is no folder")
    assert main(["replay", str(visit), "--out", str(tmp_path / "file/out")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot be written: Not a directory" in said


def test_models_that_are_not_there_are_named(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visit = write_visit(tmp_path / "one.toml", clip)
    models = tmp_path / "models"
    models.mkdir()
    (models / "manifest.toml").write_bytes((MODELS / "manifest.toml").read_bytes())
    given = ["--out", str(tmp_path / "out"), "--models", str(models)]
    assert main(["replay", str(visit), *given]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "is missing in" in said
    assert "likeness models build" in said


@pytest.mark.parametrize("wrong", [["--speed", "slow"], ["--variant", "w4"], []])
def test_wrong_use_is_said(
    tmp_path: Path, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(tmp_path), "--out", str(tmp_path)] if wrong else [str(tmp_path)]
    assert main(["replay", *given, *wrong]) == 2
    assert "Traceback" not in capsys.readouterr().err
