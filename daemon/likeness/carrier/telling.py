"""Tells what became of what came: one line for each batch, one for each doubt.

Thousands of plain results each second need no line each: the database lists them.
Leaves to others: alarms, which the store tells as it raises them (`alarms`).
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence

from likeness.carrier.keeping import Kept
from likeness.carrier.metrics import IngestMetrics
from likeness.carrier.verify import BadRecord, Problem
from likeness.core.line import Arrived
from likeness.core.line_faults import LineFault
from likeness.errors import Untrusted

log = logging.getLogger(__name__)


class Telling:
    """Counts, logs, and brings the metrics up to date."""

    def __init__(self, metrics: IngestMetrics | None = None) -> None:
        """Begin at 0; without metrics only log and counts are kept."""
        self.metrics = metrics or IngestMetrics()
        self.counts: Counter[str] = Counter()

    def line_up(self, refused: Sequence[str]) -> None:
        """The line stands; topics that the broker refused are an error."""
        self.metrics.line_is(up=True)
        if not refused:
            log.info("event=broker_up")
            return
        self.counts["line_subscription_refused"] += 1
        log.error("event=subscription_refused topics=%r", refused)

    def line_down(self, why: str, fault: LineFault | None) -> None:
        """The line is gone."""
        self.metrics.line_is(up=False)
        if fault is None:
            log.warning("event=broker_down why=%r", why)
            return
        self.counts[f"line_{fault.word}"] += 1
        log.error(
            "event=line_fault fault=%s why=%r do=%r", fault.word, why, fault.advice
        )

    def dropped(self, message: Arrived, fault: Untrusted) -> None:
        """A message gets no answer: it may not be the terminal's."""
        self.counts["dropped"] += 1
        problem = fault.problem if isinstance(fault, BadRecord) else Problem.MALFORMED
        if message.topic.endswith("/ask"):
            self.metrics.ask_came("dropped")
        else:
            self.metrics.record_dropped(problem)
        log.warning(
            "event=message_dropped topic=%r size=%d why=%r",
            message.topic[:128],
            len(message.payload),
            str(fault),
        )

    def committed(self, seconds: float) -> None:
        """The records of a batch are kept."""
        self.metrics.committed(seconds)

    def batch(self, all_kept: Sequence[Kept], receipts: int, began_s: float) -> None:
        """A batch is answered; `began_s` by `time.perf_counter`."""
        came: Counter[tuple[str, str]] = Counter()
        for kept in all_kept:
            came[kept.what, getattr(kept.record.claims, "verdict", "")] += 1
            counted = "new" if kept.new else "fork" if kept.fork else "again"
            self.counts[counted] += 1
            if kept.fork or kept.wrong_key or kept.record.refusal:
                self._doubtful(kept)
        for (what, verdict), count in came.items():
            self.metrics.record_came(what, verdict=verdict, count=count)
        took_s = time.perf_counter() - began_s
        self.metrics.receipts_went(receipts)
        self.metrics.batch_done(len(all_kept), took_s)
        if came:
            kinds: Counter[str] = Counter()
            for (what, _), count in came.items():
                kinds[what] += count
            said = " ".join(f"{what}={kinds[what]}" for what in sorted(kinds))
            ms = round(1000 * took_s)
            log.info("event=batch %s receipts=%d ms=%d", said, receipts, ms)

    def _doubtful(self, kept: Kept) -> None:
        one = kept.record
        if one.refusal:
            self.metrics.record_refused(one.refusal)
        log.error(
            "event=%s device=%s epoch=%s seq=%d verdict=%s refusal=%s",
            kept.what,
            one.device,
            one.epoch,
            one.seq,
            getattr(one.claims, "verdict", "none"),
            one.refusal or "none",
        )
