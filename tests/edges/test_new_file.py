import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from likeness.edges import new_file


@contextmanager
def no_room() -> Iterator[None]:
    """Let every write fail, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_for_its_owner(tmp_path: Path) -> None:
    new_file.create(tmp_path / "a", b"one")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a"]


def test_what_exists_is_not_touched(tmp_path: Path) -> None:
    new_file.create(tmp_path / "a", b"one")
    with pytest.raises(FileExistsError):
        new_file.create(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        new_file.create(tmp_path / "link", b"two")
    assert names(tmp_path) == ["a", "link"]


def test_what_is_replaced_is_there_whole_or_as_before(tmp_path: Path) -> None:
    new_file.create(tmp_path / "a", b"one")
    with no_room(), pytest.raises(OSError, match="too large"):
        new_file.replace(tmp_path / "a", b"two")
    with no_room(), pytest.raises(OSError, match="too large"):
        new_file.create(tmp_path / "b", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert names(tmp_path) == ["a"]
    new_file.replace(tmp_path / "a", b"two", mode=0o644)
    assert (tmp_path / "a").read_bytes() == b"two"
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_writes_belongs_to_the_folders_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 23456)
    new_file.create(tmp_path / "a", b"one")
    new_file.replace(tmp_path / "a", b"two")
    found = (tmp_path / "a").stat()
    assert (found.st_uid, found.st_gid) == (12345, 23456)
