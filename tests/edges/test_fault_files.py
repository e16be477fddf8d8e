"""A few transcripts of faults, the newest, and never more than their room."""

from pathlib import Path

import pytest

from likeness.edges import fault_files
from likeness.edges.fault_files import FaultFolder, kept

LINE = b"x" * 1000


class Kept:
    """A folder whose clock stands at a second of its own for each file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.now_s = 1_790_000_000

    def keep(self, why: str, lines: int = 1) -> str:
        self.now_s += 1
        files = FaultFolder(self._folder, lambda: self.now_s)
        return files.keep(why, [LINE] * lines)

    @property
    def whys(self) -> list[str]:
        return [path.stem.partition("-")[2] for path in kept(self._folder)]


@pytest.fixture
def folder(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_one_file_is_whole_and_its_owner_s(folder: Kept, tmp_path: Path) -> None:
    name = folder.keep("camera_lost", 2)
    path = fault_files.folder_of(tmp_path) / name
    assert name.endswith("Z-camera_lost.jsonl")
    assert path.read_bytes() == LINE + b"\n" + LINE + b"\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_newest_five(folder: Kept) -> None:
    for why in "abcdefg":
        folder.keep(why)
    assert folder.whys == ["c", "d", "e", "f", "g"]


def test_a_fault_that_comes_all_day_pushes_no_other_out(folder: Kept) -> None:
    folder.keep("crashed")
    for _ in range(10):
        folder.keep("camera_lost")
    assert folder.whys == ["crashed", "camera_lost", "camera_lost"]


def test_five_of_the_longest_visits_have_room_and_no_more(folder: Kept) -> None:
    for why in "abcde":
        folder.keep(why, 1200)
    assert folder.whys == ["a", "b", "c", "d", "e"]
    folder.keep("f", 5000)
    assert folder.whys == ["d", "e", "f"]
    folder.keep("huge", 9000)
    assert folder.whys == ["huge"]


def test_a_clock_that_was_set_back_keeps_the_newest(folder: Kept) -> None:
    for why in "abcde":
        folder.keep(why)
    folder.now_s -= 3600
    folder.keep("newest")
    assert "newest" in folder.whys
    assert len(folder.whys) == 5


def test_no_folder_holds_nothing(tmp_path: Path) -> None:
    assert kept(tmp_path / "none") == []
