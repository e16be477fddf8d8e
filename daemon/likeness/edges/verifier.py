"""Judges what claims to come from the carrier: key, type, addressee, expiry.

- A key is good for its own types only: the receipt key cannot open a visit.
- The message must be for this device.
- Expiry is judged by the time that the caller gives: the least that it can be now, or
  none (the answer to a fresh question). In both cases the message still has to name our
  own record's hash (receipt) or our own fresh commitment (visit).

Leaves to others: whether the content fits what we did.
"""

from collections.abc import Collection
from pathlib import Path
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from likeness.core import asks, jws, messages, visit_orders
from likeness.edges import key_files
from likeness.errors import Untrusted

FromCarrier = TypeVar("FromCarrier", bound=messages.FromCarrier)


class CarrierVerifier:
    """Knows the carrier's keys for receipts and visits, and our own name."""

    def __init__(self, device: str, *, receipt_key: Path, visit_key: Path) -> None:
        """Read the keys.

        Raises:
            ConfigError: a file is missing or not a public P-256 key.
        """
        self._device = device
        self._receipt_key = _Key(receipt_key)
        self._visit_key = _Key(visit_key)

    def receipt(
        self, token: bytes, now_s: int | None
    ) -> messages.Receipt | messages.Refusal:
        """Check a receipt or a refusal.

        Raises:
            Untrusted: with what is wrong.
        """
        types = (messages.RECEIPT, messages.REFUSAL)
        parsed = self._receipt_key.check(token, types)
        if parsed.typ == messages.REFUSAL:
            return self._claims(parsed, messages.Refusal, now_s)
        return self._claims(parsed, messages.Receipt, now_s)

    def visit(self, token: bytes, now_s: int | None) -> messages.Visit:
        """Check the answer to an `ask`.

        Raises:
            Untrusted: with what is wrong.
        """
        parsed = self._visit_key.check(token, (messages.VISIT,))
        return self._claims(parsed, messages.Visit, now_s)

    def visit_order(self, token: bytes) -> jws.Unverified:
        """Take apart a start or cancel; all else about it is still to judge.

        Raises:
            Untrusted: the visit key has not signed it, or it is neither.
        """
        return self._visit_key.check(token, visit_orders.KINDS)

    def _claims(
        self, parsed: jws.Unverified, kind: type[FromCarrier], now_s: int | None
    ) -> FromCarrier:
        return _claims(parsed, kind, self._device, now_s)


class CarrierAnswers:
    """Knows the key that signs answers to statements and questions, and no other."""

    def __init__(self, device: str, answer_key: Path) -> None:
        """Read the key.

        Raises:
            ConfigError: the file is missing or not a public P-256 key.
        """
        self._device = device
        self._key = _Key(answer_key)

    def answer(self, token: bytes, now_s: int | None) -> asks.Answer:
        """Check an answer that is not sealed.

        Raises:
            Untrusted: with what is wrong.
        """
        parsed = self._key.check(token, (asks.ANSWER,))
        return _claims(parsed, asks.Answer, self._device, now_s)

    def numbers(self, token: bytes, now_s: int | None) -> asks.Numbers:
        """Check what was inside a sealed one.

        Raises:
            Untrusted: with what is wrong.
        """
        parsed = self._key.check(token, (asks.NUMBERS,))
        return _claims(parsed, asks.Numbers, self._device, now_s)


class CarrierOrders:
    """Knows the key that signs commands and desired configurations, and no other."""

    def __init__(self, command_key: Path) -> None:
        """Read the key.

        Raises:
            ConfigError: the file is missing or not a public P-256 key.
        """
        self._key = _Key(command_key)

    def order(self, token: bytes) -> jws.Unverified:
        """Take apart what this key has signed; all else about it is still to judge.

        Raises:
            Untrusted: with what is wrong.
        """
        return self._key.check(token, (messages.COMMAND, messages.DESIRED))


def _claims(
    parsed: jws.Unverified, kind: type[FromCarrier], device: str, now_s: int | None
) -> FromCarrier:
    claims = messages.from_json(parsed.payload, kind)
    if claims.aud != device:
        raise Untrusted("for another device")
    if now_s is not None and claims.exp < now_s:
        raise Untrusted(f"expired {now_s - claims.exp} s ago")
    return claims


class _Key:
    def __init__(self, path: Path) -> None:
        self._key = key_files.load_public(path)
        self._kid = key_files.public_jwk(self._key)["kid"]

    def check(self, token: bytes, types: Collection[str]) -> jws.Unverified:
        parsed = jws.parse(token, types=types)
        if parsed.kid != self._kid:
            raise Untrusted("signed with a key that is not for this type")
        half = jws.SIGNATURE_BYTES // 2
        signature = utils.encode_dss_signature(
            int.from_bytes(parsed.signature[:half], "big"),
            int.from_bytes(parsed.signature[half:], "big"),
        )
        try:
            self._key.verify(signature, parsed.signing_input, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as problem:
            raise Untrusted("the signature is bad") from problem
        return parsed
