"""Hears what terminals ask and state: signed by a device's present key, or dropped.

Leaves to others: the visit's nonce (`store`), clocks (`dating`), statements and
questions (`answering`), publishing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from joserfc.jwk import ECKey

from likeness.carrier import verify
from likeness.carrier.answering import Answering
from likeness.carrier.store import CarrierStore
from likeness.carrier.verify import BadRecord, Problem
from likeness.carrier.words import CarrierWords, fresh_nonce
from likeness.core import asks, jws, messages
from likeness.errors import Untrusted

VISIT_EXPIRES_S = 30  # the terminal has gone on without by then
ANSWER_EXPIRES_S = 3600  # a statement is sent again
NUMBERS_EXPIRE_S = 15  # the visitor does not wait longer


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be published, and for how long the broker may keep it."""

    device: str
    leaf: str
    token: str = field(repr=False)
    expires_s: int


class AskDesk:
    """Gives each ask to who answers it; belongs on the store's thread."""

    def __init__(
        self,
        store: CarrierStore,
        words: CarrierWords,
        key: Callable[[str, str], ECKey],
        answering: Answering | None,
        counts: Counter[str],
    ) -> None:
        """Take who keeps, who signs, who finds a device's key, and the counters."""
        self._store = store
        self._words = words
        self._key = key
        self._answering = answering
        self._counts = counts

    def hear(self, device: str, token: bytes, now_s: int) -> Said | None:
        """Judge one ask; return what must be said.

        Raises:
            Untrusted: it is not this device's, or not what it should be.
        """
        types = (messages.ASK, messages.ANCHOR, *asks.KINDS)
        parsed = jws.parse(token, types=types)
        verify.check_signature(token, self._key(device, parsed.kid))
        if not self._store.is_current(device, parsed.kid):
            raise BadRecord(Problem.WRONG_KEY, "an ask by a key that was replaced")
        if parsed.typ == messages.ANCHOR:
            self._keep_anchor(device, token, parsed.payload, now_s)
            return None
        if parsed.typ == messages.ASK:
            visit = self._open_visit(device, parsed.payload, now_s)
            return Said(device, "visit", visit, VISIT_EXPIRES_S)
        return self._answer(device, parsed, token.decode("ascii"), now_s)

    def _answer(
        self, device: str, parsed: jws.Unverified, token: str, now_s: int
    ) -> Said | None:
        if self._answering is None:
            raise Untrusted("there is no answer.key among our keys: make one")
        self._counts["asks"] += 1
        answer = self._answering.hear(device, parsed, token, now_s)
        if answer is None:
            return None
        is_question = parsed.typ == asks.QUESTION
        expires_s = NUMBERS_EXPIRE_S if is_question else ANSWER_EXPIRES_S
        return Said(device, "answer", answer, expires_s)

    def _keep_anchor(
        self, device: str, token: bytes, payload: bytes, now_s: int
    ) -> None:
        anchor = messages.from_json(payload, messages.TimeAnchor)
        if anchor.iss != device or anchor.ask != messages.ASK_TIME_ANCHOR:
            raise Untrusted("an ask of another device, or of another kind")
        new = self._store.keep_anchor(device, anchor, token.decode("ascii"), now_s)
        self._counts["anchors"] += new

    def _open_visit(self, device: str, payload: bytes, now_s: int) -> str:
        ask = messages.from_json(payload, messages.Ask)
        if ask.iss != device or ask.ask != messages.ASK_VISIT:
            raise Untrusted("an ask of another device, or of another kind")
        issued = self._store.open_visit(device, ask, fresh_nonce(now_s))
        if issued.expires_utc_s < now_s or issued.used_by:
            raise Untrusted("an ask whose visit is over")
        return self._words.visit(device, issued, now_s)
