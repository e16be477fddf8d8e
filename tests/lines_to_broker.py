"""Hears what a line to the broker tells, and waits for what a test wants to hear."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from likeness.core.line import BrokerEvent
from likeness.edges.broker import MqttLine

WITHIN_S = 20.0


class Ear:
    """Hears one line."""

    def __init__(self, line: MqttLine) -> None:
        self.line = line
        self.heard: asyncio.Queue[BrokerEvent] = asyncio.Queue()

    async def wait(self, kind: type[BrokerEvent]) -> BrokerEvent:
        """Drop what comes until one of this kind."""
        async with asyncio.timeout(WITHIN_S):
            while not isinstance(event := await self.heard.get(), kind):
                pass
        return event


@contextlib.asynccontextmanager
async def listening(line: MqttLine) -> AsyncIterator[Ear]:
    """Run the line for the length of a block."""
    ear = Ear(line)
    task = asyncio.create_task(line.run(ear.heard.put_nowait))
    try:
        yield ear
    finally:
        task.cancel()
        await asyncio.wait([task])
