"""A pty that a simulated reader speaks through: its client opens a real serial device.

Runs in its own thread; what changes the reader is handed to that thread. With `link`, a
symbolic link gives the device a name that outlives a replug. A pty does not simulate
the baud rate or modem lines. Leaves to others: what is said, and when (`LineReader`).
"""

import contextlib
import heapq
import os
import select
import threading
import time
import tty
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol, Self

READ_SIZE = 4096
AT_MOST_S = 10.0  # the thread is never busy for longer


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that leave together, some seconds after they were due."""

    after_s: float
    data: bytes = field(repr=False)
    then_unplug: bool = False


class LineReader(Protocol):
    """A reader without its line; called by one thread only."""

    def power_up(self, now: float) -> None:
        """Begin anew."""
        ...

    def receive(self, data: bytes, now: float) -> Sequence[Piece]:
        """Take in bytes of the host, return what leaves."""
        ...


class SerialPty:
    """`with SerialPty(reader) as line:` then open `line.path`."""

    def __init__(
        self,
        reader: LineReader,
        *,
        link: Path | None = None,
        replug_after_s: float = 2.0,
    ) -> None:
        self._line_reader = reader
        self._link = link
        self._pts = ""
        self._master = self._slave = -1
        self._leaving: list[tuple[float, int, Piece]] = []
        self._count = 0  # keeps pieces of one moment in their order
        self._replug_after_s = replug_after_s
        self._replug_at: float | None = None  # after a piece that unplugs
        self._todo: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        self._running = False
        self._thread = threading.Thread(target=self._run, name="pty", daemon=True)

    def __enter__(self) -> Self:
        """Plug the reader in and start to serve."""
        self._running = True
        self._plug()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unplug and stop."""
        self.call(self._stop)
        self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    @property
    def path(self) -> str:
        """What to open; changes with a replug unless there is a link."""
        return str(self._link) if self._link is not None else self._pts

    def unplug(self) -> None:
        """Pull the plug: the device vanishes under its client."""
        self.call(self._unplug)

    def replug(self) -> None:
        """Plug in again; the reader powers up."""
        self.call(self._plug)

    def call(self, action: Callable[[], Sequence[Piece] | None]) -> None:
        """Have the thread do something to the reader; what it returns leaves."""
        done: Future[None] = Future()

        def act() -> None:
            self._let_leave(action() or ())
            done.set_result(None)

        self._todo.put(act)
        os.write(self._wake_write, b"!")
        done.result(timeout=AT_MOST_S)

    # Everything below runs in the thread, or before it starts.

    def _plug(self) -> None:
        self._replug_at = None
        if self._master >= 0:
            return
        # We keep the slave open: without any client, reading a master would fail.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._pts = os.ttyname(self._slave)
        if self._link is not None:
            fresh = self._link.with_name(self._link.name + ".new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self._pts)
            fresh.replace(self._link)
        self._line_reader.power_up(time.monotonic())

    def _unplug(self) -> None:
        if self._master < 0:
            return
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1
        self._leaving.clear()

    def _stop(self) -> None:
        self._unplug()
        self._running = False

    def _run(self) -> None:
        while self._running:
            due = [self._leaving[0][0]] if self._leaving else []
            if self._replug_at is not None:
                due.append(self._replug_at)
            wait = max(0.0, min(due) - time.monotonic()) if due else None
            sources = [self._wake_read] + [self._master] * (self._master >= 0)
            ready, _, _ = select.select(sources, [], [], wait)
            if self._wake_read in ready:
                os.read(self._wake_read, 1)
                self._todo.get()()
            elif self._master in ready:
                heard = os.read(self._master, READ_SIZE)
                if self._hears():
                    self._let_leave(self._line_reader.receive(heard, time.monotonic()))
            self._speak()
            if self._replug_at is not None and self._replug_at <= time.monotonic():
                self._plug()

    def _hears(self) -> bool:
        """Say whether the reader understands what comes at this moment."""
        return True

    def _let_leave(self, pieces: Sequence[Piece]) -> None:
        now = time.monotonic()
        for piece in pieces:
            self._count += 1
            heapq.heappush(self._leaving, (now + piece.after_s, self._count, piece))

    def _speak(self) -> None:
        while self._leaving and self._leaving[0][0] <= time.monotonic():
            piece = heapq.heappop(self._leaving)[2]
            # Where nobody reads, the line is full; a real one drops bytes, too.
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, piece.data)
            if piece.then_unplug:
                self._unplug()
                self._replug_at = time.monotonic() + self._replug_after_s
