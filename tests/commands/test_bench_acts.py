import json
from pathlib import Path

import pytest

from likeness.__main__ import main

# By eye, see tests/vision/test_cues.py: he blinks twice, and shouts with lids low.
LABELS = """clip,frame_from,frame_peak,frame_to,act,sure,note
carphone.mp4,41,42,44,blink,1,
carphone.mp4,91,92,95,blink,1,
carphone.mp4,112,113,115,squint,1,a shout
"""


def bench(root: Path, labels: Path, out: Path, *more: str) -> int:
    where = ("--root", str(root), "--labels", str(labels), "--out", str(out))
    return main(["bench", "acts", *where, *more])


def test_a_labelled_clip_becomes_figures(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, out = tmp_path / "acts.csv", tmp_path / "out"
    labels.write_text(LABELS)

    # His face is too small for a terminal, not for the demonstration.
    assert bench(pictures, labels, out, "--mirrored", "--profile", "demo") == 0

    said = capsys.readouterr().out
    figures = json.loads((out / "acts.json").read_text())
    assert (figures["profile"], figures["labels"]) == ("demo", "acts.csv")
    for way in ("as_recorded", "mirrored"):
        blinks = figures[way]["clips"]["carphone.mp4"]["blink"]
        assert blinks["missed_peaks"] == []
        assert blinks["false_frames"] == []
        assert 0 < blinks["answer_after_peak_ms"]["median"] < 200
        assert figures[way]["all"]["blink"]["precision"]["of"] == 2
    assert "as recorded" in said
    assert "mirrored" in said
    rows = [line.split() for line in said.splitlines()]
    # Clopper & Pearson, 2 of 2: 15.8 to 100 %.
    rates = ["100.0", "16-100"] * 2
    assert [row[:-2] for row in rows].count(["all", "blink", "2", *rates]) == 2
    assert said.endswith(f"figures: {out}/acts.json\n")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (LABELS.replace("carphone", "gone"), [], "gone.mp4: no such clip"),
        (LABELS.replace("41,42", "43,42"), [], "line 2: frames must be"),
        (LABELS, ["--profile", "lax"], "no profile 'lax'"),
    ],
)
def test_what_cannot_be_measured_gets_one_line(
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    options: list[str],
    said: str,
) -> None:
    labels = tmp_path / "acts.csv"
    labels.write_text(text)

    assert bench(pictures, labels, tmp_path / "out", *options) in (2, 78)

    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()
