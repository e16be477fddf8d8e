"""All readers of one terminal, and where keys are entered, as one.

Leaves to others: each reader's own round (`reading`, `chip_reading`), whose card a
visit is about (`reception`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol


class CardSource(Protocol):
    """One reader's round."""

    @property
    def stirred_s(self) -> float:
        """When it last did something, monotonic."""
        ...

    def seek(self) -> None:
        """Look for a card from now on."""
        ...

    def rest(self) -> None:
        """Look for no card; the removal of one that was read is still told."""
        ...

    async def run(self) -> None:
        """Serve until cancelled."""
        ...


class Readers:
    """One or two of them; `beside` runs as long as they do."""

    def __init__(
        self,
        readers: Sequence[CardSource],
        beside: Sequence[Callable[[], Awaitable[None]]] = (),
        enter: Callable[[str], None] | None = None,
    ) -> None:
        self.enter = enter  # takes a line of a key, where the screen is its scanner
        self._readers = tuple(readers)
        self._beside = tuple(beside)

    @property
    def stirred_s(self) -> float:
        """When the one did something that has been still for longest."""
        return min(reader.stirred_s for reader in self._readers)

    def seek(self) -> None:
        """Look for a card on each."""
        for reader in self._readers:
            reader.seek()

    def rest(self) -> None:
        """Look for no card on any."""
        for reader in self._readers:
            reader.rest()

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            for reader in self._readers:
                group.create_task(reader.run())
            for run in self._beside:
                group.create_task(_whole(run))


async def _whole(run: Callable[[], Awaitable[None]]) -> None:
    await run()
