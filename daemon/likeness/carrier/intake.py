"""Judges and keeps one batch of what terminals sent: one commit, then what to say.

A record that is well signed but not for this carrier, or of another life of its chain,
is refused, signed; one that is not well signed gets no answer, since it may not be the
terminal's. Belongs on the store's thread. Leaves to others: the line and its PUBACKs
(`ingest`), places (`keeping_batch`), what is asked and stated (`asked`), telling.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from joserfc.jwk import ECKey

from likeness.carrier import verify
from likeness.carrier.answering import Answering
from likeness.carrier.asked import AskDesk, Said
from likeness.carrier.incoming import Incoming
from likeness.carrier.keeping import Kept
from likeness.carrier.store import CarrierStore
from likeness.carrier.telling import Telling
from likeness.carrier.trust import Trust
from likeness.carrier.unknown_keys import UnknownKeys
from likeness.carrier.verify import BadRecord, Problem, Record
from likeness.carrier.words import CarrierWords
from likeness.core import jws, messages
from likeness.core.chain import Link
from likeness.core.line import Arrived
from likeness.core.vocabulary import Environment
from likeness.errors import Untrusted


@dataclass(slots=True)
class Outcome:
    """What a batch came to: what to publish after the commit, and what to tell."""

    kept: list[Kept] = field(default_factory=list)
    receipts: list[tuple[str, str]] = field(default_factory=list)  # device, token
    said: list[Said] = field(default_factory=list)


class Intake:
    """Whom to believe, where to keep, what to say; see `Ingest` for each."""

    def __init__(
        self,
        store: CarrierStore,
        trust: Trust,
        words: CarrierWords,
        environment: Environment,
        answering: Answering | None,
        telling: Telling,
    ) -> None:
        self._store = store
        self._trust = trust
        self._words = words
        self._environment = environment
        self._telling = telling
        self._unknown_keys = UnknownKeys()
        self._asks = AskDesk(store, words, self._key, answering, telling.counts)

    def handle(self, batch: Sequence[Arrived], now_s: int) -> Outcome:
        """Judge and keep a batch, in one commit; return what must be said then."""
        outcome = Outcome()
        incoming: list[Incoming] = []
        asked: list[tuple[str, Arrived]] = []  # after the results that they are about
        for message in batch:
            try:
                device, leaf = messages.device_and_leaf(message.topic)
                if leaf == "ask":
                    asked.append((device, message))
                elif leaf == "result":
                    incoming.append(self._judge(device, message.payload, now_s))
                    if isinstance(incoming[-1].claims, messages.KeyChange):
                        self._keep(incoming, now_s, outcome)  # what follows needs it
                        incoming = []
            except Untrusted as fault:
                self._telling.dropped(message, fault)
        self._keep(incoming, now_s, outcome)
        if asked:
            self._hear(asked, now_s, outcome)
        return outcome

    def _hear(
        self, asked: Sequence[tuple[str, Arrived]], now_s: int, outcome: Outcome
    ) -> None:
        tokens = [(device, message.payload) for device, message in asked]
        answers = self._asks.hear_all(tokens, now_s)
        for (_, message), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Untrusted):
                self._telling.dropped(message, answer)
            elif answer is not None:
                outcome.said.append(answer)

    def _keep(self, incoming: list[Incoming], now_s: int, outcome: Outcome) -> None:
        if not incoming:
            return
        began_s = time.perf_counter()
        all_kept, chains = self._store.keep(incoming, now_s)
        self._telling.committed(time.perf_counter() - began_s)
        outcome.kept += all_kept
        for kept in all_kept:
            one = kept.record
            if kept.wrong_key:
                continue  # whoever signed it is not the one to answer
            if refusal := Problem.FORK if kept.fork else one.refusal:
                place = Link(one.epoch, one.seq, one.hash)
                said = self._words.refusal(one.device, place, refusal, now_s)
                outcome.receipts.append((one.device, said))
        for chain in chains:
            said = self._words.receipt(chain.device, chain.upto, now_s)
            outcome.receipts.append((chain.device, said))

    def _judge(self, device: str, token: bytes, now_s: int) -> Incoming:
        """Return the record, or a well signed one with the reason to refuse it."""
        parsed = verify.parse(token)
        try:
            key = self._key(device, parsed.kid)
        except BadRecord as fault:
            if fault.problem is Problem.UNKNOWN_KEY and (
                stranger := self._unknown_keys.seen(device, parsed.kid, now_s)
            ):
                self._store.raise_unknown_key(stranger, token.decode("ascii"), now_s)
            raise
        verify.check_quickly(parsed, key)
        try:
            record = verify.judge_claims(parsed, token)
        except BadRecord as fault:
            place = verify.place_in(parsed.payload)
            if place is None:
                raise
            return Incoming(
                device=device,
                epoch=place.epoch,
                seq=place.seq,
                hash=jws.chain_hash(token),
                token=token.decode("ascii"),
                refusal=fault.problem,
            )
        return Incoming(
            device=device,
            epoch=record.claims.epoch,
            seq=record.claims.seq,
            hash=record.hash,
            token=record.token,
            claims=record.claims,
            refusal=self._refusal(device, record),
        )

    def _refusal(self, device: str, record: Record) -> str:
        claims = record.claims
        if claims.iss != device:
            return Problem.WRONG_DEVICE
        allowed = self._trust.allows(device, claims.environment)
        if claims.environment is not self._environment or not allowed:
            return Problem.WRONG_ENVIRONMENT
        return ""

    def _key(self, device: str, kid: str) -> ECKey:
        key = self._trust.key(device, kid)
        if key is not None:
            return key
        changed = self._store.changed_key(device, kid)
        if changed is not None:
            return verify.jwk_of(changed)
        known = self._trust.knows(device)
        raise BadRecord(Problem.UNKNOWN_KEY if known else Problem.UNKNOWN_DEVICE)
