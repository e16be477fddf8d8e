"""The inside of a sealed recording: a tar (POSIX ustar) of a visit file and its parts.

The same members give the same bytes: no owner, no clock. First `SHA256SUMS` as
sha256sum(1) writes it, then the visit file. Leaves to others: what the members are,
and the seal around them.
"""

import hashlib
import os
import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from likeness.errors import Untrusted

SUMS = "SHA256SUMS"
VISIT = "visit.toml"
END = bytes(2 * tarfile.BLOCKSIZE)
# Names that `record` writes, and no other: nothing may land outside of its folder.
NAME = re.compile(r"(frames/)?[a-z0-9][a-z0-9_]{0,40}\.[a-z0-9]{1,5}|SHA256SUMS")
MOST_MEMBERS = 20_000
MOST_MEMBER_BYTES = 64 << 20
MOST_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive."""

    name: str
    data: Any = field(repr=False)  # bytes, or a one-dimensional array of uint8


def packed(members: Sequence[Member]) -> Iterator[bytes]:
    """Give the archive's bytes, a member's after the other's."""
    sums = "".join(
        f"{hashlib.sha256(one.data).hexdigest()}  {one.name}\n" for one in members
    )
    for member in (Member(SUMS, sums.encode()), *members):
        entry = tarfile.TarInfo(member.name)
        entry.size, entry.mode = len(member.data), 0o600
        yield entry.tobuf(tarfile.USTAR_FORMAT)
        yield bytes(member.data)
        yield bytes(-entry.size % tarfile.BLOCKSIZE)
    yield END


def unpack(stream: Iterable[bytes], folder: Path) -> list[str]:
    """Write the members into an empty folder; return their names.

    Raises:
        Untrusted: it is no archive of ours, or a sum does not fit; what was written by
            then is for the caller to remove.
        OSError: a file cannot be written.
    """
    found: dict[str, str] = {}
    sums = ""
    left = MOST_BYTES
    reader = _Reader(iter(stream))
    try:
        with tarfile.open(
            fileobj=cast(IO[bytes], reader), mode="r|", format=tarfile.USTAR_FORMAT
        ) as tar:
            for entry in tar:
                left -= entry.size
                data = _data(tar, entry, left=left, count=len(found))
                _write(folder / entry.name, data)
                if entry.name == SUMS:
                    sums = data.decode("ascii", "replace")
                else:
                    found[entry.name] = hashlib.sha256(data).hexdigest()
    except (tarfile.TarError, EOFError, ValueError) as problem:
        raise Untrusted("what is inside is no archive") from problem
    reader.drain()  # the seal's end is only then known to be there
    if sums != "".join(f"{sha256}  {name}\n" for name, sha256 in found.items()):
        raise Untrusted(f"what is inside does not fit its {SUMS}")
    if VISIT not in found:
        raise Untrusted(f"what is inside has no {VISIT}")
    return list(found)


def _data(
    tar: tarfile.TarFile, entry: tarfile.TarInfo, *, left: int, count: int
) -> bytes:
    if not entry.isreg() or NAME.fullmatch(entry.name) is None:
        raise Untrusted("what is inside is no recording of ours: an odd member")
    if entry.size > MOST_MEMBER_BYTES or left < 0 or count > MOST_MEMBERS:
        raise Untrusted("what is inside is larger than any recording of ours")
    source: IO[bytes] | None = tar.extractfile(entry)
    return source.read() if source else b""


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


class _Reader:
    """What tarfile reads from: as many bytes as it asks for, of pieces as they come."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._waiting = bytearray()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; fewer only at the end."""
        while (
            len(self._waiting) < size and (part := next(self._parts, None)) is not None
        ):
            self._waiting += part
        taken = bytes(self._waiting[:size])
        del self._waiting[:size]
        return taken

    def drain(self) -> None:
        """Go to the end."""
        for _ in self._parts:
            pass
