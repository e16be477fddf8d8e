"""Signs what the carrier says: receipts, refusals, opened visits, orders.

Each key is good for its own types only. Leaves to others: what is said, and when.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

import msgspec

from likeness.carrier import nonces
from likeness.core import desired, jws, messages, orders
from likeness.core.chain import Link
from likeness.core.vocabulary import Purpose
from likeness.edges.signer import FileSigner

RECEIPT_EXPIRES_S = 24 * 3600
VISIT_EXPIRES_S = 120


@dataclass(frozen=True, slots=True)
class Life:
    """From when until when an order is good; seconds since 1970."""

    issued_s: int
    expires_s: int


class CarrierWords:
    """Holds the two signing keys."""

    def __init__(self, *, receipt_key: Path, visit_key: Path) -> None:
        """Read the keys.

        Raises:
            ConfigError: a file is missing, open to everybody, or not P-256.
        """
        self._receipt = FileSigner(receipt_key)
        self._visit = FileSigner(visit_key)

    def receipt(self, device: str, upto: Link, now_s: int) -> str:
        """Say that all records of the epoch up to here are kept."""
        claims = messages.Receipt(
            aud=device,
            jti=secrets.token_hex(16),
            iat=now_s,
            exp=now_s + RECEIPT_EXPIRES_S,
            epoch=upto.epoch,
            upto=upto.seq,
            head=upto.hash,
        )
        return signed(self._receipt, messages.to_json(claims), messages.RECEIPT)

    def refusal(self, device: str, record: Link, reason: str, now_s: int) -> str:
        """Say that this one record will never be taken."""
        claims = messages.Refusal(
            aud=device,
            jti=secrets.token_hex(16),
            iat=now_s,
            exp=now_s + RECEIPT_EXPIRES_S,
            epoch=record.epoch,
            seq=record.seq,
            hash=record.hash,
            reason=reason,
        )
        return signed(self._receipt, messages.to_json(claims), messages.REFUSAL)

    def visit(self, device: str, issued: nonces.Issued, now_s: int) -> str:
        """Say that this visit is open, with its nonce."""
        claims = messages.Visit(
            aud=device,
            jti=secrets.token_hex(16),
            iat=now_s,
            exp=issued.expires_utc_s,
            counter=issued.counter,
            transaction=issued.transaction,
            purpose=Purpose(issued.purpose),
            nonce=issued.nonce,
            commitment=issued.commitment,
        )
        return signed(self._visit, messages.to_json(claims), messages.VISIT)


class OrderWords:
    """Holds the key that orders are signed with; it need not be where results go."""

    def __init__(self, command_key: Path) -> None:
        """Read the key.

        Raises:
            ConfigError: the file is missing, open to everybody, or not P-256.
        """
        self._key = FileSigner(command_key)

    def command(
        self, device: str, epoch: str, counter: int, action: orders.Action, life: Life
    ) -> str:
        """Order one thing, once, of one terminal."""
        claims = orders.Command(
            aud=device,
            jti=secrets.token_hex(16),
            iat=life.issued_s,
            exp=life.expires_s,
            counter=counter,
            epoch=epoch,
            command=msgspec.Raw(msgspec.json.encode(action)),
        )
        return signed(self._key, messages.to_json(claims), messages.COMMAND)

    def desired(
        self, device: str, version: int, overrides: orders.Overrides, life: Life
    ) -> str:
        """Say which configuration one terminal shall have."""
        config = messages.to_json(overrides)
        claims = orders.Desired(
            aud=device,
            jti=secrets.token_hex(16),
            iat=life.issued_s,
            exp=life.expires_s,
            version=version,
            digest=desired.digest_of(config),
            config=msgspec.Raw(config),
        )
        return signed(self._key, messages.to_json(claims), messages.DESIRED)


def fresh_nonce(now_s: int) -> nonces.Fresh:
    """Draw a nonce that nobody has yet.

    A database that is lost or restored must not bring old counters back: a terminal
    takes none twice. So they begin at the clock, with room for 1000 visits a second.
    """
    return nonces.Fresh(
        nonce=jws.encode(secrets.token_bytes(32)),
        expires_utc_s=now_s + VISIT_EXPIRES_S,
        counter=now_s * 1000,
    )


def signed(signer: FileSigner, claims: bytes, typ: str) -> str:
    """Return a token of the carrier's."""
    return jws.compact(
        claims, alg=signer.alg, kid=signer.kid, typ=typ, sign=signer.sign
    )
