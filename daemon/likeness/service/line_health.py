"""Keeps in mind how good the line to the broker is, and says in the log what to do.

Leaves to others: sending, waiting, what the outbox makes of it.
"""

import logging
from collections import Counter

from likeness.core.line import MAX_PACKET_BYTES, BrokerDown, BrokerUp

log = logging.getLogger(__name__)

AROUND_BYTES = 256  # of a publish: its topic, its properties, its header


class LineHealth:
    """What the broker allows and refuses, for telemetry and for who sends."""

    def __init__(self, counts: Counter[str]) -> None:
        """Take the counters that telemetry shows."""
        self._counts = counts
        self._packet_bytes = MAX_PACKET_BYTES
        self.fault = ""  # why there is no good line, as a word; "" for none

    def came_up(self, up: BrokerUp) -> None:
        """Take note of a new line; one with a topic refused is no good one."""
        self._packet_bytes = up.packet_bytes
        self.fault = ""
        if up.refused:
            advice = "see the broker's access rules"
            self._tell("subscription_refused", ", ".join(up.refused), advice)

    def went_down(self, down: BrokerDown) -> None:
        """Take note of a line that ended, or that never came to be."""
        if down.fault is None:
            log.warning("event=broker_down why=%r", down.why)
        else:
            self._tell(down.fault.word, down.why, down.fault.advice)

    def takes(self, size: int) -> bool:
        """Say whether the broker takes a payload of so many bytes."""
        if size + AROUND_BYTES <= self._packet_bytes:
            return True
        log.error(
            "event=result_too_large size=%d limit=%d do='raise it at the broker'",
            size,
            self._packet_bytes,
        )
        return False

    def _tell(self, word: str, why: str, advice: str) -> None:
        self.fault = word
        self._counts[f"line_{word}"] += 1
        log.error("event=line_fault fault=%s why=%r do=%r", word, why, advice)
