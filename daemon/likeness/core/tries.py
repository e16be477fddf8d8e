"""Counts failed tries with one card, so that nobody can practise on a terminal.

After so many refusals within the window the card's next visit goes to an attendant
(NIST SP 800-63B-4, use of biometrics, allows five failures in a row, ten with attack
detection). Cards are known by a keyed digest in memory, forgotten with the window.
Leaves to others: the verdict.
"""

import hashlib
import hmac

from likeness.core.vocabulary import Card, Conclusion, Reason, Verdict

# A visit that was referred for one of these is a try as well: who calls the attendant
# in the middle of the acts has also practised them.
PERSON_DOUBTS = frozenset(
    {
        Reason.ATTENDANT_ASKED,
        Reason.LIVENESS_IN_DOUBT,
        Reason.LIGHT_NOT_ANSWERED,
        Reason.MATCH_IN_DOUBT,
        Reason.ACT_NOT_SEEN,
    }
)

# Where the device itself was lost, the act that was not seen is nobody's failure. It
# weighs half, not nothing: who can pull a cable could else have acts drawn anew for
# ever. A covered lens (too dark, too slow) is a whole try: anybody can do that.
DEVICE_LOST = frozenset({Reason.CAMERA_LOST, Reason.FEED_UNREADABLE})
TRY, LOSS = 2, 1  # in halves of a try


class Tries:
    """The failed tries of the last minutes.

    Args:
        most: so many refusals are allowed.
        within_s: after so long without a refusal a card begins anew.
        key: random bytes; without them a digest tells nothing about a number.
    """

    def __init__(self, *, most: int, within_s: float, key: bytes) -> None:
        self._most = most
        self._within_s = within_s
        self._key = key
        self._failed: dict[bytes, tuple[int, float]] = {}

    def used_up(self, card: Card, now: float) -> bool:
        """Say whether this card had its tries; one without a number never has."""
        self._forget(now)
        return self._failed.get(self._digest(card), (0, now))[0] >= TRY * self._most

    def note(self, end: Conclusion, now: float, *, acted: bool) -> None:
        """Count a visit that is over; `acted`: its acts had begun."""
        if end.card is None:
            return
        lost = not DEVICE_LOST.isdisjoint(end.reasons)
        excused = {Reason.ACT_NOT_SEEN} if lost else set()
        doubted = not (PERSON_DOUBTS - excused).isdisjoint(end.reasons)
        if end.verdict is Verdict.ACCEPTED:
            self.succeeded(end.card)
        elif acted and (end.verdict is Verdict.REFUSED or doubted):
            self.failed(end.card, now)
        elif acted and lost:
            self._add(LOSS, end.card, now)

    def failed(self, card: Card, now: float) -> None:
        """Count a refusal."""
        self._add(TRY, card, now)

    def use_up(self, card: Card, now: float) -> None:
        """Let it have had all of them: visits that are known by what came of them."""
        self._add(TRY * self._most, card, now)

    def succeeded(self, card: Card) -> None:
        """Begin anew with this card."""
        self._failed.pop(self._digest(card), None)

    def _add(self, weight: int, card: Card, now: float) -> None:
        if not card.number:
            return
        digest = self._digest(card)
        self._failed[digest] = (self._failed.get(digest, (0, now))[0] + weight, now)

    def _digest(self, card: Card) -> bytes:
        said = f"{card.kind}\0{card.number}".encode()
        return hmac.digest(self._key, said, hashlib.sha256)

    def _forget(self, now: float) -> None:
        self._failed = {
            digest: (count, last)
            for digest, (count, last) in self._failed.items()
            if now - last < self._within_s
        }
