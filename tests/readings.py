"""Runs the card reading as the terminal does, on any line, and hears what it says."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from likeness.edges.reader_serial import SerialLine
from likeness.service.ports import ByteLine
from likeness.service.reading import CardEvent, CardPresented, CardReading
from likeness.simulators.sdt import SdtSimulator

# A test waits for events, never for a time; this only ends a test that hangs.
AT_MOST_S = 20.0


class LoopClock:
    """The loop's own monotonic clock."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()


class Heard:
    """Keeps what the terminal is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[CardEvent] = []
        self._queue: asyncio.Queue[CardEvent] = asyncio.Queue()

    def __call__(self, event: CardEvent) -> None:
        self.events.append(event)
        self._queue.put_nowait(event)

    async def wait_for(self, kind: type[CardEvent]) -> CardEvent:
        async with asyncio.timeout(AT_MOST_S):
            while not isinstance(event := await self._queue.get(), kind):
                pass
        return event

    async def card(self) -> CardPresented:
        event = await self.wait_for(CardPresented)
        assert isinstance(event, CardPresented)
        return event


Script = Callable[[CardReading, Heard, SdtSimulator], Coroutine[Any, Any, None]]


def serve(
    simulator: SdtSimulator,
    script: Script,
    make_line: Callable[[str, int], ByteLine] = SerialLine,
    **options: Any,
) -> Heard:
    """Run a reading on the simulator while the script goes on.

    `options` go to CardReading (Any: its keywords).
    """

    async def main() -> Heard:
        heard = Heard()
        reading = CardReading(
            make_line(simulator.path, options.get("baud", 115200)),
            LoopClock(),
            heard,
            reopen_after_s=(0.05,),
            **options,
        )
        running = asyncio.create_task(reading.run())
        try:
            await script(reading, heard, simulator)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return heard

    with simulator:
        return asyncio.run(main())
