"""Tells the carrier, signed, which second of this boot was which time.

The same token is given until the clock is set anew, so that it can be sent again on
each connection: the carrier keeps it once. Leaves to others: when it is due and what
follows from it (`core.dating`), sending.
"""

import logging

from likeness.core import dating
from likeness.core.vocabulary import Moment
from likeness.errors import KeyLost
from likeness.service.notary import Notary
from likeness.service.ports import WallClock

log = logging.getLogger(__name__)


class Anchoring:
    """Holds the anchor of this boot."""

    def __init__(self, notary: Notary, wall: WallClock) -> None:
        """Take who signs, and a clock whose quality can be believed."""
        self._notary = notary
        self._wall = wall
        self._said: Moment | None = None
        self._token: bytes | None = None

    def current(self) -> bytes | None:
        """Return the signed anchor; None as long as the clock was never set."""
        now = self._wall.moment()
        if dating.is_due(self._said, now):
            try:
                self._token = self._notary.time_anchor(now).encode()
            except KeyLost as fault:  # with the key the next turn comes
                log.warning("event=anchor_not_signed why=%s", fault)
                return self._token
            self._said = now
            log.info("event=time_anchor utc_s=%d quality=%s", now.utc_s, now.quality)
        return self._token
