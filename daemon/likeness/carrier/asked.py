"""Hears what terminals ask and state: signed by a device's present key, or dropped.

Leaves to others: keeping anchors and opening visits (`asked_together`), statements and
questions (`answering`), publishing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from joserfc.jwk import ECKey

from likeness.carrier import verify
from likeness.carrier.answering import Answering
from likeness.carrier.asked_together import AnchorSaid, VisitAsked
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


@dataclass(frozen=True, slots=True)
class _Heard:
    """An ask that is well signed."""

    device: str
    parsed: jws.Unverified
    token: str = field(repr=False)


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

    def hear_all(
        self, asked: Sequence[tuple[str, bytes]], now_s: int
    ) -> list[Said | Untrusted | None]:
        """Judge asks (device, token); return what must be said to each, in order.

        An Untrusted says why one gets no answer; None: it asks for none. Anchors and
        visits are of many terminals at a time, and are kept together.
        """
        answers: dict[int, Said | Untrusted | None] = {}
        heard: dict[int, _Heard] = {}
        for place, (device, token) in enumerate(asked):
            try:
                heard[place] = self._check(device, token)
            except Untrusted as fault:
                answers[place] = fault
        devices = {one.device for one in heard.values()}
        old = self._store.replaced(devices) if devices else set()
        anchors: list[AnchorSaid] = []
        visits: dict[int, VisitAsked] = {}
        for place, one in heard.items():
            try:
                if (one.device, one.parsed.kid) in old:
                    why = "an ask by a key that was replaced"
                    raise BadRecord(Problem.WRONG_KEY, why)
                if one.parsed.typ == messages.ANCHOR:
                    anchors.append(_anchor(one))
                elif one.parsed.typ == messages.ASK:
                    visits[place] = _visit(one, now_s)
                else:
                    answers[place] = self._answer(
                        one.device, one.parsed, one.token, now_s
                    )
            except Untrusted as fault:
                answers[place] = fault
        if anchors:
            self._counts["anchors"] += self._store.keep_anchors(anchors, now_s)
        answers |= self._open(visits, now_s)
        return [answers.get(place) for place in range(len(asked))]

    def _check(self, device: str, token: bytes) -> _Heard:
        types = (messages.ASK, messages.ANCHOR, *asks.KINDS)
        parsed = jws.parse(token, types=types)
        verify.check_quickly(parsed, self._key(device, parsed.kid))
        return _Heard(device, parsed, token.decode("ascii"))

    def _open(
        self, visits: Mapping[int, VisitAsked], now_s: int
    ) -> dict[int, Said | Untrusted]:
        answers: dict[int, Said | Untrusted] = {}
        if not visits:
            return answers
        opened = self._store.open_visits(list(visits.values()))
        for (place, one), issued in zip(visits.items(), opened, strict=True):
            if issued.expires_utc_s < now_s or issued.used_by:
                answers[place] = Untrusted("an ask whose visit is over")
                continue
            token = self._words.visit(one.device, issued, now_s)
            answers[place] = Said(one.device, "visit", token, VISIT_EXPIRES_S)
        return answers

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


def _anchor(heard: _Heard) -> AnchorSaid:
    anchor = messages.from_json(heard.parsed.payload, messages.TimeAnchor)
    if anchor.iss != heard.device or anchor.ask != messages.ASK_TIME_ANCHOR:
        raise Untrusted("an ask of another device, or of another kind")
    return AnchorSaid(heard.device, anchor, heard.token)


def _visit(heard: _Heard, now_s: int) -> VisitAsked:
    ask = messages.from_json(heard.parsed.payload, messages.Ask)
    if ask.iss != heard.device or ask.ask != messages.ASK_VISIT:
        raise Untrusted("an ask of another device, or of another kind")
    return VisitAsked(heard.device, ask, fresh_nonce(now_s))
