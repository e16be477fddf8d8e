"""What a terminal says of itself: birth, status, telemetry, and its time anchor.

Leaves to others: the line, the records, what the facts are.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from likeness.core import messages
from likeness.service.anchoring import Anchoring
from likeness.service.ports import Clock, WallClock

log = logging.getLogger(__name__)

# A PUBACK does not say that the carrier was there, so an anchor is said again.
ANCHOR_AGAIN_S = 3600.0

Facts = Mapping[str, object]  # flat: names to numbers, text, lists or maps


class Publish(Protocol):
    """Hands one message over; returns its number, or None while there is no line."""

    def __call__(
        self, leaf: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> int | None:
        """Publish on one of our topics."""
        ...


class Presence:
    """Speaks through `publish`; what cannot be said now is said on the next line."""

    def __init__(
        self,
        publish: Publish,
        *,
        clock: Clock,
        wall: WallClock,
        anchoring: Anchoring,
        birth: Callable[[], Facts],
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._wall = wall
        self._anchoring = anchoring
        self._birth = birth
        self._anchor: bytes | None = None  # what was said last on this line
        self._anchor_again_s = 0.0

    def introduce(self) -> None:
        """Say who is there, on a new line."""
        self.say_birth()
        self._say_status("online")
        self._anchor = None
        self.say_anchor()

    def say_birth(self) -> None:
        """Say what this terminal is; retained."""
        self._publish("birth", messages.to_json(dict(self._birth())), retain=True)

    def say_telemetry(self, snapshot: Facts) -> None:
        """Say how things stand; nobody needs to have heard it."""
        self._publish("telemetry", messages.to_json(dict(snapshot)), qos=0)

    def say_anchor(self) -> None:
        """Say what time it is, once for each time that the clock was set."""
        token, now = self._anchoring.current(), self._clock.now()
        if token is None or (token == self._anchor and now < self._anchor_again_s):
            return
        if self._publish("ask", token) is not None:
            self._anchor, self._anchor_again_s = token, now + ANCHOR_AGAIN_S

    def say_stopping(self) -> int | None:
        """Say goodbye; return the message's number."""
        return self._say_status("stopping")

    def _say_status(self, status: str) -> int | None:
        said = messages.Status(status=status, boot=self._wall.moment().boot)
        return self._publish("status", messages.to_json(said), retain=True)
