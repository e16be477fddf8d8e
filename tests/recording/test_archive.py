"""The same members make the same archive, and only our own kind is unpacked."""

import io
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

from likeness.errors import Untrusted
from likeness.recording.archive import SUMS, Member, packed, unpack

MEMBERS = [
    Member("visit.toml", b"visit = 1\n"),
    Member("frames/00000.jpg", np.arange(200, dtype=np.uint8)),
    Member("frames/00001.jpg", bytes(700)),
]


def whole() -> bytes:
    return b"".join(packed(MEMBERS))


def in_pieces(data: bytes, size: int = 333) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_it_is_a_tar_like_any_other_and_its_sums_are_right(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(whole())) as tar:
        assert tar.getnames() == [SUMS, *(one.name for one in MEMBERS)]
    assert whole() == whole()
    names = unpack(in_pieces(whole()), tmp_path)
    assert names == [one.name for one in MEMBERS]
    assert (tmp_path / "frames/00000.jpg").read_bytes() == bytes(range(200))
    subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=tmp_path, check=True)
    assert (tmp_path / "visit.toml").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "name", ["../visit.toml", "/visit.toml", "frames/../../x.jpg", "VISIT", "a/b.jpg"]
)
def test_nothing_lands_elsewhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "deep" / "folder"
    folder.mkdir(parents=True)
    with pytest.raises(Untrusted, match="odd member"):
        unpack(packed([Member(name, b"1")]), folder)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [folder / SUMS]


def test_a_link_is_no_member(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("visit.toml")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(Untrusted, match="odd member"):
        unpack([entry.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)], tmp_path)


def test_another_content_does_not_fit_its_sum(tmp_path: Path) -> None:
    altered = whole().replace(b"visit = 1", b"visit = 2")
    with pytest.raises(Untrusted, match=SUMS):
        unpack([altered], tmp_path)


@pytest.mark.parametrize("data", [b"", b"no archive at all" * 100, whole()[:1500]])
def test_what_is_no_archive_is_said(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Untrusted):
        unpack([data], tmp_path)


def test_a_member_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("note.txt")
    entry.size = 1 << 30
    with pytest.raises(Untrusted, match="larger than"):
        unpack([entry.tobuf(tarfile.USTAR_FORMAT) + bytes(4096)], tmp_path)


@pytest.mark.parametrize("data", [bytes(10_240), b"".join(packed(MEMBERS[1:]))])
def test_an_archive_without_a_visit_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Untrusted, match=r"has no visit\.toml"):
        unpack([data], tmp_path)
