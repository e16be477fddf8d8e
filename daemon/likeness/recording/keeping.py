"""The folder of sealed recordings on a terminal: its names, its bounds, one more file.

A file is there whole or not at all, and never in clear. Those that are older than the
consent promises go with the next recording. Leaves to others: what is inside
(visit.py), carrying the files to the bench.
"""

import asyncio
import re
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from likeness.edges import key_files, new_file
from likeness.errors import ConfigError, UsageError
from likeness.recording import archive, sealed
from likeness.recording.archive import Member

SUFFIX = ".visit.jwe"
STAMP = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"visit-(\d{8}T\d{6}Z)-[0-9a-f]{4}" + re.escape(SUFFIX))
# What a process that was killed has left: sealed, and still of no use to anybody.
DRAFT = re.compile(r"\." + NAME.pattern + r"\.[0-9a-f]{8}")


class GivenUp(Exception):
    """Somebody wants nothing kept."""


class Folder:
    """Where one terminal keeps its recordings.

    Args:
        path: the folder; it must exist.
        bench_key: path of the public key that they are sealed for.
        keep_files: most of them.
        keep_days: as the consent promises.

    Raises:
        ConfigError: the key is missing or none.
        UsageError: the folder is not there.
    """

    def __init__(
        self, path: Path, *, bench_key: str, keep_files: int, keep_days: int
    ) -> None:
        if not bench_key:
            raise ConfigError(
                "record.bench_key is empty, and nothing is recorded that is not sealed;"
                " make a key at the bench with 'likeness record keys make'"
            )
        self._jwk = key_files.public_jwk(key_files.load_public(Path(bench_key)))
        if not path.is_dir():
            raise UsageError(f"{path}: no such folder; make it, for sealed recordings")
        self._path = path
        self._keep_files = keep_files
        self._keep_for = timedelta(days=keep_days)

    def tidy(self, now: datetime) -> list[str]:
        """Remove what is past its time, and drafts; return the recordings' names.

        Raises:
            UsageError: one cannot be removed.
        """
        gone = []
        try:
            for path in self._path.iterdir():
                if DRAFT.fullmatch(path.name):
                    path.unlink()
            for path in recordings(self._path):
                if now - made(path) > self._keep_for:
                    path.unlink()
                    gone.append(path.name)
        except OSError as problem:
            raise UsageError(f"{self._path}: {problem.strerror}") from problem
        return gone

    def refuse_full(self, most_bytes: int) -> None:
        """Refuse before anybody is asked.

        Raises:
            UsageError: there are too many recordings, no room for another, or none can
                be written here.
        """
        probe = self._path / f".probe-{secrets.token_hex(4)}"
        try:
            new_file.create(probe, b"")
            probe.unlink()
        except OSError as problem:
            raise UsageError(
                f"{self._path}: no recording can be written here ({problem.strerror});"
                " give a folder of this user's on a Linux file system, as ext4"
            ) from problem
        count = len(recordings(self._path))
        if count >= self._keep_files:
            raise UsageError(
                f"{self._path}: holds {count} recordings, and record.keep_files is"
                f" {self._keep_files}; carry them to the bench, then delete them here"
            )
        wanted = most_bytes * 3 // 2  # base64, and something over
        free = shutil.disk_usage(self._path).free
        if free < wanted:
            raise UsageError(
                f"{self._path}: {free >> 20} MiB are free and a recording may take"
                f" {wanted >> 20}; make room, or take fewer --seconds"
            )

    def add(
        self, members: Sequence[Member], now: datetime, given_up: threading.Event
    ) -> Path:
        """Seal one recording into a new file.

        Args:
            members: its files.
            now: names it.
            given_up: once it is set nothing is kept any more.

        Raises:
            GivenUp: it was set; no file is there.
            OSError: it cannot be written; no file is there.
        """
        name = f"visit-{now.strftime(STAMP)}-{secrets.token_hex(2)}{SUFFIX}"
        path = self._path / name
        new_file.create_from(path, self._lines(members, given_up))
        if given_up.is_set():
            path.unlink()
            raise GivenUp
        return path

    def _lines(
        self, members: Sequence[Member], given_up: threading.Event
    ) -> Iterator[bytes]:
        for line in sealed.seal(archive.packed(members), self._jwk):
            if given_up.is_set():
                raise GivenUp
            yield line


async def add(folder: Folder, members: Sequence[Member]) -> Path:
    """Seal one recording on a thread; who is cancelled meanwhile leaves nothing.

    Raises:
        OSError: it cannot be written.
    """
    given_up = threading.Event()
    work = asyncio.ensure_future(
        asyncio.to_thread(folder.add, members, datetime.now(UTC), given_up)
    )
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        given_up.set()
        await asyncio.wait([work])
        if work.exception() is None:  # it was just done
            work.result().unlink(missing_ok=True)
        raise


def recordings(folder: Path) -> list[Path]:
    """Return the recordings in a folder, the oldest first."""
    return sorted(one for one in folder.iterdir() if _stamp(one.name))


def made(path: Path) -> datetime:
    """Say when one of `recordings` was made, by its name."""
    return _stamp(path.name) or datetime.max.replace(tzinfo=UTC)


def _stamp(name: str) -> datetime | None:
    """Read the time in a recording's name; None: this is none of ours."""
    if (found := NAME.fullmatch(name)) is None:
        return None
    try:
        return datetime.strptime(found[1], STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
