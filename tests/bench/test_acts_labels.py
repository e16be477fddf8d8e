from pathlib import Path

import pytest

from likeness.bench.acts_labels import Label, find_clips, read_labels
from likeness.core.vocabulary import Act
from likeness.errors import UsageError

HEAD = "clip,frame_from,frame_peak,frame_to,act,sure,note\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "acts.csv"
    path.write_text(text)
    return path


def test_labels_are_kept_by_clip(tmp_path: Path) -> None:
    rows = "a.mp4,1,2,4,blink,1,\nb.mp4,0,0,0,squint,0,low\na.mp4,9,9,9,turn_left,1,\n"
    assert read_labels(written(tmp_path, HEAD + rows)) == {
        "a.mp4": [Label(1, 2, 4, "blink", True), Label(9, 9, 9, "turn_left", True)],
        "b.mp4": [Label(0, 0, 0, "squint", False)],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must name the columns clip and frame_from"),
        ("clip,frame_from,frame_peak,frame_to,act\n", "must name the columns sure"),
        (HEAD, "has no labels"),
        (HEAD + "a,1,2,x,blink,1,\n", "line 2: a frame is no whole number"),
        (HEAD + "a,1,2\n", "line 2: a frame is no whole number"),
        (HEAD + "a,1,2,3,blink,1,\na,3,2,4,blink,1,\n", "line 3: frames must be from"),
        (HEAD + "a,-1,2,3,blink,1,\n", "not below 0"),
        (HEAD + "a,1,2,3,,1,\n", "line 2: act is ''; write one of blink"),
        (HEAD + "a,1,2,3,blink,yes,\n", "line 2: sure is 'yes'; write 1 or 0"),
    ],
)
def test_a_bad_list_gets_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as fault:
        read_labels(written(tmp_path, text))
    assert said in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_missing_list_or_clip_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "here.mp4").touch()
    labels: dict[str, list[Label]] = {"here.mp4": [], "gone.mp4": []}
    with pytest.raises(UsageError, match=r"gone.mp4: no such clip \(1 of 2"):
        find_clips(labels, tmp_path)
    with pytest.raises(UsageError, match="no such clip"):
        find_clips({"a" * 300: []}, tmp_path)


def test_a_line_without_a_clip_is_named(tmp_path: Path) -> None:
    head = "frame_from,frame_peak,frame_to,act,sure,clip\n"
    for row in ("1,2,3,blink,1\n", "1,2,3,blink,1,\n"):
        with pytest.raises(UsageError, match="line 2: clip must name"):
            read_labels(written(tmp_path, head + row))


@pytest.mark.parametrize(
    ("label", "sure", "excuses"),
    [
        (Act.BLINK, True, {Act.CLOSE_EYES}),
        (Act.BLINK, False, {Act.BLINK, Act.CLOSE_EYES}),
        (Act.CLOSE_EYES, True, {Act.BLINK}),
        (Act.TURN_LEFT, True, set()),
        (Act.TURN_LEFT, False, {Act.TURN_LEFT}),
        (Act.RAISE_CHIN, False, {Act.RAISE_CHIN}),
        ("squint", True, set()),
        ("squint", False, {Act.BLINK, Act.CLOSE_EYES}),
    ],
)
def test_a_doubt_counts_neither_way_for_its_own_kind_only(
    label: str, *, sure: bool, excuses: set[Act]
) -> None:
    one = Label(0, 1, 2, label, sure)
    assert {act for act in Act if one.may_be(act)} == excuses


def test_our_own_labels_can_be_read(root: Path) -> None:
    labels = read_labels(root / "tests" / "labels" / "acts.csv")
    sure = [one.act for clip in labels.values() for one in clip if one.sure]
    assert sure.count("blink") == 70
    assert sure.count("turn_left") + sure.count("turn_right") == 15
