"""Serves /metrics of `carrier run`: what ingest counts, and what must be looked up.

Alarms are read from the database, a few times a minute: so they are there after a
restart too, whoever raised them. Leaves to others: the names (`metrics`), who may ask
(`web`).
"""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from aiohttp import web
from cryptography import x509

from likeness.carrier import tables
from likeness.carrier.database import Database
from likeness.carrier.ingest import Ingest
from likeness.carrier.metrics import IngestMetrics
from likeness.carrier.settings import Settings
from likeness.carrier.web.web import serve_web
from likeness.errors import StoreBroken

log = logging.getLogger(__name__)

LOOK_EVERY_S = 10.0


async def serve_figures(
    settings: Settings, ingest: Ingest, metrics: IngestMetrics
) -> None:
    """Serve until cancelled; return at once where [metrics] has no port.

    Raises:
        ConfigError: [metrics] would be open to strangers, or a file cannot be used.
    """
    if not settings.metrics.port:
        return
    for which, file in (
        ("broker", settings.cert_file),
        ("metrics", settings.metrics.cert_file),
    ):
        if file:
            metrics.certificate_seen(which, _ends(Path(file)))
    app = web.Application()
    app.router.add_get(
        "/metrics",
        metrics.handler(lambda: metrics.waits(ingest.waiting, ingest.oldest_s)),
    )
    database = Database(settings.database)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(serve_web(app, settings.metrics, names="metrics"))
            while True:
                metrics.alarms_are(await asyncio.to_thread(_alarms, database))
                await asyncio.sleep(LOOK_EVERY_S)
    finally:
        database.close()


def _alarms(database: Database) -> Mapping[str, tuple[int, int]]:
    """Return kind → how many there are, and when the newest was raised."""
    alarm = tables.alarms.c
    query = sa.select(
        alarm.kind, sa.func.count(), sa.func.max(alarm.raised_utc_s)
    ).group_by(alarm.kind)
    try:
        with database.read() as db:
            return {kind: (count, newest) for kind, count, newest in db.execute(query)}
    except StoreBroken as fault:  # ingest says so as well, and knows what to do
        log.warning("event=alarms_not_counted why=%r", str(fault))
        return {}


def _ends(file: Path) -> float:
    """Return when the first certificate of a file ends; 0 if it cannot be read."""
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return 0.0
    return found.not_valid_after_utc.timestamp()
