"""`likeness bench presentation` as it is called, with the real models."""

import csv
import json
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.bench.presentation import NO_FACE, NOT_JUDGED, Scored, Scorer
from replays import CLIP


@pytest.fixture
def listed(tmp_path: Path, pictures: Path) -> Path:
    """A picture, a folder of pictures, a clip of a small face, and no picture."""
    (tmp_path / "no.png").write_bytes(b"no picture")
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in (1, 2, 3):
        (folder / f"{number}.jpg").symlink_to(pictures / "biden.jpg")
    path = tmp_path / "list.csv"
    rows = [
        "file,label,species",
        f"{pictures / 'obama.jpg'},live,press",
        "frames,attack,print",
        f"{pictures / CLIP},live,",
        "no.png,spoof,screen",
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def run(listed: Path, *more: str) -> int:
    root, out = str(listed.parent), str(listed.parent / "out")
    given = ["--root", root, "--list", str(listed), "--out", out]
    return main(["bench", "presentation", *given, "--frames", "2", *more])


def test_pictures_and_clips_are_scored(
    listed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(listed) == 0
    said = capsys.readouterr()
    out = listed.parent / "out"
    faults = [one for one in said.err.splitlines() if one.startswith("likeness: ")]
    assert len(faults) == 2
    assert faults[0].endswith(f"{CLIP}: {NOT_JUDGED}")
    assert faults[1].endswith("no.png: is no picture that can be decoded")
    assert f"report: {out}/presentation.html" in said.out
    with (out / "scores.csv").open(newline="") as file:
        first, folder, small, broken = csv.DictReader(file)
    assert 0 <= float(first["score"]) <= 1
    assert 0 <= float(folder["score"]) <= 1
    assert small["score"] == "nan"
    assert (broken["file"], broken["score"]) == ("no.png", "nan")
    told = json.loads((out / "presentation.json").read_text())
    assert [(g["label"], g["species"], g["files"]) for g in told["groups"]] == [
        ("live", "", 1),
        ("live", "press", 1),
        ("attack", "print", 1),
        ("attack", "screen", 1),
    ]
    assert told["about"]["list"] == "list.csv"

    def nothing_is_scored_again(scorer: Scorer, path: Path) -> Scored:
        raise AssertionError(path)

    before = (out / "scores.csv").read_bytes()
    monkeypatch.setattr(Scorer, "score", nothing_is_scored_again)
    assert run(listed) == 0
    assert (out / "scores.csv").read_bytes() == before


def test_a_stopped_run_says_how_to_go_on(
    listed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(scorer: Scorer, path: Path) -> Scored:
        if path.name == "no.png":
            raise KeyboardInterrupt
        return Scored(None, NO_FACE)

    monkeypatch.setattr(Scorer, "score", interrupted)
    assert run(listed) == 1
    said = capsys.readouterr().err
    assert "stopped after 3 of 4 files; the same command goes on from here" in said
    assert not (listed.parent / "out" / "scores.csv").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "file,label,species\na.jpg,live,\n",
            "a.jpg: no such picture, video or folder",
        ),
        ("file,label,species\nlist.csv,mask,\n", "line 2: label is 'mask'; write live"),
    ],
)
def test_a_list_that_cannot_be_used_is_one_line(
    tmp_path: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    assert run(path) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert says in said
