"""Gives the lines of a scanner (serial, or one that acts as a keyboard) or of stdin.

They come on the loop, whole; it opens a device that went away again. A keyboard is
grabbed, so that what is scanned is typed nowhere else, and a terminal's echo is off
while it is read: names and days are typed there. Nothing of a line is logged, and half
a line that nothing followed is forgotten: it is not the next visitor's.
Leaves to others: what a line means (`core.key_lines`).
"""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import sys
import termios
from collections.abc import Callable
from typing import Protocol

from likeness.core.key_strokes import LINE_MOST, KeyStrokes
from likeness.edges.reader_serial import SerialLine
from likeness.errors import DeviceLost, DeviceRefused

log = logging.getLogger(__name__)

KEYBOARDS = "/dev/input/"
STANDARD_INPUT = "-"
EVIOCGRAB = 0x40044590  # linux/input.h: _IOW('E', 0x90, int)
READ_SIZE = 4096
LOCAL_MODES = 3  # where termios keeps ECHO
REOPEN_AFTER_S = 5.0
HALF_LINE_S = 30.0  # a hand that looks for the next sign on a card


def grab_keyboard(descriptor: int) -> None:
    """Have what is typed there go nowhere else; raise OSError if it is no keyboard."""
    fcntl.ioctl(descriptor, EVIOCGRAB, 1)


class Quiet:
    """A terminal that does not show what is typed, until it is given back."""

    def __init__(self, descriptor: int) -> None:
        """Turn its echo off; what is no terminal, or not ours now, stays as it is."""
        self._descriptor = descriptor
        self._before: list[int | list[bytes | int]] | None = None
        if not os.isatty(descriptor) or not _in_foreground(descriptor):
            return
        with contextlib.suppress(termios.error):  # it is gone
            before = termios.tcgetattr(descriptor)
            silent = list(before)
            silent[LOCAL_MODES] &= ~termios.ECHO
            termios.tcsetattr(descriptor, termios.TCSANOW, silent)
            self._before = before

    def give_back(self) -> None:
        """Show again what is typed, if it was shown before."""
        before, self._before = self._before, None
        if before is not None and _in_foreground(self._descriptor):
            with contextlib.suppress(termios.error):  # it is gone
                termios.tcsetattr(self._descriptor, termios.TCSANOW, before)


def _in_foreground(terminal: int) -> bool:
    """Say whether its settings are ours: else the kernel would stop us for them."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return True  # it steers no program at all


class TextLines:
    """Cuts received text into lines, at CR or LF."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[str]:
        """Take in bytes; return the lines that they ended, without empty ones."""
        *whole, held = (self._held + data).replace(b"\r", b"\n").split(b"\n")
        self._held = held[: LINE_MOST + 1]
        return [
            line[: LINE_MOST + 1].decode("ascii", "replace") for line in whole if line
        ]


class Feed(Protocol):
    """Cuts what a device gives into lines."""

    def feed(self, data: bytes) -> list[str]:
        """Take in bytes; return the lines that they ended."""
        ...


