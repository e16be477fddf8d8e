"""The folder of recordings keeps its bounds, and never half a file."""

import asyncio
import errno
import os
import resource
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from likeness.edges import key_files
from likeness.errors import ConfigError, UsageError
from likeness.recording import keeping
from likeness.recording.archive import Member
from likeness.recording.keeping import Folder, GivenUp
from likeness.recording.opening import open_into
from stories import story

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
MEMBERS = [
    Member("visit.toml", b"visit = 1\n"),
    Member("frames/00000.jpg", bytes(90_000)),
]


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """The bench's private key; the public one stands beside it."""
    key = key_files.make_private(tmp_path / "bench.key")
    jwk = key_files.public_jwk(key.public_key())
    (tmp_path / "bench.jwk").write_text(str(jwk).replace("'", '"'))
    (tmp_path / "to").mkdir()
    return tmp_path / "bench.key"


def folder_of(bench: Path, *, keep_files: int = 3, keep_days: int = 10) -> Folder:
    return Folder(
        bench.parent / "to",
        bench_key=str(bench.with_suffix(".jwk")),
        keep_files=keep_files,
        keep_days=keep_days,
    )


def add(folder: Folder, now: datetime = NOW) -> Path:
    return folder.add(MEMBERS, now, threading.Event())


def test_a_recording_is_a_file_for_its_owner_and_the_bench(bench: Path) -> None:
    path = add(folder_of(bench))
    assert keeping.recordings(path.parent) == [path]
    assert keeping.made(path) == NOW
    assert path.stat().st_mode & 0o777 == 0o600
    names = open_into(path, bench, bench.parent / "clear")
    assert names == [one.name for one in MEMBERS]
    assert (bench.parent / "clear/frames/00000.jpg").read_bytes() == bytes(90_000)


def test_what_is_past_its_time_goes_and_so_do_drafts(bench: Path) -> None:
    folder = folder_of(bench)
    old = add(folder, NOW - timedelta(days=10, seconds=1))
    young = add(folder, NOW - timedelta(days=9))
    other = old.with_name("notes.txt")
    other.write_text("mine")
    old.with_name(f".{old.name}.0123abcd").write_bytes(b"half")
    assert folder.tidy(NOW) == [old.name]
    assert set(old.parent.iterdir()) == {young, other}


def test_a_name_that_is_no_time_is_none_of_ours(bench: Path) -> None:
    other = bench.parent / "to/visit-99999999T999999Z-aaaa.visit.jwe"
    other.touch()
    assert keeping.recordings(bench.parent / "to") == []
    assert folder_of(bench).tidy(NOW) == []
    assert other.exists()


def test_a_folder_for_no_files_is_refused_before_anybody_is_asked(
    bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_names: object, **_more: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))  # as vfat says

    monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(UsageError, match="no recording can be written here"):
        folder_of(bench).refuse_full(1)
    assert list((bench.parent / "to").iterdir()) == []


def test_too_many_are_refused_before_anybody_is_asked(bench: Path) -> None:
    folder = folder_of(bench, keep_files=2)
    folder.refuse_full(1000)
    add(folder)
    add(folder)
    with pytest.raises(
        UsageError, match=r"holds 2 recordings, and record\.keep_files is 2"
    ):
        folder.refuse_full(1000)


def test_no_room_is_refused_before_anybody_is_asked(bench: Path) -> None:
    with pytest.raises(UsageError, match="make room, or take fewer --seconds"):
        folder_of(bench).refuse_full(1 << 60)


def test_without_a_key_there_is_no_recording(bench: Path) -> None:
    with pytest.raises(ConfigError, match=r"record\.bench_key is empty"):
        Folder(bench.parent, bench_key="", keep_files=1, keep_days=1)
    with pytest.raises(ConfigError, match=r"bench\.key: a private key"):
        Folder(bench.parent, bench_key=str(bench), keep_files=1, keep_days=1)


def test_who_gives_up_leaves_nothing(bench: Path) -> None:
    folder, given_up = folder_of(bench), threading.Event()
    given_up.set()
    with pytest.raises(GivenUp):
        folder.add(MEMBERS, NOW, given_up)
    assert list((bench.parent / "to").iterdir()) == []


@story
async def given_up_in_the_middle(folder: Folder) -> None:
    many = [Member(f"frames/{n:05}.jpg", bytes(50_000)) for n in range(400)]
    adding = asyncio.create_task(keeping.add(folder, many))
    while not list(folder._path.iterdir()):
        await asyncio.sleep(0.001)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding


def test_a_signal_in_the_middle_leaves_nothing(bench: Path) -> None:
    given_up_in_the_middle(folder_of(bench))
    assert list((bench.parent / "to").iterdir()) == []


def test_a_disk_that_fails_leaves_nothing(bench: Path) -> None:
    folder = folder_of(bench)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            add(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((bench.parent / "to").iterdir()) == []
