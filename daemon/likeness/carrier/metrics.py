"""What Prometheus is told of ingest and fleet: every name in one place.

Whoever saw a thing happen calls the method that is named after it. No label names a
terminal, a result or a person: what has many values is counted, not listed, and the
labels that come from outside are bounded. Every series stands at 0 from the start, so
that the first event is an increase as well. Leaves to others: serving
(`carrier.web`), one terminal's own figures (`carrier.fleet`), alert rules
(`systemd/monitoring`).
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import prometheus_client
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from likeness import __version__
from likeness.carrier.verify import Problem
from likeness.core.vocabulary import Verdict

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"  # where a label's value is none that we know

# What becomes of a record: `keeping.Kept.what`, and what never comes as far.
RECORDS = (
    *("kept", "kept_before", "taken_after_all"),
    *("fork", "wrong_key", "refused", "dropped"),
)
ASKS = ("visit", "anchor", "statement", "question", "dropped")
STATES = ("online", "stopping", "lost", "unknown")
CLOCKS = ("ntp", "rtc", "unsynced", "unknown")
LONGER_THAN_S = (60, 300, 900, 3600, 86_400)
VERSIONS_AT_MOST = 40  # a fleet has a handful; a birth may say anything
BATCH_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
SIZE_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetCount:
    """How the fleet stands now: terminals, counted.

    Attributes:
        states, clocks: of each of `STATES` and `CLOCKS`, how many.
        software: version → how many.
        oldest_s: age of each terminal's oldest unreceipted record, where it has one.
        throttled: whose processor is slowed for heat or a weak supply.
        pending: whose reported state is not yet what is desired.
        pending_oldest_s: how long the longest of these has waited.
        faulty: with a part that hangs, or a broken line, reader or camera.
        hottest_c: the warmest processor; None where none says it.
    """

    states: Mapping[str, int]
    clocks: Mapping[str, int] = field(default_factory=dict)
    software: Mapping[str, int] = field(default_factory=dict)
    oldest_s: Sequence[float] = ()
    throttled: int = 0
    pending: int = 0
    pending_oldest_s: float = 0.0
    faulty: int = 0
    hottest_c: float | None = None


class Metrics:
    """The figures of one process, in a registry of its own; safe from any thread."""

    def __init__(self) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self.registry)
        build = self._gauges("likeness_build_info", "Always 1.", "version")
        build.labels(__version__).set(1)
        self._certificates = self._gauges(
            "likeness_certificate_expires_timestamp_seconds",
            "When a certificate of this program ends.",
            "which",
            (),
        )

    def certificate_seen(self, which: str, expires_utc_s: float) -> None:
        """A certificate of this program, by a name of ours ("broker", "api"), ends."""
        self._certificates.labels(which).set(expires_utc_s)

    def text(self) -> tuple[bytes, str]:
        """Return what Prometheus reads, and its content type."""
        return prometheus_client.generate_latest(self.registry), CONTENT_TYPE

    def handler(
        self, refresh: Callable[[], None] = lambda: None
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Return what answers GET /metrics; `refresh` brings gauges up to date."""

        async def answer(_request: web.Request) -> web.Response:
            refresh()
            body, content_type = self.text()
            return web.Response(body=body, headers={"Content-Type": content_type})

        return answer

    def _counts(self, name: str, what: str, label: str, of: Iterable[str]) -> Counter:
        counter = Counter(name, what, [label], registry=self.registry)
        for value in (*of, OTHER):
            counter.labels(str(value))
        return counter

    def _gauges(
        self, name: str, what: str, label: str = "", of: Iterable[str] = ()
    ) -> Gauge:
        gauge = Gauge(name, what, [label] if label else [], registry=self.registry)
        for value in of:
            gauge.labels(str(value))
        return gauge

    def _histogram(self, name: str, what: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(name, what, registry=self.registry, buckets=buckets)


class IngestMetrics(Metrics):
    """What `carrier run` tells."""

    def __init__(self) -> None:
        super().__init__()
        self._results = self._counts(
            "likeness_results", "New results kept.", "verdict", Verdict
        )
        self._records = self._counts(
            "likeness_records", "Records handled.", "what", RECORDS
        )
        self._refused = self._counts(
            "likeness_records_refused", "Records refused, signed.", "reason", Problem
        )
        self._dropped = self._counts(
            "likeness_records_dropped", "Records without answer.", "reason", Problem
        )
        self._asks = self._counts("likeness_asks", "Asks handled.", "what", ASKS)
        self._alarms = self._counts(
            "likeness_alarms", "Alarms raised.", "kind", Problem
        )
        self._alarms_known: dict[str, int] = defaultdict(int)
        self._alarm_newest = self._gauges(
            "likeness_alarm_newest_timestamp_seconds",
            "When the newest alarm was raised; 0: there is none.",
            "kind",
            [*Problem, OTHER],
        )
        self._receipts = Counter(
            "likeness_receipts", "Receipts sent.", registry=self.registry
        )
        self._batch_seconds = self._histogram(
            "likeness_batch_seconds", "Handling of a batch.", BATCH_BUCKETS_S
        )
        self._batch_records = self._histogram(
            "likeness_batch_records", "Records in a batch.", SIZE_BUCKETS
        )
        self._commit_seconds = self._histogram(
            "likeness_commit_seconds", "Transaction of a batch.", BATCH_BUCKETS_S
        )
        self._waiting = self._gauges("likeness_waiting", "Messages that wait here.")
        self._waiting_oldest = self._gauges(
            "likeness_waiting_oldest_seconds", "Since when a batch is in work."
        )
        self._line_up = self._gauges("likeness_line_up", "1: there is a broker.")

    def record_came(self, what: str, *, verdict: str = "", count: int = 1) -> None:
        """Records were handled: `keeping.Kept.what`; new results' verdict."""
        self._records.labels(_of(RECORDS, what)).inc(count)
        if verdict and what in ("kept", "taken_after_all"):
            self._results.labels(_of(tuple(Verdict), verdict)).inc(count)

    def record_refused(self, reason: str) -> None:
        """A record was refused with a signed refusal, for this `Problem`."""
        self._records.labels("refused").inc()
        self._refused.labels(_of(tuple(Problem), reason)).inc()

    def record_dropped(self, reason: str) -> None:
        """A record got no answer, for this `Problem`: it may not be the terminal's."""
        self._records.labels("dropped").inc()
        self._dropped.labels(_of(tuple(Problem), reason)).inc()

    def ask_came(self, what: str) -> None:
        """An ask was handled: one of `ASKS`."""
        self._asks.labels(_of(ASKS, what)).inc()

    def receipts_went(self, count: int = 1) -> None:
        """So many signed receipts were handed to the line."""
        self._receipts.inc(count)

    def alarms_are(self, found: Mapping[str, tuple[int, int]]) -> None:
        """So many alarms of each kind stand in the database, the newest raised then."""
        for kind, (count, newest_utc_s) in found.items():
            label = _of(tuple(Problem), kind)
            self._alarms.labels(label).inc(max(0, count - self._alarms_known[kind]))
            self._alarm_newest.labels(label).set(newest_utc_s)
            self._alarms_known[kind] = count

    def batch_done(self, records: int, seconds: float) -> None:
        """A batch is answered: from the first of it being taken up to the receipts."""
        self._batch_seconds.observe(seconds)
        self._batch_records.observe(records)

    def committed(self, seconds: float) -> None:
        """The database has committed a batch; how long its transaction took."""
        self._commit_seconds.observe(seconds)

    def waits(self, count: int, oldest_s: float) -> None:
        """So many messages wait for their batch; the one in work is so old."""
        self._waiting.set(count)
        self._waiting_oldest.set(oldest_s)

    def line_is(self, *, up: bool) -> None:
        """The line to the broker is there, or not."""
        self._line_up.set(up)


class FleetMetrics(Metrics):
    """What `carrier fleet` tells."""

    def __init__(self) -> None:
        super().__init__()
        self._terminals = self._gauges(
            "likeness_terminals", "Terminals by state.", "state", STATES
        )
        self._clocks = self._gauges(
            "likeness_terminals_by_clock", "Terminals by clock.", "clock", CLOCKS
        )
        self._software = self._gauges(
            "likeness_terminals_by_software", "Terminals by version.", "software", ()
        )
        self._oldest = self._gauges(
            "likeness_terminals_outbox_oldest_seconds",
            "Age of the oldest unreceipted record of any terminal.",
        )
        self._waiting_longer = self._gauges(
            "likeness_terminals_waiting_longer",
            "Terminals with an unreceipted record older than so many seconds.",
            "than_seconds",
            map(str, LONGER_THAN_S),
        )
        self._clock_bad = self._gauges(
            "likeness_clock_bad_terminals", "Terminals whose clock is not set."
        )
        self._throttled = self._gauges(
            "likeness_throttled_terminals", "Terminals slowed for heat or supply."
        )
        self._pending = self._gauges(
            "likeness_desired_pending_terminals", "Terminals not yet as desired."
        )
        self._pending_oldest = self._gauges(
            "likeness_desired_pending_oldest_seconds", "How long the longest waits."
        )
        self._faulty = self._gauges(
            "likeness_faulty_terminals", "Terminals that report a fault."
        )
        self._hottest = self._gauges(
            "likeness_terminals_hottest_celsius", "The warmest processor."
        )
        self._unknown = Counter(
            "likeness_unknown_messages", "Messages unread.", registry=self.registry
        )

    def fleet_is(self, count: FleetCount) -> None:
        """The fleet stands so now."""
        for state in STATES:
            self._terminals.labels(state).set(count.states.get(state, 0))
        for clock in CLOCKS:
            self._clocks.labels(clock).set(count.clocks.get(clock, 0))
        self._clock_bad.set(
            sum(n for clock, n in count.clocks.items() if clock == "unsynced")
        )
        self._software.clear()
        for version, many in _largest(count.software):
            self._software.labels(version).set(many)
        self._oldest.set(max(count.oldest_s, default=0.0))
        for limit in LONGER_THAN_S:
            longer = sum(age > limit for age in count.oldest_s)
            self._waiting_longer.labels(str(limit)).set(longer)
        self._throttled.set(count.throttled)
        self._pending.set(count.pending)
        self._pending_oldest.set(count.pending_oldest_s)
        self._faulty.set(count.faulty)
        self._hottest.set(float("nan") if count.hottest_c is None else count.hottest_c)

    def message_unknown(self) -> None:
        """A message in the fleet's topics could not be read."""
        self._unknown.inc()


def _of(known: Iterable[str], value: str) -> str:
    return str(value) if value in known else OTHER


def _largest(versions: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the most frequent, and the rest as one."""
    by_count = sorted(versions.items(), key=lambda one: (-one[1], one[0]))
    kept, rest = by_count[:VERSIONS_AT_MOST], by_count[VERSIONS_AT_MOST:]
    shown = [(version[:64], many) for version, many in kept]
    return [*shown, (OTHER, sum(many for _, many in rest))] if rest else shown
