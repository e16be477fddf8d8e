"""Builds what watches the fleet from its settings, and runs it: line, page, figures.

Leaves to others: every step of it (`watch`, `web`).
"""

import asyncio
import time
from collections.abc import Callable

from likeness.carrier.database import Database
from likeness.carrier.fleet.memory import Fleet
from likeness.carrier.fleet.watch import Watch
from likeness.carrier.fleet.web import FleetWeb
from likeness.carrier.metrics import FleetMetrics
from likeness.carrier.settings import Settings
from likeness.carrier.web.web import serve_web


async def watch(
    settings: Settings,
    wall: Callable[[], float] = time.time,
    told: Callable[[], object] = lambda: None,
) -> None:
    """Watch until cancelled.

    Args:
        settings: where broker, database and page are.
        wall: UTC seconds.
        told: that the page is served now.

    Raises:
        ConfigError: a certificate, the database or the page's place cannot be used.
    """
    metrics = FleetMetrics()
    fleet = Fleet(wall, metrics.message_unknown)
    watching = Watch(settings, fleet, wall)
    pages = FleetWeb(fleet, watching, Database(settings.database), metrics, wall)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(watching.run())
            group.create_task(
                serve_web(pages.application(), settings.fleet, names="fleet", told=told)
            )
    finally:
        pages.close()
