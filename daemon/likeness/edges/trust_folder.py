"""The folder of issuers' certificates and lists, as bytes with their names.

Looked at again for each card: a revocation list that was renewed counts from then on,
without a restart. Leaves to others: what the bytes mean (`chip.trust_store`).
"""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from likeness.errors import ConfigError

log = logging.getLogger(__name__)

FILES_MOST = 4096
FILE_MOST_BYTES = 32 << 20  # the largest published master list has 2 MB

Made = TypeVar("Made")
Files = Iterable[tuple[str, bytes]]
State = tuple[tuple[str, int, int], ...]  # of each file: name, time, size


class TrustFolder(Generic[Made]):
    """Makes something of a folder's files, anew only when they changed.

    Args:
        folder: subfolders and hidden files in it are passed over.
        make: takes names and contents, in the order of the names.
    """

    def __init__(self, folder: Path, make: Callable[[Files], Made]) -> None:
        self._folder = folder
        self._make = make
        self._made: tuple[State, Made] | None = None

    def current(self) -> Made:
        """Return what the files make now.

        One that made something before gives that again if the folder cannot be read.

        Raises:
            ConfigError: it could not be read from the beginning, with what to do.
        """
        try:
            state = self._state()
            if self._made is None or self._made[0] != state:
                self._made = state, self._make(self._contents(state))
        except OSError as problem:
            if self._made is None:
                raise ConfigError(
                    f"trust.dir: {self._folder} cannot be read ({problem.strerror});"
                    " make the folder, or leave trust.dir empty"
                ) from problem
            log.warning("event=trust_folder_unread why=%s", problem.strerror)
        return self._made[1]

    def _contents(self, state: State) -> list[tuple[str, bytes]]:
        return [(name, self._content(name, size)) for name, _, size in state]

    def _content(self, name: str, size: int) -> bytes:
        """Read what was seen: files of the kernel hold more, and some never end."""
        if not size:
            return b""
        with (self._folder / name).open("rb") as file:
            return file.read(size)

    def _state(self) -> State:
        found: list[tuple[str, int, int]] = []
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith(".") or not path.is_file():
                continue
            about = path.stat()
            if about.st_size > FILE_MOST_BYTES or len(found) == FILES_MOST:
                log.warning("event=trust_file_passed_over file=%r", path.name)
                continue
            found.append((path.name, about.st_mtime_ns, about.st_size))
        return tuple(found)
