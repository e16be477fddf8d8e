"""A folder of certificates is read again when it changed, and only then."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from likeness.edges import trust_folder
from likeness.edges.trust_folder import TrustFolder
from likeness.errors import ConfigError


class Names:
    """Makes the names of the files, and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, files: Iterable[tuple[str, bytes]]) -> list[str]:
        self.made += 1
        return [f"{name}={data.decode()}" for name, data in files]


def test_it_is_made_anew_when_a_file_changed(tmp_path: Path) -> None:
    names = Names()
    folder = TrustFolder(tmp_path, names)
    (tmp_path / "b").write_text("2")
    (tmp_path / "a").write_text("1")
    assert folder.current() == ["a=1", "b=2"]
    assert folder.current() == ["a=1", "b=2"]
    assert names.made == 1
    (tmp_path / "b").write_text("22")
    assert folder.current() == ["a=1", "b=22"]
    (tmp_path / "a").unlink()
    assert folder.current() == ["b=22"]
    assert names.made == 3


def test_hidden_files_folders_and_giants_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust_folder, "FILE_MOST_BYTES", 4)
    (tmp_path / ".draft").write_text("x")
    (tmp_path / "old").mkdir()
    (tmp_path / "giant").write_text("12345")
    (tmp_path / "a").write_text("1")
    assert TrustFolder(tmp_path, Names()).current() == ["a=1"]


def test_of_files_that_say_less_than_they_hold_nothing_more_is_read() -> None:
    # /proc/kmsg and the like never end; their size is 0.
    made = TrustFolder(Path("/proc/self/net"), dict).current()
    assert made["dev"] == b""


def test_a_folder_that_went_away_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "csca"
    with pytest.raises(ConfigError, match="make the folder"):
        TrustFolder(place, Names()).current()
    place.mkdir()
    (place / "a").write_text("1")
    folder = TrustFolder(place, Names())
    assert folder.current() == ["a=1"]
    (place / "a").unlink()
    place.rmdir()
    assert folder.current() == ["a=1"]
