"""A device's life as a chain: where the next signed record goes, and what is before it.

Each epoch begins with the database that keeps it. Row 0 is a signed epoch record, the
results follow from 1, and each carries the hash of the record before it. Leaves to
others: hashing (`jws.chain_hash`), keeping, signing.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The place that the next record takes."""

    epoch: str  # 32 hexadecimal digits
    seq: int  # 0 is the epoch record
    prev: str  # base64url SHA-256 of the record before; empty for the epoch record


@dataclass(frozen=True, slots=True)
class Link:
    """One record that exists, known by its place and its hash."""

    epoch: str
    seq: int
    hash: str


class EpochReason(StrEnum):
    """Why a new epoch began though there was one before; the carrier is told."""

    DATABASE_BROKEN = "database_broken"  # it was set aside
    FORKED = "forked"  # the carrier knows another life of this epoch


@dataclass(frozen=True, slots=True)
class Stored:
    """A signed record that is safe on disk."""

    epoch: str
    seq: int
    token: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record without a receipt, and when it was made by the wall clock."""

    link: Link
    made_utc_s: int


def record_id(head: ChainHead) -> str:
    """Return the `jti` of the record at this place: the same place, the same name."""
    return f"{head.epoch}.{head.seq}"
