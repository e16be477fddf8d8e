"""What tests of the fleet's page need: rows of results, and a page that is served."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from broker import Mosquitto, free_port
from likeness.carrier import tables
from likeness.carrier.fleet import fleet
from likeness.carrier.settings import Settings, Web

NOW = 1_795_000_000
HOUR, DAY = 3600, 86_400


def result(device: str, seq: int, **more: Any) -> dict[str, Any]:
    """A row of `record`, as `keeping` writes it for an accepted result."""
    return {
        "device": device,
        "epoch": "0" * 32,
        "seq": seq,
        "hash": f"hash-{seq}",
        "prev": f"hash-{seq - 1}",
        "refusal": "",
        "verdict": "accepted",
        "purpose": "new_number",
        "iat": NOW,
        "kept_utc_s": NOW,
        "token": "SECRETTOKEN",
        "transaction_name": "SECRETTRANSACTION",
        "match_score": 700_000,
        "passive_score": 900_000,
        "reasons": "",
        "environment": "production",
        "nonce_source": "carrier",
        **more,
    }


def week(
    devices: Iterable[str], each: int, off: str = "", now: int = NOW
) -> list[dict[str, Any]]:
    """Results of the last week; those of `off` match much worse than the others'."""
    draw = random.Random(7)  # noqa: S311 - no secret is drawn
    rows = []
    for device in devices:
        for seq in range(each):
            verdict = draw.choices(("accepted", "refused", "referred"), (90, 6, 4))[0]
            score = draw.gauss(0.5 if device == off else 0.7, 0.08)
            rows.append(
                result(
                    device,
                    seq,
                    verdict=verdict,
                    kept_utc_s=now - draw.randrange(7 * DAY),
                    match_score=round(score * 1e6),
                    passive_score=round(draw.betavariate(9, 1) * 1e6),
                    reasons="" if verdict == "accepted" else "act_not_seen too_dark",
                )
            )
    return rows


def keep(db: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """Write them."""
    for begin in range(0, len(rows), 2_000):
        db.execute(tables.records.insert(), rows[begin : begin + 2_000])


@dataclass(frozen=True)
class Served:
    """A fleet's page, and how it is reached."""

    url: str
    settings: Settings


@contextlib.asynccontextmanager
async def served(
    folder: Path,
    broker: Mosquitto,
    place: str = "",
    client_id: str = "likeness-fleet",
    **web: Any,
) -> AsyncIterator[Served]:
    """Run the whole program, as `likeness carrier fleet` does."""
    (folder / "keys").mkdir(exist_ok=True)
    settings = Settings(
        keys=str(folder / "keys"),
        database=place or str(folder / "carrier.db"),
        environment="test",
        host=broker.host,
        port=broker.port,
        retry_to_s=1.0,
        fleet_client_id=client_id,
        fleet=Web(port=free_port(), **web),
    )
    opened = asyncio.Event()
    task = asyncio.ensure_future(fleet.watch(settings, told=opened.set))
    waits = asyncio.ensure_future(opened.wait())
    try:
        await asyncio.wait({task, waits}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        yield Served(f"http://127.0.0.1:{settings.fleet.port}", settings)
    finally:
        waits.cancel()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
