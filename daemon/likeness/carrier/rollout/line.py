"""A rollout's line to the broker: what terminals say of themselves, and wishes to them.

A line by a name of its own, since it stands for hours and orders go on beside it. What
was said before we came is retained, so it comes at once; until that has come, nothing
is known. Leaves to others: what it means (`core.rollout_seen`), what is sent.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from likeness.carrier.order_line import LINE_WITHIN_S, REFUSED_FROM, Unanswered
from likeness.carrier.settings import Settings
from likeness.core import messages, orders
from likeness.core.line import Arrived, BrokerDown, BrokerEvent, BrokerUp, Published
from likeness.core.rollout_seen import Seen
from likeness.edges.broker import LineSettings, MqttLine
from likeness.errors import ConfigError, Untrusted

LEAVES = ("birth", "status", "reported", "telemetry")
QUIET_S = 1.0  # nothing retained has come for so long: all of it is here …
QUIET_WITHIN_S = 30.0  # … or after so long, in a fleet that is never quiet
LOOKS_APART_S = 0.2  # a thousand reports in a second are one piece of news
GONE_WITHIN_S = 5.0
LOST = "lost"


class _Telemetry(msgspec.Struct):
    outbox_oldest_s: float | None = None


@dataclass(slots=True)
class Heard:
    """What one terminal has said last."""

    report: orders.Reported | None = None
    lost_from_s: float | None = None  # seconds since 1970; as it was heard here
    oldest_s: int = 0

    def seen(self, now: float) -> Seen:
        """Return it as the rules know it."""
        report, lost = self.report, self.lost_from_s
        lost_s = None if lost is None else max(0.0, now - lost)
        if report is None:
            return Seen(lost_s=lost_s, oldest_s=self.oldest_s)
        beside = report.refused
        return Seen(
            version=report.version,
            state=report.state,
            why=report.reason,
            refused=beside.version if beside else 0,
            refused_why=beside.reason if beside else "",
            lost_s=lost_s,
            oldest_s=self.oldest_s,
        )


class Ear:
    """Keeps what is heard, for each device."""

    def __init__(self) -> None:
        self.heard: dict[str, Heard] = {}

    def hear(self, message: Arrived, now: float) -> bool:
        """Take note of a message; say whether it is news for a rollout."""
        try:
            device, leaf = messages.device_and_leaf(message.topic)
        except Untrusted:
            return False
        one = self.heard.setdefault(device, Heard())
        try:
            match leaf:
                case "reported":
                    one.report = messages.from_json(message.payload, orders.Reported)
                case "status":
                    said = messages.from_json(message.payload, messages.Status)
                    lost = said.status == LOST
                    one.lost_from_s = (one.lost_from_s or now) if lost else None
                case "telemetry":
                    told = messages.from_json(message.payload, _Telemetry)
                    one.oldest_s = round(told.outbox_oldest_s or 0)
        except Untrusted:
            return False  # a terminal that says nonsense has said nothing
        return leaf != "telemetry"

    def reports(self, devices: Iterable[str]) -> dict[str, orders.Reported]:
        """Return the reports of these devices, of those that were heard."""
        found = {device: self.heard.get(device, Heard()).report for device in devices}
        return {device: said for device, said in found.items() if said is not None}


class RolloutLine:
    """Belongs to one loop; `up` holds it."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings.

        Raises:
            ConfigError: our certificate cannot be used.
        """
        name = settings.rollout_client_id
        if settings.ca_file and not settings.rollout_cert_file:
            raise ConfigError(
                "rollout_cert_file is empty: rollouts need a certificate made out to"
                f" '{name}', with rollout_key_file"
            )
        self._mqtt = MqttLine(
            LineSettings(
                host=settings.host,
                port=settings.port,
                client_id=name,
                topics=tuple(messages.topic("+", leaf) for leaf in LEAVES),
                session_expiry_s=0,
                ca_file=settings.ca_file,
                cert_file=settings.rollout_cert_file,
                key_file=settings.rollout_key_file,
                part="rollout_",
                retry_to_s=settings.retry_to_s,
            )
        )
        self.ear = Ear()
        self.heard_from_s: float | None = None  # None: not all is heard
        self.is_new = False  # the line has come up and nobody has taken note
        self._first: asyncio.Future[None] | None = None
        self._up_from: float | None = None  # monotonic
        self._last_news = 0.0  # monotonic
        self._news = asyncio.Event()
        self._open: set[int] = set()  # publishes without an answer
        self._refused = False

    def seen(self, now: float) -> Mapping[str, Seen]:
        """Return what is known of each terminal that was heard."""
        return {device: one.seen(now) for device, one in self.ear.heard.items()}

    def publish(self, device: str, token: str) -> None:
        """Send one wish, if there is a line; it stays at the broker."""
        topic = messages.topic(device, "desired")
        number = self._mqtt.publish(topic, token.encode(), retain=True)
        if number is not None:
            self._open.add(number)

    async def news(self, within_s: float) -> None:
        """Wait for something that may matter, or so long.

        Raises:
            Unanswered: the broker does not take what we say.
        """
        await asyncio.sleep(min(LOOKS_APART_S, max(0.0, within_s)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, within_s - LOOKS_APART_S)):
                await self._news.wait()
        self._news.clear()
        self._settle()
        if self._refused:
            raise Unanswered(
                "the broker does not let us say what is desired; look at its rules"
            )

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        """Hold the line; begin once all that is retained has come.

        Raises:
            Unanswered: the broker is not there, or does not let us.
        """
        self._first = asyncio.get_running_loop().create_future()
        running = asyncio.ensure_future(self._mqtt.run(self._listen))
        try:
            try:
                async with asyncio.timeout(LINE_WITHIN_S):
                    await self._first
            except TimeoutError as late:
                raise Unanswered("the broker does not answer") from late
            while self.heard_from_s is None:
                await self.news(QUIET_S / 2)
            yield
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GONE_WITHIN_S):
                    while self._open:  # what is kept as sent is let out
                        await self.news(QUIET_S)
        finally:
            running.cancel()
            await asyncio.wait([running])

    def _settle(self) -> None:
        """Note that all is heard, if it is so."""
        if self._up_from is None or self.heard_from_s is not None:
            return
        now = time.monotonic()
        quiet_s = now - max(self._last_news, self._up_from)
        if quiet_s >= QUIET_S or now - self._up_from >= QUIET_WITHIN_S:
            self.heard_from_s = time.time()

    def _listen(self, event: BrokerEvent) -> None:
        match event:
            case BrokerUp(refused=()):
                self._up_from, self.is_new = time.monotonic(), True
                self._tell_first(None)
            case BrokerUp(refused=topics):
                self._tell_first(
                    f"the broker does not let us follow {', '.join(topics)}"
                )
            case BrokerDown(why):
                self._up_from = self.heard_from_s = None
                self._open.clear()
                self._tell_first(f"the broker is not there: {why}")
            case Arrived():
                if self.ear.hear(event, time.time()):
                    self._last_news = time.monotonic()
                    self._news.set()
            case Published(number, code):
                self._open.discard(number)
                if not self._open:
                    self._news.set()
                self._refused = self._refused or code >= REFUSED_FROM

    def _tell_first(self, fault: str | None) -> None:
        """Tell who waits for the line how its first try went."""
        if self._first is None or self._first.done():
            return
        if fault is None:
            self._first.set_result(None)
        else:
            self._first.set_exception(Unanswered(fault))
