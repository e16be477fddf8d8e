"""A whole way into a simulated chip: its reader, our reading of it, what was told."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import date
from pathlib import Path
from typing import Any

from likeness import chips, config
from likeness.core.vocabulary import Card, Today
from likeness.service.chip_reading import ChipEvent, ChipReading
from likeness.service.reading import CardPresented
from likeness.simulators.emrtd_authority import CountryAuthority
from simulated_chips import state

AT_MOST_S = 40.0
TODAY = date(2026, 11, 22)


class LoopClock:
    """The loop's own monotonic clock."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()


class Told:
    """Keeps what the terminal is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[ChipEvent] = []
        self._queue: asyncio.Queue[ChipEvent] = asyncio.Queue()

    def __call__(self, event: ChipEvent) -> None:
        self.events.append(event)
        self._queue.put_nowait(event)

    # Any: what is waited for is what comes.
    async def hears(self, *kinds: type[ChipEvent]) -> Any:
        async with asyncio.timeout(AT_MOST_S):
            while not isinstance(event := await self._queue.get(), kinds):
                pass
        return event

    async def card(self) -> Card:
        read: CardPresented = await self.hears(CardPresented)
        return read.card


Script = Callable[[ChipReading, Told], Coroutine[Any, Any, None]]


def trusted(folder: Path, *authorities: CountryAuthority) -> config.Trust:
    """Put certificates and lists of these, or of the test state, into a folder."""
    folder.mkdir(exist_ok=True)
    for number, one in enumerate(authorities or (state(),)):
        (folder / f"{number}.cer").write_bytes(one.certificate)
        (folder / f"{number}.crl").write_bytes(one.crl())
    return config.Trust(dir=str(folder))


def read(chip: config.Chip, trust: config.Trust, script: Script) -> Told:
    """Run the reading of a reader while the script goes on."""

    async def main() -> Told:
        told = Told()
        settings = config.Config(
            terminal=config.Terminal(device="shop-7"), chip=chip, trust=trust
        )
        reading = chips.reading_of(settings, LoopClock(), told, lambda: Today(TODAY))
        running = asyncio.create_task(reading.run())
        reading.seek()
        try:
            await script(reading, told)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return told

    return asyncio.run(main())
