"""Ends a piece of work before its n-th change of the disk, by SIGKILL or a power cut.

`ends_at` runs the work in a forked child. Each change is seen through Python's audit
events, and os.fsync is counted as well. A power cut is a SIGKILL after which the disk
holds as little as POSIX promises: a file that was not synced is empty, a name that was
made or moved in a folder that was not synced since is not there, or is the old one; of
several such names all are lost, or the oldest in each folder: a disk may write in any
order.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink")
DONE = 0


class End(Enum):
    """What the disk has lost afterwards."""

    KILLED = auto()  # nothing
    CUT_ALL = auto()
    CUT_FIRST = auto()


@dataclass
class Named:
    """A name that its folder may still lose."""

    path: Path
    came_from: Path | None = None
    was: bytes | None = None  # what stood under the name before


@dataclass
class DoomedDisk:
    """Counts changes below a folder, and dies before one of them."""

    folder: Path
    fatal: int
    end: End
    count: int = 0
    unsynced: set[Path] = field(default_factory=set)
    named: list[Named] = field(default_factory=list)
    dying: bool = False

    def watch(self) -> None:
        """From now on, in this process."""
        sys.addaudithook(self._audit)
        really = os.fsync

        def fsync(fd: int) -> None:
            path = Path(f"/proc/self/fd/{fd}").readlink()
            self._step()
            really(fd)
            self.unsynced.discard(path)
            self.named = [one for one in self.named if one.path.parent != path]

        os.fsync = fsync  # type: ignore[assignment]

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if self.dying or (event != "open" and event not in CHANGES):
            return
        # A path that is relative to an open folder is one of rmtree: it only removes.
        path = Path(os.fsdecode(args[0])) if not isinstance(args[0], int) else Path()
        if event == "open":
            if self._ours(path) and args[2] & WRITES and not args[2] & os.O_DIRECTORY:
                self._step()
                if not path.exists():
                    self.named.append(Named(path))
                self.unsynced.add(path)
        elif event in ("os.remove", "os.rmdir"):
            if self._ours(path) or not path.is_absolute():
                self._step()
        elif event == "os.mkdir" and self._ours(path) and not path.exists():
            self._step()
            self.named.append(Named(path))
        elif event == "os.symlink" and self._ours(Path(args[1])):
            self._step()
        elif event == "os.rename" and self._ours(path):
            self._step()
            self._renamed(path, Path(os.fsdecode(args[1])))

    def _ours(self, path: Path) -> bool:
        return path.is_relative_to(self.folder)

    def _renamed(self, source: Path, to: Path) -> None:
        was = to.read_bytes() if to.is_file() else None
        self.named = [one for one in self.named if one.path != source]
        self.named.append(Named(to, source, was))

        def moved(path: Path) -> Path:
            inside = path.is_relative_to(source)
            return to / path.relative_to(source) if inside else path

        self.unsynced = {moved(path) for path in self.unsynced}

    def _step(self) -> None:
        self.count += 1
        if self.count != self.fatal:
            return
        self.dying = True
        if self.end is not End.KILLED:
            self._lose()
        os.kill(os.getpid(), signal.SIGKILL)

    def _lose(self) -> None:
        for path in self.unsynced:
            if path.is_file():
                os.truncate(path, 0)
        lost = self.named
        if self.end is End.CUT_FIRST:
            oldest = {one.path.parent: one for one in reversed(self.named)}
            lost = [one for one in self.named if one in oldest.values()]
        for one in reversed(lost):
            if one.came_from is not None and one.path.exists():
                one.path.rename(one.came_from)
            elif one.path.is_dir():
                shutil.rmtree(one.path)
            else:
                one.path.unlink(missing_ok=True)
            if one.was is not None:
                one.path.write_bytes(one.was)


def ends_at(fatal: int, work: Callable[[], object], folder: Path, end: End) -> bool:
    """Run the work in a child that dies before its n-th change; say whether it did."""
    child = os.fork()
    if child == 0:
        try:
            DoomedDisk(folder, fatal, end).watch()
            work()
        except BaseException as fault:  # noqa: BLE001 - nothing may come back from here
            os.write(2, f"{fault!r}\n".encode())
            os._exit(1)
        os._exit(DONE)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == DONE
    return False
