"""A simulated reader behind a real pty, in time that passes as soon as nobody works.

The driver opens a real tty and reads it as in the field; between it and the reader lies
one of the lines of `lines`. The clock stands while bytes are still in the pty. Leaves
to others: what goes wrong (the line, the reader's faults).
"""

import asyncio
import os
import tty
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from likeness.edges.reader_serial import SerialLine
from likeness.simulators.sdt import rate_of
from likeness.simulators.sdt_reader import SdtReader
from lines import Line
from soak.warp_loop import WarpLoop

REPLUG_AFTER_S = 0.5
NEXT_S = 1e-6  # bytes do not overtake one another

Arrive = Callable[[bytes], None]
Result = TypeVar("Result")


class Owed:
    """Counts bytes that were written into a pty and not yet read at its other end."""

    def __init__(self, loop: WarpLoop) -> None:
        self.to_host = self.to_reader = 0
        self.is_open = False  # else nobody reads what the reader says
        loop.warp.owed = lambda: (
            (self.is_open and self.to_host > 0) or self.to_reader > 0
        )
        loop.warp.let_off = self.settle

    def settle(self) -> None:
        """What is under way is lost: the tty was flushed or is gone."""
        self.to_host = self.to_reader = 0


class CountingLine(SerialLine):
    """The real serial line; only counts."""

    def __init__(self, path: str, baud: int, owed: Owed) -> None:
        super().__init__(path, baud)
        self._owed = owed

    def count_for(self, owed: Owed) -> None:
        """Another device has the name now; its next opening is that one's."""
        self._owed = owed

    async def open(
        self, received: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        def counted(data: bytes) -> None:
            self._owed.to_host -= len(data)
            received(data)

        self._owed.settle()
        await super().open(counted, lost)
        self._owed.is_open = True

    def write(self, data: bytes) -> None:
        self._owed.to_reader += len(data)
        super().write(data)

    def set_baud(self, baud: int) -> None:
        self._owed.settle()
        super().set_baud(baud)

    def close(self) -> None:
        self._owed.is_open = False
        super().close()


class PtyReader:
    """Lay cards on `reader`; `link` is what to open, and outlives a replug."""

    def __init__(
        self,
        loop: WarpLoop,
        reader: SdtReader,
        line: Line,
        link: Path,
        *,
        one_rate: bool = False,
    ) -> None:
        self.reader = reader
        self.owed = Owed(loop)
        self.link = link
        self.unplugged = 0
        self._loop = loop
        self._line = line
        self._one_rate = one_rate
        self._master = self._slave = -1
        self._last_s: dict[Arrive, float] = {}

    def plug(self) -> None:
        """Make the device; the reader powers up."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._loop.add_reader(self._master, self._hear)
        fresh = self.link.with_name("fresh")
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.link)
        self.reader.power_up(self._loop.time())

    def unplug(self) -> None:
        """Take the device away."""
        if self._master < 0:
            return
        self._loop.remove_reader(self._master)
        self.link.unlink()
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1
        self.unplugged += 1
        self._last_s.clear()
        self.owed.settle()

    def _hear(self) -> None:
        data = os.read(self._master, 4096)
        self.owed.to_reader -= len(data)
        if not self._one_rate or rate_of(self._slave) == self.reader.baud:
            self._carry(data, 0.0, self._obey)

    def _obey(self, data: bytes) -> None:
        for piece in self.reader.receive(data, self._loop.time()):
            self._carry(piece.data, piece.after_s, self._speak)
            if piece.then_unplug:
                self._later(piece.after_s, self._speak, None)

    def _speak(self, data: bytes) -> None:
        self.owed.to_host += len(data)
        os.write(self._master, data)

    def _carry(self, data: bytes, after_s: float, arrive: Arrive) -> None:
        for way_s, part in self._line.carry(data):
            if part != b"":
                self._later(after_s + way_s, arrive, part)

    def _later(self, after_s: float, arrive: Arrive, data: bytes | None) -> None:
        """Let bytes arrive, one after the other in each direction; None tears."""
        at_s = max(self._loop.time() + after_s, self._last_s.get(arrive, 0.0) + NEXT_S)
        self._last_s[arrive] = at_s
        plugged = self.unplugged

        def do() -> None:
            if self.unplugged != plugged:
                return  # it was for a device that is gone
            if data is None:
                self._tear()
            else:
                arrive(data)

        self._loop.call_at(at_s, do)

    def _tear(self) -> None:
        self.unplug()
        self._loop.call_later(REPLUG_AFTER_S, self.plug)


class LoopClock:
    """`Clock` of `service.ports`: the loop's time."""

    def __init__(self, loop: WarpLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        return self._loop.time()


def play(scene: Callable[[WarpLoop], Coroutine[Any, Any, Result]]) -> Result:
    """Run a scene to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, WarpLoop)
        return runner.run(scene(loop))
