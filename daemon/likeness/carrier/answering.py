"""Answers what terminals state and ask, each answer signed, and sealed if it must be.

The answer key is good for these answers only. A list of numbers is signed first and
then sealed to the key that the terminal made for this one visit (RFC 7516), so that the
broker and whoever records it learn nothing. Leaves to others: what may be said
(`stated`, `inquiries`), publishing.
"""

import logging
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from likeness.carrier import inquiries, verify
from likeness.carrier.numbers import NumberRegistry
from likeness.carrier.store import CarrierStore
from likeness.carrier.words import signed
from likeness.core import asks, jws, messages
from likeness.edges import key_files, sealer
from likeness.edges.signer import FileSigner
from likeness.errors import Untrusted

log = logging.getLogger(__name__)

ANSWER_EXPIRES_S = 24 * 3600
NUMBERS_EXPIRE_S = 60
NOT_AVAILABLE = "not_available"


class Answering:
    """Holds the answer key and, where numbers are answered, what that needs."""

    def __init__(
        self,
        store: CarrierStore,
        *,
        answer_key: Path,
        person_key: Path | None = None,
        registry: NumberRegistry | None = None,
    ) -> None:
        """Read the keys; without person key or registry no numbers are answered.

        Raises:
            ConfigError: a file is missing, open to everybody, or not P-256.
        """
        self._store = store
        self._key = FileSigner(answer_key)
        self._person_key: ec.EllipticCurvePrivateKey | None = None
        if person_key is not None:
            self._person_key = key_files.load_private(person_key)
        self._registry = registry

    def hear(
        self, device: str, parsed: jws.Unverified, token: str, now_s: int
    ) -> str | None:
        """Return the answer to what is well signed; None: it cannot be judged yet.

        Raises:
            Untrusted: it is not what it should be; it gets no answer.
        """
        said = messages.from_json(parsed.payload, asks.KINDS[parsed.typ])
        if said.iss != device:
            raise Untrusted("an ask of another device")
        of = jws.chain_hash(token)
        if isinstance(said, asks.Question):
            return self._numbers(device, said, of, now_s)
        ruling = self._store.keep_statement(device, said, token, now_s)
        if ruling is None:
            log.info("event=statement_early device=%s seq=%d", device, said.result.seq)
            return None
        log.log(
            logging.INFO if ruling.outcome == "kept" else logging.WARNING,
            "event=statement_%s what=%s device=%s seq=%d reason=%s",
            ruling.outcome,
            said.ask,
            device,
            said.result.seq,
            ruling.reason or "none",
        )
        return self._answer(device, said, of, ruling.outcome, ruling.reason, now_s)

    def _numbers(
        self, device: str, asked: asks.Question, of: str, now_s: int
    ) -> str | None:
        verify.jwk_of(asked.key)  # a point on the curve, under its own name
        granted = self._store.grant(device, asked, of, now_s)
        if granted is None:
            return None
        found = granted if isinstance(granted, str) else self._look_up(granted)
        if isinstance(found, str) or isinstance(granted, str):
            why = found if isinstance(found, str) else NOT_AVAILABLE
            log.warning("event=numbers_refused device=%s reason=%s", device, why)
            return self._answer(device, asked, of, "refused", why, now_s)
        self._store.keep_inquiry(device, asked, of, granted, found, now_s)
        log.info("event=numbers_answered device=%s seq=%d", device, asked.result.seq)
        claims = asks.Numbers(
            aud=device,
            jti=granted.answer,
            iat=now_s,
            exp=now_s + NUMBERS_EXPIRE_S,
            ask=asked.jti,
            of=of,
            transaction=asked.transaction,
            key=asked.key.kid,
            numbers=list(found),
        )
        token = signed(self._key, _padded(claims), asks.NUMBERS)
        key = {
            name: getattr(asked.key, name) for name in ("kty", "crv", "x", "y", "kid")
        }
        return sealer.seal_to(key, token.encode())

    def _look_up(self, granted: inquiries.Granted) -> Sequence[asks.Number] | str:
        if self._person_key is None or self._registry is None:
            return NOT_AVAILABLE
        try:
            inside = sealer.open_sealed(granted.person, self._person_key)
            person = messages.from_json(inside, messages.Person)
        except Untrusted:
            return "person_not_readable"
        found = self._registry.numbers_of(person, granted.card)
        if len(found) > asks.NUMBERS_AT_MOST:
            return "too_many"
        return [inquiries.line(one, granted.salt) for one in found]

    def _answer(
        self,
        device: str,
        said: asks.Asked,
        of: str,
        outcome: Literal["kept", "refused"],
        reason: str,
        now_s: int,
    ) -> str:
        claims = asks.Answer(
            aud=device,
            jti=secrets.token_hex(16),
            iat=now_s,
            exp=now_s + ANSWER_EXPIRES_S,
            ask=said.jti,
            of=of,
            outcome=outcome,
            reason=reason,
        )
        return signed(self._key, messages.to_json(claims), asks.ANSWER)


def _padded(claims: asks.Numbers) -> bytes:
    """Return JSON of a length that says little of how many numbers there are."""
    bare = len(messages.to_json(msgspec.structs.replace(claims, pad="x"))) - 1
    pad = "x" * (-bare % asks.PAD_TO_BYTES or asks.PAD_TO_BYTES)
    return messages.to_json(msgspec.structs.replace(claims, pad=pad))
