"""Follows the fleet: its topics at the broker, and what the database says of it.

A broker that is asked for three retained messages of ten thousand terminals at once
drops what its queue cannot hold, without a word (mosquitto: max_queued_messages); so
topics are asked for one after another, each when the one before has fallen silent.
What touches the disk runs on a thread of its own. Leaves to others: what messages mean
(`memory`), figures (`hours`, `health`), pages.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from likeness.carrier.database import Database
from likeness.carrier.fleet import health as fleet_health
from likeness.carrier.fleet import hours as fleet_hours
from likeness.carrier.fleet import records as fleet_records
from likeness.carrier.fleet import sightings as fleet_sightings
from likeness.carrier.fleet.enrolled import Enrolled
from likeness.carrier.fleet.memory import Fleet, News
from likeness.carrier.settings import Settings
from likeness.core import messages
from likeness.core.fleet import Alarms, Desired
from likeness.core.line import Arrived, BrokerDown, BrokerEvent, BrokerUp
from likeness.edges.broker import LineSettings, MqttLine
from likeness.errors import ConfigError, StoreBroken

Done = TypeVar("Done")

log = logging.getLogger(__name__)

FIRST = ("status", "telemetry")
LATER = ("birth", "reported")
QUIET_S = 1.0  # without a message that the broker had kept
SWEEP_EVERY_S = 0.5
SWEEPS = 20  # until every terminal was judged again
WORK_EVERY_S = 2.0
HEALTH_EVERY_S = 60.0
PRUNE_EVERY_S = 3600.0
NEWS_AT_ONCE = 20_000
DAY_S, HOURS = 86_400, 24


def line_of(settings: Settings) -> MqttLine:
    """Return our own line: it writes nothing and sees no result.

    Raises:
        ConfigError: a certificate cannot be used, or is missing where it must not be.
    """
    if settings.environment == "production" and not (
        settings.ca_file and settings.fleet_cert_file
    ):
        raise ConfigError(
            "ca_file or fleet_cert_file is empty; with environment 'production' the"
            " broker must be reached over TLS, with a certificate made out to"
            f" '{settings.fleet_client_id}'"
        )
    return MqttLine(
        LineSettings(
            host=settings.host,
            port=settings.port,
            client_id=settings.fleet_client_id,
            topics=tuple(messages.topic("+", leaf) for leaf in FIRST),
            session_expiry_s=0,
            ca_file=settings.ca_file,
            cert_file=settings.fleet_cert_file,
            key_file=settings.fleet_key_file,
            part="fleet_",
            receive_maximum=500,
            retry_to_s=settings.retry_to_s,
        )
    )


@dataclass(slots=True)
class Found:
    """What one look at database and folder has brought."""

    enrolled: Mapping[str, tuple[str, ...]] | None = None
    desired: Mapping[str, Desired] = field(default_factory=dict)
    alarmed: Mapping[str, Alarms] = field(default_factory=dict)
    health: fleet_health.View | None = None  # None: as it was


class Work:
    """What is done on the thread; belongs to it, except for its making."""

    def __init__(self, settings: Settings) -> None:
        """Open the database.

        Raises:
            ConfigError: it cannot be used.
        """
        self.database = Database(settings.database)
        self._enrolled = Enrolled(Path(settings.keys) / "devices")
        self._health = fleet_health.Health()
        self._desired_s = 0
        self._health_due_s = self._prune_due_s = 0.0

    def remembered(self) -> list[News]:
        """Return the newest of what was seen before we began."""
        with self.database.read() as db:
            return fleet_sightings.newest(db)

    def keep(self, news: list[News]) -> None:
        """Write what was seen; raise StoreBroken if that cannot be done."""
        if news:
            with self.database.begin() as db:
                fleet_sightings.keep(db, news)

    def look(self, now_s: int) -> Found:
        """Read what has changed, and make figures of the hours that are due."""
        found = Found(enrolled=self._enrolled.look())
        with self.database.read() as db:
            found.desired = fleet_records.desired(db, self._desired_s)
            found.alarmed = fleet_records.alarmed(db, now_s)
        self._desired_s = now_s
        clock = time.monotonic()
        if clock >= self._health_due_s:
            found.health = self._figures(now_s)
            self._health_due_s = time.monotonic() + HEALTH_EVERY_S
        if clock >= self._prune_due_s:
            with self.database.begin() as db:
                fleet_sightings.prune(db, now_s)
            self._prune_due_s = clock + PRUNE_EVERY_S
        return found

    def _figures(self, now_s: int) -> fleet_health.View:
        days: set[int] = set()
        is_done = False
        while not is_done:
            with self.database.begin() as db:
                made = fleet_hours.catch_up(db, now_s)
            if made is None:
                break
            begin, end, is_done = made
            days.update(range(begin // HOURS, end // HOURS + 1))
        with self.database.read() as db:
            return self._health.read(db, now_s // DAY_S, days)


class Watch:
    """Runs it all; `health` is the newest view of figures."""

    def __init__(
        self,
        settings: Settings,
        fleet: Fleet,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Open the database and read certificates.

        Raises:
            ConfigError: one of them cannot be used.
        """
        self._line = line_of(settings)
        self._fleet = fleet
        self._wall = wall
        self._work = Work(settings)
        self._thread = ThreadPoolExecutor(1, "fleet-work")
        self._came = asyncio.Event()  # a connection that was asked for little yet
        self._retained_s = 0.0  # when the last message came that was kept for us
        self.health = fleet_health.View()
        self.has_looked = asyncio.Event()  # into the database, once at least

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            for one in await self._do(self._work.remembered):
                self._fleet.remember(one.device, one.kind, one.detail, one.seen_utc_s)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._line.run(self._hear))
                group.create_task(self._ask_in_turns())
                group.create_task(self._sweep())
                group.create_task(self._look_again())
        finally:
            self._thread.shutdown()
            self._work.database.close()

    # --- the broker -----------------------------------------------------------------
    def _hear(self, event: BrokerEvent) -> None:
        match event:
            case Arrived():
                if event.is_retained:
                    self._retained_s = time.monotonic()
                self._fleet.hear(event)
            case BrokerUp():
                log.info("event=broker_up")
                self._fleet.line_is(up=True)
                self._retained_s = time.monotonic()
                self._came.set()
            case BrokerDown():
                log.warning("event=broker_down why=%r", event.why)
                self._fleet.line_is(up=False)
            case _:
                pass

    async def _ask_in_turns(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            for leaf in LATER:
                if not await self._falls_silent():
                    break  # another connection, which was asked for nothing yet
                self._retained_s = time.monotonic()
                self._line.follow(messages.topic("+", leaf))

    async def _falls_silent(self) -> bool:
        """Wait until nothing comes that was kept for us; False: the line is new."""
        while not self._came.is_set():
            left_s = self._retained_s + QUIET_S - time.monotonic()
            if left_s <= 0:
                return True
            await asyncio.sleep(left_s)
        return False

    # --- time and the database ------------------------------------------------------
    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            self._fleet.sweep(SWEEPS)

    async def _look_again(self) -> None:
        is_broken = False
        for turn in itertools.count():
            try:
                await self._keep_news()
                found = await self._do(self._work.look, int(self._wall()))
            except StoreBroken as fault:
                if not is_broken:
                    log.error("event=database_broken why=%r", str(fault))  # noqa: TRY400
                is_broken = True
            else:
                is_broken = False
                self._take(found, is_first=turn == 0)
            await asyncio.sleep(WORK_EVERY_S)

    async def _keep_news(self) -> None:
        waiting = self._fleet.news
        news = list(itertools.islice(waiting, NEWS_AT_ONCE))
        await self._do(self._work.keep, news)
        for _ in news:  # what was written; more may have come, at the other end
            waiting.popleft()

    def _take(self, found: Found, *, is_first: bool) -> None:
        self._fleet.enrolled(found.enrolled)
        self._fleet.desired(found.desired)
        self._fleet.alarmed(found.alarmed)
        if found.health is not None:
            self.health = found.health
            self._fleet.drifting(found.health.drifting())
        if is_first:
            self.has_looked.set()

    async def _do(self, work: Callable[..., Done], *given: object) -> Done:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, *given)
