"""Signs what the carrier says: receipts, refusals, opened visits.

Each key is good for its own types only. Leaves to others: what is said, and when.
"""

import secrets
from pathlib import Path

from likeness.carrier import nonces
from likeness.core import jws, messages
from likeness.core.chain import Link
from likeness.core.vocabulary import Purpose
from likeness.edges.signer import FileSigner

RECEIPT_EXPIRES_S = 24 * 3600
VISIT_EXPIRES_S = 120


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
        return _signed(self._receipt, messages.to_json(claims), messages.RECEIPT)

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
        return _signed(self._receipt, messages.to_json(claims), messages.REFUSAL)

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
        return _signed(self._visit, messages.to_json(claims), messages.VISIT)


def fresh_nonce(now_s: int) -> nonces.Fresh:
    """Draw a nonce that nobody has yet."""
    return nonces.Fresh(jws.encode(secrets.token_bytes(32)), now_s + VISIT_EXPIRES_S)


def _signed(signer: FileSigner, claims: bytes, typ: str) -> str:
    return jws.compact(
        claims, alg=signer.alg, kid=signer.kid, typ=typ, sign=signer.sign
    )
