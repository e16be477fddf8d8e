"""Signs what is not a visit's result: a new epoch, a new key, questions, statements.

Leaves to others: results (`recording`), keeping, sending.
"""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from likeness.core import asks, jws, messages, orders, report
from likeness.core.chain import ChainHead, EpochReason, Link
from likeness.core.commands import Answer
from likeness.core.report import DeviceFacts
from likeness.core.time_floor import RTC
from likeness.core.vocabulary import Moment, Purpose
from likeness.errors import Untrusted, UsageError
from likeness.service.ports import WallClock
from likeness.service.ports_carrier import Signer


class Notary:
    """Signs in the name of one device."""

    def __init__(self, facts: DeviceFacts, *, signer: Signer, clock: WallClock) -> None:
        self._facts = facts
        self._signer = signer
        self._clock = clock

    def begin_epoch(
        self, head: ChainHead, former: Link | None, reason: EpochReason | None = None
    ) -> str:
        """Return the signed row 0 of a new chain."""
        claims = report.begin_epoch(
            facts=self._facts,
            moment=self._clock.moment(),
            head=head,
            former=former,
            reason=reason,
        )
        return self._signed(claims, messages.EPOCH)

    def change_key(
        self, head: ChainHead, new: Signer, still_open: Iterable[Link]
    ) -> str:
        """Return the record after which `new` signs: signed by both.

        Args:
            head: its place.
            new: the new key.
            still_open: the last record of each other epoch that waits for a receipt.
        """
        proof = jws.compact(
            report.key_proof(facts=self._facts, head=head, former=self._signer.kid),
            alg=new.alg,
            kid=new.kid,
            typ=messages.KEY_PROOF,
            sign=new.sign,
        )
        claims = report.key_change(
            facts=self._facts,
            moment=self._clock.moment(),
            head=head,
            key=new.public_jwk(),
            new_key_tier=new.key_tier,
            proof=proof,
            still_open=still_open,
        )
        return self._signed(claims, messages.KEY)

    def sign_with(self, new: Signer) -> None:
        """Sign with this key from now on: the chain says that it has changed."""
        self._signer = new
        self._facts = replace(self._facts, key_tier=new.key_tier)

    def ask_visit(self, *, commitment: str, transaction: str, purpose: Purpose) -> str:
        """Return the signed request for a visit's nonce."""
        claims = messages.Ask(
            iss=self._facts.device,
            jti=secrets.token_hex(16),
            iat=self._clock.moment().utc_s,
            ask=messages.ASK_VISIT,
            commitment=commitment,
            transaction=transaction,
            purpose=purpose,
        )
        return self._signed(messages.to_json(claims), messages.ASK)

    def time_anchor(self, moment: Moment) -> str:
        """Return the signed word that the clock is set, and to what."""
        claims = messages.TimeAnchor(
            iss=self._facts.device,
            jti=secrets.token_hex(16),
            iat=moment.utc_s,
            ask=messages.ASK_TIME_ANCHOR,
            boot=moment.boot,
            mono_ms=moment.mono_ms,
            utc_s=moment.utc_s,
            quality="rtc" if moment.quality == RTC else "ntp",
        )
        return self._signed(messages.to_json(claims), messages.ANCHOR)

    def reply(self, answer: Answer) -> str:
        """Return the signed word on what became of a command."""
        claims = orders.Reply(
            iss=self._facts.device,
            jti=secrets.token_hex(16),
            iat=self._clock.moment().utc_s,
            command=answer.asked.jti,
            of=answer.asked.of,
            outcome=answer.outcome,
            reason=answer.reason[: orders.REASON_CHARS],
            result=answer.result,
        )
        return self._signed(messages.to_json(claims), messages.REPLY)

    # Any: the members of the kind that is meant; they are checked against its type.
    def ask(
        self, typ: str, jti: str, transaction: str, result: Link, **claims: Any
    ) -> str:
        """Return a signed statement or question about a result.

        Args:
            typ: which of `asks.KINDS`.
            jti: its name.
            transaction: the visit's.
            result: what the visit came to.
            **claims: what this kind says besides.

        Raises:
            UsageError: a claim is out of its bounds; the text names it.
        """
        moment = self._clock.moment()
        said = asks.KINDS[typ](
            iss=self._facts.device,
            jti=jti,
            iat=moment.utc_s,
            transaction=transaction,
            result=asks.At(epoch=result.epoch, seq=result.seq, hash=result.hash),
            boot=moment.boot,
            mono_ms=moment.mono_ms,
            time_quality=moment.quality,
            **claims,
        )
        try:
            payload = messages.to_json(said)
            messages.from_json(payload, asks.KINDS[typ])
        except (Untrusted, UnicodeEncodeError) as fault:
            raise UsageError(f"this cannot be stated: {fault}") from fault
        return self._signed(payload, typ)

    def ask_again(self, token: str) -> str:
        """Return it signed by the key that signs now, with what it says unchanged.

        The carrier takes no statement by a key that was replaced.
        """
        parsed = jws.parse(token, types=asks.KINDS)
        if parsed.kid == self._signer.kid:
            return token
        return self._signed(parsed.payload, parsed.typ)

    def _signed(self, claims: bytes, typ: str) -> str:
        signer = self._signer
        return jws.compact(
            claims, alg=signer.alg, kid=signer.kid, typ=typ, sign=signer.sign
        )
