"""A folder of pictures has the times that stand beside it, or says why not."""

from pathlib import Path

import cv2
import pytest

from clips import grey, number_in
from likeness.edges.recorded import RecordedCamera, frames
from likeness.errors import FeedUnreadable
from stories import story

TIMES = (0.0, 0.0331, 0.1002, 1.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "frames"
    pictures.mkdir()
    for number in range(len(TIMES)):
        cv2.imwrite(str(pictures / f"{number + 8}.png"), grey(number))
    return pictures


def times(folder: Path, text: str) -> Path:
    path = folder.parent / "times.txt"
    path.write_text(text)
    return path


def in_lines(values: tuple[float, ...]) -> str:
    return "".join(f"{one}\n" for one in values)


def test_each_picture_has_its_own_time(folder: Path) -> None:
    shown = list(frames(folder, times=times(folder, in_lines(TIMES))))
    assert tuple(one.captured_s for one in shown) == TIMES
    assert [number_in(one) for one in shown] == [0, 1, 2, 3]
    late = list(
        frames(folder, times=folder.parent / "times.txt", start_s=0.05, end_s=1)
    )
    assert [one.captured_s for one in late] == [0.1002]


def test_times_go_before_a_rate(folder: Path) -> None:
    shown = frames(folder, fps=25, times=times(folder, in_lines(TIMES)))
    assert [one.captured_s for one in shown] == list(TIMES)


@story
async def test_a_camera_plays_them(folder: Path) -> None:
    camera = RecordedCamera(folder, times=times(folder, in_lines(TIMES)))
    await camera.start()
    shown = []
    while (frame := await camera.frame()) is not None:
        shown.append(frame.captured_s)
    await camera.stop()
    assert tuple(shown) == TIMES


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (in_lines(TIMES[:3]), "3 times for 4 pictures"),
        ("0\n0.1\n0.1\n0.2\n", "not rising seconds"),
        ("-1\n0.1\n0.2\n0.3\n", "not rising seconds"),
        ("0\n0.1\n0.2\ninf\n", "not rising seconds"),
        ("0\n0.1\nnan\n1\n", "not rising seconds"),
        ("0\none\n", "something else than seconds"),
        ("0\n\u00bd\n", "something else than seconds"),
        ("", "0 times for 4 pictures"),
    ],
)
def test_times_that_do_not_fit_are_said(folder: Path, text: str, said: str) -> None:
    with pytest.raises(FeedUnreadable, match=said):
        list(frames(folder, times=times(folder, text)))


def test_missing_times_are_said(folder: Path) -> None:
    with pytest.raises(FeedUnreadable, match=r"times\.txt: No such file"):
        list(frames(folder, times=folder.parent / "times.txt"))
