"""Runs the daemon as a program: until a signal, or until something ends it.

Leaves to others: its parts (`wiring`).
"""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

from likeness import config, remote
from likeness.edges import process_memory, systemd
from likeness.edges.screen_text import NoText, TextScreen
from likeness.wiring import build

log = logging.getLogger(__name__)


def serve(
    settings: config.Config, *, started_s: float, examine: remote.Examine = dict
) -> None:
    """Run the daemon until SIGTERM or SIGINT; `started_s` is on the monotonic clock."""

    async def until_stopped() -> None:
        async with AsyncExitStack() as stack:
            on_page = settings.screen.kind == "page"
            screen = NoText() if on_page else TextScreen(sys.stdout)
            daemon = await build(settings, stack, screen=screen, examine=examine)
            process_memory.settle()
            task = asyncio.ensure_future(daemon.run())
            if daemon.page is not None:  # whoever waits for READY may open it
                await _first(task, daemon.page.server.listening.wait())
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, task.cancel)
            if daemon.diagnosing is not None:  # `likeness diagnostics` asks so
                loop.add_signal_handler(signal.SIGUSR1, daemon.diagnosing.asked)
            took_ms = round((time.monotonic() - started_s) * 1000)
            log.info("event=ready took_ms=%d", took_ms)
            systemd.notify("READY=1")
            await asyncio.wait([task])
            systemd.notify("STOPPING=1")
            if not task.cancelled():
                task.result()

    asyncio.run(until_stopped())


async def _first(task: asyncio.Future[None], other: Coroutine[Any, Any, Any]) -> None:
    """Wait for the other, or for the task if that ends before it."""
    waiting: asyncio.Future[Any] = asyncio.ensure_future(other)
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