class Source(Protocol):
    """A device of bytes."""

    async def open(
        self, received: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        """Open it; raise DeviceLost with what to do."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class KeyEntry:
    """Gives the lines of one source until it is cancelled.

    Args:
        path: `/dev/input/…`: a keyboard; `-`: standard input; else a serial line.
        baud: of the serial line.
        on_line: told each line, on the loop.
    """

    def __init__(
        self,
        path: str,
        baud: int,
        on_line: Callable[[str], None],
        *,
        reopen_after_s: float = REOPEN_AFTER_S,
        half_line_s: float = HALF_LINE_S,
    ) -> None:
        self._path = path
        self._is_keyboard = path.startswith(KEYBOARDS)
        self._source = source_of(path, baud)
        self._on_line = on_line
        self._reopen_after_s = reopen_after_s
        self._half_line_s = half_line_s
        self._feed: Feed = self._new_feed()
        self._silent: asyncio.TimerHandle | None = None
        self._told = ""

    async def run(self) -> None:
        """Serve until cancelled; a source that ends in order is not opened again."""
        try:
            while (why := await self._serve_one_opening()) is not None:
                if why != self._told:
                    log.warning("event=key_entry_lost why=%s", why)
                self._told = why
                await asyncio.sleep(self._reopen_after_s)
        finally:
            self._source.close()
            self._forget_half()

    def _new_feed(self) -> Feed:
        return KeyStrokes() if self._is_keyboard else TextLines()

    def _forget_half(self) -> None:
        self._feed = self._new_feed()
        if self._silent is not None:
            self._silent.cancel()

    def _received(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        if self._silent is not None:
            self._silent.cancel()
        self._silent = loop.call_later(self._half_line_s, self._forget_half)
        for line in self._feed.feed(data):
            self._on_line(line)

    async def _serve_one_opening(self) -> str | None:
        """Return why it ended; None: it was closed at its other end, for good."""
        self._forget_half()
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def lost(why: str) -> None:
            if not ended.done():
                ended.set_result(why)

        try:
            await self._source.open(self._received, lost)
        except DeviceLost as problem:
            return str(problem)
        if self._told:
            log.info("event=key_entry_back")
            self._told = ""
        why = await ended
        return None if self._path == STANDARD_INPUT else why


class InputFile:
    """A descriptor that is read when it has something.

    Args:
        path: a keyboard's, or `-`.
        grab: takes a keyboard for us alone; raises OSError for what is none.
    """

    def __init__(self, path: str, grab: Callable[[int], None] = grab_keyboard) -> None:
        self._path = path
        self._grab = grab
        self._descriptor = -1
        self._quiet: Quiet | None = None

    async def open(
        self, received: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        """Open and grab it; raise DeviceLost with what to do."""
        self.close()
        try:
            self._open()
            asyncio.get_running_loop().add_reader(
                self._descriptor, self._readable, received, lost
            )
        except OSError as problem:
            self.close()
            raise _refusal(self._path, problem) from problem

    def close(self) -> None:
        """Let go of it; standard input stays open, it is not ours."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        asyncio.get_running_loop().remove_reader(descriptor)
        if self._quiet is not None:
            self._quiet.give_back()
        if self._path != STANDARD_INPUT:
            os.close(descriptor)

    def _open(self) -> None:
        if self._path == STANDARD_INPUT:
            self._descriptor = sys.stdin.fileno()
            self._quiet = Quiet(self._descriptor)
            return
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags)
        self._grab(self._descriptor)

    def _readable(
        self, received: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        why = "it has ended"
        try:
            data = os.read(self._descriptor, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as problem:
            data, why = b"", os.strerror(problem.errno or 0)
        if data:
            received(data)
        else:
            self.close()
            lost(f"{self._path}: {why}")


def _refusal(path: str, problem: OSError) -> DeviceLost:
    """Name the trouble and the next step, for the installer."""
    if path == STANDARD_INPUT:
        return DeviceRefused(
            "standard input is a file or /dev/null, as a service's is; start the"
            " daemon in a terminal, or set chip.scanner to a device"
        )
    match problem.errno:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV:
            return DeviceLost(
                f"{path}: no such scanner; plug it in, or set chip.scanner to its name"
                " under /dev/input/by-id"
            )
        case errno.EACCES | errno.EPERM:
            return DeviceRefused(
                f"{path}: no permission to read the scanner; add the daemon's user to"
                " the group input, and see DeviceAllow of its unit"
            )
        case errno.EBUSY:
            return DeviceRefused(
                f"{path}: the scanner is in use by another program; stop that one"
            )
        case _:
            return DeviceRefused(
                f"{path}: is no keyboard; set chip.scanner to the scanner"
            )


def source_of(path: str, baud: int) -> Source:
    """Return what opens this one: standard input, a keyboard or a serial line."""
    if path == STANDARD_INPUT or path.startswith(KEYBOARDS):
        return InputFile(path)
    return SerialLine(path, baud, setting="chip.scanner", what="scanner")
