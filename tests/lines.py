"""Fake serial lines, and a conversation over them in time that is only a number.

The near end is the real dialogue; the far end is the simulator's reader, written from
the protocol's documents. Six lines lie between: perfect, dripping, noisy, late, lossy,
torn. Nothing here waits: the conversation jumps to the next moment.
"""

import heapq
import random
from collections.abc import Sequence
from typing import Protocol

from likeness.core.card_cycle import NO_WISHES, CardMoment, Wishes
from likeness.core.card_dialogue import (
    Bytes,
    Dialogue,
    Effect,
    Event,
    Lost,
    Opened,
    ReaderReady,
    ReaderTrouble,
    Reopen,
    SetBaud,
    TimePassed,
    Write,
)
from likeness.simulators.sdt_reader import SdtReader

Parcel = tuple[float, bytes | None]  # seconds on the way; None: the line is torn
Told = ReaderReady | ReaderTrouble | CardMoment


class Line(Protocol):
    """What becomes of bytes on their way, in either direction."""

    def carry(self, data: bytes) -> Sequence[Parcel]: ...


class Perfect:
    """What goes in comes out."""

    def carry(self, data: bytes) -> Sequence[Parcel]:
        return [(0.0, data)]


class Dripping:
    """One byte at a time, at 9600 baud."""

    def carry(self, data: bytes) -> Sequence[Parcel]:
        return [(at / 960, data[at : at + 1]) for at in range(len(data))]


class Noisy:
    """A few stray bytes before and after everything, start bytes among them."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - noise, not keys

    def carry(self, data: bytes) -> Sequence[Parcel]:
        return [(0.0, self._stray()), (0.0, data), (0.01, self._stray())]

    def _stray(self) -> bytes:
        size = self._chance.randint(0, 6)
        return bytes(
            self._chance.choice(b"\xaa\xaa\x96\x69\x00\x5c") for _ in range(size)
        )


class Late:
    """Everything takes 0.2 s in each direction."""

    def carry(self, data: bytes) -> Sequence[Parcel]:
        return [(0.2, data)]


class Lossy:
    """One in five writes is lost."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - noise, not keys

    def carry(self, data: bytes) -> Sequence[Parcel]:
        return [] if self._chance.random() < 0.2 else [(0.0, data)]


class Torn:
    """Breaks once, in the middle of the n-th write, and is whole afterwards."""

    def __init__(self, at_write: int) -> None:
        self._left = at_write

    def carry(self, data: bytes) -> Sequence[Parcel]:
        self._left -= 1
        if self._left != 0:
            return [(0.0, data)]
        return [(0.0, data[: len(data) // 2]), (0.0, None)]


class Conversation:
    """A dialogue, a line and a reader; `told` is what the terminal would hear."""

    def __init__(
        self,
        reader: SdtReader,
        line: Line,
        *,
        reopens: bool = True,
        baud: int = 115200,
        wishes: Wishes = NO_WISHES,
        rf_size: int = 0,
    ) -> None:
        self.dialogue = Dialogue(baud=baud, wishes=wishes, rf_size=rf_size)
        self.now = 0.0
        self.told: list[tuple[float, Told]] = []
        self.asked: list[str] = []
        self.reader = reader
        self._line = line
        self._reopens = reopens
        self._open_at: float | None = None
        self._count = 0
        self._under_way: list[tuple[float, int, bool, bytes | None]] = []

    def happens(self, event: Event) -> None:
        """Tell the dialogue something, and carry its effects out."""
        for effect in self.dialogue.handle(event, self.now):
            self._carry_out(effect)

    def run_for(self, seconds: float) -> None:
        """Let time pass, from moment to moment."""
        until = self.now + seconds
        while (at := self._next()) is not None and at <= until:
            self.now = max(self.now, at)
            self._step()
        self.now = until

    def kinds(self) -> list[str]:
        """Name what was told, in order."""
        return [type(effect).__name__ for _, effect in self.told]

    def _next(self) -> float | None:
        under_way = self._under_way[0][0] if self._under_way else None
        moments = (under_way, self.dialogue.deadline, self._open_at)
        return min((at for at in moments if at is not None), default=None)

    def _step(self) -> None:
        if self._under_way and self._under_way[0][0] <= self.now:
            _, _, to_reader, data = heapq.heappop(self._under_way)
            self._arrive(data, to_reader=to_reader)
        elif self._open_at is not None and self._open_at <= self.now:
            self._open_at = None
            self.happens(Opened())
        else:
            self.happens(TimePassed())

    def _arrive(self, data: bytes | None, *, to_reader: bool) -> None:
        if data is None:
            self._under_way.clear()
            self.happens(Lost("torn"))
        elif to_reader:
            for piece in self.reader.receive(data, self.now):
                self._send(piece.data, piece.after_s, to_reader=False)
        elif data:
            self.happens(Bytes(data))

    def _send(self, data: bytes, after_s: float, *, to_reader: bool) -> None:
        for way_s, part in self._line.carry(data):
            self._count += 1
            entry = (self.now + after_s + way_s, self._count, to_reader, part)
            heapq.heappush(self._under_way, entry)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Write(command, data):
                self.asked.append(command)
                self._send(data, 0.0, to_reader=True)
            case Reopen():
                self._under_way.clear()
                self._open_at = self.now + 1.0 if self._reopens else None
            case SetBaud():
                return  # this line has no rate
            case _:
                self.told.append((self.now, effect))
