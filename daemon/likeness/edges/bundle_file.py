"""A bundle of models as one file: a plain tar of a few known names, and nothing else.

Not compressed: what comes out is never more than the signed length, and weights hardly
shrink. Only regular files, in the one form that `pack` writes, are taken; a link, a
device, a path of any other kind ends the unpacking before anything of it is written.
Leaves to others: whether the bundle is trusted, and what its models compute.
"""

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from likeness.edges.new_file import sync_folder
from likeness.errors import UpdateRefused

MANIFEST = "manifest.toml"
POLICY = "policy.toml"
BUILT = "built"
_NAME = re.compile(
    rf"(?:{MANIFEST}|{POLICY}|{BUILT}/[A-Za-z0-9][A-Za-z0-9._-]{{0,80}})"
)

BLOCK = tarfile.BLOCKSIZE
MOST_FILES = 100
CHUNK = 1 << 20


def pack(files: Mapping[str, Path], out: Path) -> None:
    """Write these files, name in the bundle → path; the same files give the same bytes.

    Raises:
        UpdateRefused: a name that no terminal would take.
    """
    with tarfile.open(out, "w:", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            _refuse_name(name)
            data = files[name].read_bytes()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))


def unpack(bundle: Path, digest: str, folder: Path) -> None:
    """Unpack a bundle into a new folder, all of it on the disk when this returns.

    Raises:
        UpdateRefused: it is not the file with this SHA-256, or holds what it must not.
        OSError: the disk failed or is full.
    """
    with bundle.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != digest:
            raise UpdateRefused(
                f"the bundle on the disk was changed: its sha256 is {found},"
                f" signed is {digest}; fetch it again"
            )
        file.seek(0)
        (folder / BUILT).mkdir(parents=True)
        for name, size in _members(file):
            _write(file, size, folder / name)
    sync_folder(folder / BUILT)
    sync_folder(folder)


def _members(file: BinaryIO) -> Iterator[tuple[str, int]]:
    """Give name and size; between two steps the caller reads exactly so many bytes."""
    length = os.fstat(file.fileno()).st_size
    seen: set[str] = set()
    while any(header := file.read(BLOCK)):
        try:
            member = tarfile.TarInfo.frombuf(header, "ascii", "strict")
        except (tarfile.HeaderError, ValueError) as problem:
            raise UpdateRefused(f"the bundle is no plain tar: {problem}") from problem
        _refuse_name(member.name)
        if member.type != tarfile.REGTYPE:
            raise UpdateRefused(
                f"the bundle holds {member.name!r}, which is not a regular file"
            )
        if member.name in seen or len(seen) >= MOST_FILES:
            raise UpdateRefused(
                f"the bundle holds {member.name!r} twice, or too many files"
            )
        seen.add(member.name)
        begins = file.tell()
        if not 0 <= member.size <= length - begins:
            raise UpdateRefused(
                f"the bundle ends within {member.name!r}, or says a wrong size"
            )
        yield member.name, member.size
        file.seek(begins + -(-member.size // BLOCK) * BLOCK)
    if MANIFEST not in seen:
        raise UpdateRefused(f"the bundle holds no {MANIFEST}")


def _write(file: BinaryIO, size: int, path: Path) -> None:
    with path.open("xb") as out:
        while size > 0 and (data := file.read(min(size, CHUNK))):
            out.write(data)
            size -= len(data)
        out.flush()
        os.fsync(out.fileno())


def _refuse_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UpdateRefused(f"the bundle holds {name[:100]!r}, which belongs in none")
