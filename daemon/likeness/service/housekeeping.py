"""Lets old receipted records go, a small batch at a time, while nobody is served.

Leaves to others: which ones are old (`edges.store_rows`), what time it is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from likeness.errors import StoreFull

log = logging.getLogger(__name__)

EVERY_S = 60.0
BETWEEN_BATCHES_S = 0.2  # a result that is made just now must not wait for long


async def keep_house(
    prune: Callable[[int | None], Awaitable[bool]],
    *,
    idle: Callable[[], bool],
    now_s: Callable[[], int | None],
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Prune until cancelled.

    Args:
        prune: deletes one batch; says whether there may be more.
        idle: whether no visit is going on.
        now_s: seconds since 1970, or None while the clock is in doubt.
        pause: waits so many seconds.
    """
    while True:
        await pause(EVERY_S)
        try:
            while idle() and await prune(now_s()):
                await pause(BETWEEN_BATCHES_S)
        except StoreFull as fault:  # deleting needs some room as well
            log.warning("event=nothing_deleted why=%r", str(fault))
