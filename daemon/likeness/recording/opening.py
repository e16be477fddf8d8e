"""Opens sealed recordings at a bench: into a folder, or for as long as they are played.

What is opened for playing lies in memory where the system has such a place (tmpfs), for
its owner alone, and goes at the end. What could not be opened whole goes as well. Both
hold after a fault and after signals that ask to end. Leaves to others: playing
(bench/replay.py), the signals (ending.py).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from likeness.edges import key_files
from likeness.errors import Untrusted, UsageError
from likeness.recording import archive, sealed
from likeness.recording.ending import Ending, until_ended
from likeness.recording.keeping import SUFFIX

TMPFS = Path("/dev/shm")  # noqa: S108 - of our own and random names in it
ROOM = 1.2  # times the sealed file's size, which is base64: enough


@dataclass(frozen=True, slots=True)
class Opened:
    """What can be played."""

    paths: list[Path]  # visit files and folders of them, as they were given
    films: list[tuple[str, Path]]  # opened ones: what each is called, its visit file
    left_out: int = 0  # how many in folders stayed sealed
    on_disk: Path | None = None  # where films lie in clear, if not in memory


def open_into(file: Path, key: Path, out: Path) -> list[str]:
    """Unpack one recording into a new folder; return its files' names.

    Raises:
        ConfigError: the key cannot be used.
        UsageError: the file or the folder cannot, or the recording is not whole; then
            nothing of it stays.
    """
    private = key_files.load_private(key)
    made = False
    with until_ended() as ending:
        try:
            with ending.held_up():
                _make(out)
                made = True
            return _unpacked(file, private, out)
        except BaseException:
            if made:
                with ending.held_up():
                    shutil.rmtree(out, ignore_errors=True)
            raise


@contextmanager
def opened(paths: Sequence[Path], key: Path | None) -> Iterator[Opened]:
    """Give what can be played, sealed recordings opened for as long as this lasts.

    Without a key those that lie in a folder beside visit files are left out.

    Raises:
        ConfigError, UsageError: as `open_into`, or a sealed one without a key.
    """
    films = [film for path in paths for film in _films(path)]
    plain = [path for path in paths if not _only_sealed(path)]
    if key is None:
        if len(plain) < len(paths):
            raise UsageError(
                "a sealed recording needs --record-key, the bench's private key"
            )
        yield Opened(plain, [], left_out=len(films))
        return
    if not films:
        yield Opened(plain, [])
        return
    private = key_files.load_private(key)
    files = [film for _, film in films]
    memory = _memory(files)
    with until_ended() as ending, _private_folder(memory, ending) as folder:
        there = []
        for number, (name, film) in enumerate(films):
            inside = folder / f"{number:05}"
            inside.mkdir()
            _unpacked(film, private, inside)
            there.append((name, inside / archive.VISIT))
        yield Opened(plain, there, on_disk=None if memory else folder)


def is_sealed(path: Path) -> bool:
    """Tell a sealed recording by its name."""
    return path.name.endswith(SUFFIX)


def _films(path: Path) -> list[tuple[str, Path]]:
    """Return the sealed recordings at a path, each with what its visit is called."""
    if is_sealed(path):
        return [(path.name.removesuffix(SUFFIX), path)]
    if not os.path.isdir(path):  # noqa: PTH112 - Path raises for a name too long
        return []
    there = sorted(film for film in path.rglob(f"*{SUFFIX}") if film.is_file())
    names = [film.relative_to(path).as_posix() for film in there]
    return [
        (name.removesuffix(SUFFIX), film)
        for name, film in zip(names, there, strict=True)
    ]


def _only_sealed(path: Path) -> bool:
    """Say whether a path has recordings, and no visit file beside them."""
    return bool(_films(path)) and not any(path.rglob("*.toml"))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise UsageError(f"{folder}: is there already; give a new folder") from None
    except OSError as problem:
        raise UsageError(f"{folder}: {problem.strerror}") from problem


def _unpacked(
    file: Path, private: ec.EllipticCurvePrivateKey, folder: Path
) -> list[str]:
    try:
        with file.open("rb") as source:
            return archive.unpack(sealed.opened(source, private), folder)
    except Untrusted as fault:
        raise UsageError(f"{file}: {fault}") from fault
    except OSError as fault:
        raise UsageError(f"{file}: {fault.strerror}") from fault


def _memory(films: Sequence[Path]) -> Path | None:
    """Return a folder that is in memory and has room; None: there is none."""
    try:
        wanted = sum(film.stat().st_size for film in films)
        if os.access(TMPFS, os.W_OK) and shutil.disk_usage(TMPFS).free > ROOM * wanted:
            return TMPFS
    except OSError:
        pass
    return None


@contextmanager
def _private_folder(within: Path | None, ending: Ending) -> Iterator[Path]:
    """Make a folder for our eyes alone; it goes with all that is in it.

    Args:
        within: where; None: where the system has what is temporary.
        ending: of the program.
    """
    folder = None
    try:
        with ending.held_up():
            folder = tempfile.TemporaryDirectory(prefix="likeness-record-", dir=within)
        yield Path(folder.name)
    finally:
        if folder is not None:
            with ending.held_up():
                folder.cleanup()
