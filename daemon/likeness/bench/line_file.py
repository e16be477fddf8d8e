"""A file of JSON lines that grows while a run goes on, and lets the next one resume.

Lines are kept beside, in `<name>.part`; the file itself stands or falls as a whole.
Leaves to others: what a line means and which lines of a former run still hold.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from likeness.errors import UsageError

Line = dict[str, Any]  # mixed JSON values, hence Any

# A file name that is not UTF-8 is written as \\udcNN, which JSON reads back as it was.
NOT_UTF8 = "backslashreplace"


class LineFile:
    """Written line by line, moved into place when whole.

    Args:
        path: where it shall stand.
        keep: the lines of a former run that it begins with.

    Raises:
        UsageError: it cannot be written there; also in `add` and `close`.
    """

    def __init__(self, path: Path, keep: Sequence[Line] = ()) -> None:
        self._final = path
        self._part = _part(path)
        self.lines: list[Line] = []
        with writing(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        if keep:
            # Beside and moved: a run killed right now loses none of them.
            write_whole(self._part, "".join(map(_text, keep)))
            self.lines += keep
        with writing(path.parent):
            if not keep:
                self._part.write_bytes(b"")
            self._file: TextIO = self._part.open("a", encoding="utf-8", errors=NOT_UTF8)

    def add(self, line: Line) -> None:
        """Write one line; it is on its way to the disk when this returns."""
        self.lines.append(line)
        with writing(self._part):
            self._file.write(_text(line))
            self._file.flush()

    def close(self, order: Callable[[Line], int]) -> None:
        """Put the whole file into place, its lines in this order."""
        with writing(self._final):
            self._file.close()
        self.lines.sort(key=order)
        write_whole(self._final, "".join(map(_text, self.lines)))
        self._part.unlink(missing_ok=True)


def former_lines(path: Path) -> Iterator[Line]:
    """Give every whole line of a former run, those of an unfinished one last.

    A run that was killed may have left half a line; it is skipped.
    """
    for file in (path, _part(path)):
        try:
            written = file.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as problem:
            raise UsageError(f"{file}: cannot be read: {problem.strerror}") from problem
        for text in written.split(b"\n"):
            try:
                line = json.loads(text)
            except (ValueError, RecursionError):  # nested without end
                continue
            if isinstance(line, dict):
                yield line


def is_unfinished(path: Path) -> bool:
    """Say whether a run into this file was stopped and not taken up again."""
    return _part(path).exists()


def write_whole(path: Path, text: str, *, errors: str = NOT_UTF8) -> Path:
    """Write a file beside its place and move it there, so that it is never half.

    `errors` says what becomes of a name that is not UTF-8 (see `str.encode`).

    Raises:
        UsageError: it cannot be written.
    """
    draft = path.with_name(path.name + ".draft")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8", errors=errors)
        draft.replace(path)
    return path


def try_place(path: Path) -> None:
    """Make sure that a file can be written there before hours are spent on it.

    Raises:
        UsageError: it cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a fault of the disk into one line."""
    try:
        yield
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror}") from problem


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _text(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False) + "\n"
