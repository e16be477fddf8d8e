"""Opens sealed recordings at a bench: into a folder, or for as long as they are played.

What is opened for playing lies in memory where the system has such a place (tmpfs), for
its owner alone, and goes at the end, also after a fault or a signal that asks to end.
Leaves to others: playing (bench/replay.py).
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from likeness.edges import key_files
from likeness.errors import Untrusted, UsageError
from likeness.recording import archive, sealed
from likeness.recording.keeping import SUFFIX

TMPFS = Path("/dev/shm")  # noqa: S108 - of our own and random names in it
ROOM = 1.2  # times the sealed file's size, which is base64: enough


def open_into(file: Path, key: Path, out: Path) -> list[str]:
    """Unpack one recording into a new folder; return its files' names.

    Raises:
        ConfigError: the key cannot be used.
        UsageError: the file or the folder cannot, or the recording is not whole; then
            nothing of it stays.
    """
    private = key_files.load_private(key)
    try:
        out.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise UsageError(f"{out}: is there already; give a new folder") from None
    except OSError as problem:
        raise UsageError(f"{out}: {problem.strerror}") from problem
    try:
        with file.open("rb") as source:
            return archive.unpack(sealed.opened(source, private), out)
    except BaseException as fault:
        shutil.rmtree(out, ignore_errors=True)
        if isinstance(fault, Untrusted):
            raise UsageError(f"{file}: {fault}") from fault
        if isinstance(fault, OSError):
            raise UsageError(f"{file}: {fault.strerror}") from fault
        raise


@contextmanager
def opened(paths: Sequence[Path], key: Path | None) -> Iterator[list[Path]]:
    """Give the paths of visit files, sealed ones opened for as long as this lasts.

    Raises:
        ConfigError, UsageError: as `open_into`, or a sealed one without a key.
    """
    if not any(map(is_sealed, paths)):
        yield list(paths)
        return
    if key is None:
        raise UsageError(
            "a sealed recording needs --record-key, the bench's private key"
        )
    with _until_ended() as ending, _private_folder(paths, ending) as folder:
        yield [
            _opened(path, key, folder) if is_sealed(path) else path for path in paths
        ]


def is_sealed(path: Path) -> bool:
    """Tell a sealed recording by its name."""
    return path.name.endswith(SUFFIX)


def _opened(path: Path, key: Path, folder: Path) -> Path:
    """Return a visit file that is called as the recording is."""
    name = path.name.removesuffix(SUFFIX)
    inside = folder / name
    open_into(path, key, inside)
    return (inside / archive.VISIT).rename(inside / f"{name}.toml")


def _memory(paths: Sequence[Path]) -> Path | None:
    """Return a folder that is in memory and has room; None: there is none."""
    try:
        wanted = sum(path.stat().st_size for path in paths if is_sealed(path))
        if os.access(TMPFS, os.W_OK) and shutil.disk_usage(TMPFS).free > ROOM * wanted:
            return TMPFS
    except OSError:
        pass
    return None


class _Ending:
    """Ends the program when a signal asks for it, but not while it is held up."""

    def __init__(self) -> None:
        self._held = False
        self._asked = 0

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        del frame
        self._asked = number
        if not self._held:
            raise SystemExit(128 + number)

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """What is done meanwhile is done whole."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._asked:
            raise SystemExit(128 + self._asked)


@contextmanager
def _private_folder(paths: Sequence[Path], ending: _Ending) -> Iterator[Path]:
    """Make a folder for our eyes alone; it goes with all that is in it."""
    folder = None
    try:
        with ending.held_up():
            folder = tempfile.TemporaryDirectory(
                prefix="likeness-record-", dir=_memory(paths)
            )
        yield Path(folder.name)
    finally:
        if folder is not None:
            with ending.held_up():
                folder.cleanup()


@contextmanager
def _until_ended() -> Iterator[_Ending]:
    """Let SIGTERM and SIGHUP end this as Ctrl-C does, so that what is open goes."""
    ending = _Ending()
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.signal(one, ending.hear) for one in numbers}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
