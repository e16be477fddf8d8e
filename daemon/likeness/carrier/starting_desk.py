"""Begins and ends visits for the API, one order at a time, on a thread of its own.

A terminal that does not answer is told of as such: the transaction stands all the same,
and its visit can be begun at the terminal. Leaves to others: the order (`starting`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from likeness.carrier.settings import Settings
from likeness.carrier.starting import Starting
from likeness.core import orders
from likeness.core.vocabulary import Purpose
from likeness.errors import ConfigError, LikenessError

log = logging.getLogger(__name__)

WAIT_S = 8.0  # for the terminal's answer
EXPIRES_S = 60
# One order at a time, and each may take WAIT_S: who came later would begin a visit
# when nobody is at the terminal any more.
MOST_WAITING = 4
Begun = Literal["started", "not_started"]


class StartingDesk:
    """Has the line of orders, if this carrier has a key for them."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings.

        Raises:
            ConfigError: there is a key, and it or the line cannot be used.
        """
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="orders")
        self._waiting = 0
        self._far: Starting | None = None
        if (Path(settings.keys) / "visit.key").exists():
            self._far = self._opened(settings)

    def close(self) -> None:
        """Let go of the line."""
        self._thread.shutdown(cancel_futures=True)
        if self._far is not None:
            self._far.close()

    async def start(
        self, device: str, purpose: Purpose, transaction: str
    ) -> tuple[Begun, str]:
        """Ask a terminal to begin a visit; say whether it has, or why not."""
        return await self._order(
            lambda far: far.start(
                device,
                purpose,
                transaction,
                wait_s=WAIT_S,
                expires_after_s=EXPIRES_S,
            )
        )

    async def cancel(self, device: str, transaction: str) -> None:
        """Ask a terminal to end a visit, if it has one of this transaction."""
        await self._order(
            lambda far: far.cancel(
                device, transaction, wait_s=WAIT_S, expires_after_s=EXPIRES_S
            )
        )

    async def _order(
        self, order: Callable[[Starting], Awaitable[orders.Reply]]
    ) -> tuple[Begun, str]:
        far = self._far
        if far is None:
            return "not_started", "no_line_of_orders"
        if self._waiting >= MOST_WAITING:
            log.warning("event=visit_not_ordered why='%d orders wait'", self._waiting)
            return "not_started", "too_many_orders"

        async def go() -> orders.Reply:
            return await order(far)

        self._waiting += 1
        try:
            reply = await asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: asyncio.run(go())
            )
        except LikenessError as late:
            log.warning("event=visit_not_ordered why=%r", str(late))
            return "not_started", "unanswered"
        finally:
            self._waiting -= 1
        if reply.outcome == "done":
            return "started", ""
        return "not_started", reply.reason or reply.outcome

    def _opened(self, settings: Settings) -> Starting | None:
        """Open the line; a carrier that orders nothing needs no certificate for it."""
        try:
            return Starting(settings)
        except ConfigError as fault:
            log.warning("event=no_line_of_orders why=%r", str(fault))
            return None
