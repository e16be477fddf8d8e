"""A simulated SDT reader behind a pty: what the driver opens is a real serial device.

Runs in its own thread; `lay`, `take_away`, `unplug` and `replug` may be called from
any other. With `link`, a symbolic link gives the device a name that outlives a replug.
A pty carries bytes at once and at any rate: `paced` spreads them as the module's rate
would, and `one_rate` makes the module deaf to a client that has set another. It has no
modem lines. Leaves to others: what is answered (sdt_reader, sdt_stx).
"""

import heapq
import os
import select
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from likeness.simulators.sdt_faults import Fault, Piece, parse
from likeness.simulators.sdt_reader import BAUDS, SdtCard, SdtReader
from likeness.simulators.sdt_stx import StxReader

READ_SIZE = 4096
OUTPUT_SPEED = 5  # of what termios.tcgetattr returns


class SdtSimulator:
    """`with SdtSimulator(card) as sim:` then open `sim.path`."""

    def __init__(
        self,
        card: SdtCard | None = None,
        *,
        faults: Iterable[str | Fault] = (),
        link: Path | None = None,
        latency_s: float = 0.0,
        paced: bool = False,
        baud: int = 115200,
        power_up_s: float = 0.0,
        replug_after_s: float = 2.0,
        one_rate: bool = False,
        stx: bool = False,
    ) -> None:
        self.reader = (StxReader if stx else SdtReader)(
            [parse(fault) if isinstance(fault, str) else fault for fault in faults],
            latency_s=latency_s,
            paced=paced,
            baud=baud,
            power_up_s=power_up_s,
        )
        if card is not None:
            self.reader.lay(card)
        self._one_rate = one_rate
        self._link = link
        self._pts = ""
        self._master = self._slave = -1
        self._leaving: list[tuple[float, int, Piece]] = []
        self._replug_after_s = replug_after_s
        self._replug_at: float | None = None  # after the fault `unplug` only
        self._count = 0  # keeps pieces of one moment in their order
        self._todo: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        self._running = False
        self._thread = threading.Thread(target=self._run, name="sdt", daemon=True)

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
        self._call(self._stop)
        self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    @property
    def path(self) -> str:
        """What to open; changes with a replug unless there is a link."""
        return str(self._link) if self._link is not None else self._pts

    def lay(self, card: SdtCard) -> None:
        """Put a card on the reader."""
        self._call(lambda: self.reader.lay(card))

    def take_away(self) -> None:
        """Lift the card."""
        self._call(self.reader.take_away)

    def unplug(self) -> None:
        """Pull the plug: the device vanishes under its client."""
        self._call(self._unplug)

    def replug(self) -> None:
        """Plug in again; the reader powers up."""
        self._call(self._plug)

    # Everything below runs in the simulator's thread, or before it starts.

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
        self.reader.power_up(time.monotonic())

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

    def _call(self, action: Callable[[], None]) -> None:
        """Have the thread do something, and wait until it is done."""
        done: Future[None] = Future()

        def act() -> None:
            action()
            done.set_result(None)

        self._todo.put(act)
        os.write(self._wake_write, b"!")
        done.result(timeout=10)

    def _run(self) -> None:
        while self._running:
            now = time.monotonic()
            moments = [self._leaving[0][0]] if self._leaving else []
            if self._replug_at is not None:
                moments.append(self._replug_at)
            wait = max(0.0, min(moments) - now) if moments else None
            sources = [self._wake_read] + [self._master] * (self._master >= 0)
            ready, _, _ = select.select(sources, [], [], wait)
            if self._wake_read in ready:
                os.read(self._wake_read, 1)
                self._todo.get()()
            elif self._master in ready:
                self._hear()
            self._speak()
            if self._replug_at is not None and self._replug_at <= time.monotonic():
                self._plug()

    def _hear(self) -> None:
        now = time.monotonic()
        data = os.read(self._master, READ_SIZE)
        if self._one_rate and rate_of(self._slave) != self.reader.baud:
            return  # to the module it is noise
        for piece in self.reader.receive(data, now):
            self._count += 1
            entry = (now + piece.after_s, self._count, piece)
            heapq.heappush(self._leaving, entry)

    def _speak(self) -> None:
        while self._leaving and self._leaving[0][0] <= time.monotonic():
            piece = heapq.heappop(self._leaving)[2]
            try:
                os.write(self._master, piece.data)
            except BlockingIOError:
                return  # nobody reads: the line is full, as a real one drops bytes
            if piece.then_unplug:
                self._unplug()
                self._replug_at = time.monotonic() + self._replug_after_s


def rate_of(device: int) -> int:
    """Tell which rate the client of a pty has set; 0 if it is none of a module's."""
    set_to = termios.tcgetattr(device)[OUTPUT_SPEED]
    rates = {getattr(termios, f"B{baud}"): baud for baud in BAUDS}
    return rates.get(set_to, 0)
