"""A PN532 on a serial line, as a reader of chips.

Carries the dialogue's effects out and lets one order wait for its outcome. No modem
line is touched; 115200 baud is what the chip begins with. Leaves to others: the rules
(`core.pn532_dialogue`), the tty (`reader_serial`).
"""

import asyncio

from likeness.core.pn532_dialogue import (
    Answered,
    Broken,
    Bytes,
    CardFault,
    CardThere,
    Event,
    Exchange,
    Find,
    NoCard,
    Opened,
    OtherCard,
    Outcome,
    Pn532Dialogue,
    Ready,
    Rest,
    TimePassed,
    Write,
)
from likeness.edges.reader_serial import SerialLine
from likeness.errors import CardMute, CardUnfit, DeviceLost

BAUD = 115_200
ABSENT_FINDS = 2  # a card on the edge of the field comes and goes


class Pn532Reader:
    """One reader by its stable path; fits `service.ports.ChipLine`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._line = SerialLine(path, BAUD, setting="chip.path")
        self._dialogue = Pn532Dialogue()
        self._outcome: asyncio.Future[Outcome] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._gone = f"{path}: the reader is not open"  # "": it is

    async def open(self) -> str:
        """Open the line and wake the reader; return its name.

        Raises:
            DeviceRefused: it is there, but not for us, or it is no serial line.
            DeviceLost: it is not there, or no PN532 answers.
        """
        await self.close()
        await self._line.open(self._received, self._lost)
        self._dialogue, self._gone = Pn532Dialogue(), ""
        ready = await self._ask(Opened())
        return ready.name if isinstance(ready, Ready) else ""

    async def connect(self) -> bytes | None:
        """Look for a card once, of type A and then of type B."""
        match await self._ask(Find()):
            case CardThere(answer):
                return answer
            case OtherCard():
                raise CardUnfit("a card that takes no commands (no ISO/IEC 14443-4)")
            case _:
                return None

    async def transmit(self, apdu: bytes) -> bytes:
        """Give one command; this reader cannot tell a mute card from a missing one."""
        match await self._ask(Exchange(apdu)):
            case Answered(response):
                return response
            case CardFault(why):
                raise CardMute(why)
            case _:
                raise CardMute("no answer")

    async def present(self) -> bool:
        """Look again; the chip begins fresh by that."""
        for _ in range(ABSENT_FINDS):
            if not isinstance(await self._ask(Find()), NoCard):
                return True
        return False

    async def release(self) -> None:
        """Switch the field off."""
        await self._ask(Rest())

    async def close(self) -> None:
        """Let go of the line; whoever waits learns that it is closed."""
        self._line.close()
        self._fail(f"{self._path}: the reader was closed")

    async def _ask(self, event: Event) -> Outcome:
        if self._gone:
            raise DeviceLost(self._gone)
        self._outcome = asyncio.get_running_loop().create_future()
        self._handle(event)
        return await self._outcome

    def _received(self, data: bytes) -> None:
        self._handle(Bytes(data))

    def _lost(self, why: str) -> None:
        self._fail(why)

    def _handle(self, event: Event) -> None:
        loop = asyncio.get_running_loop()
        for effect in self._dialogue.handle(event, loop.time()):
            match effect:
                case Write(data):
                    self._line.write(data)
                case Broken(why):
                    self._line.close()
                    self._fail(
                        f"{self._path}: {why}; see the cable, and that the PN532 is"
                        " set to HSU (UART)"
                    )
                case _:
                    if self._outcome is not None and not self._outcome.done():
                        self._outcome.set_result(effect)
        self._arm(loop)

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._dialogue.deadline
        self._timer = None
        if due is not None and not self._gone:
            self._timer = loop.call_at(due, self._handle, TimePassed())

    def _fail(self, why: str) -> None:
        self._gone = why
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_exception(DeviceLost(why))
