"""What was read out of one chip, raw, and how the way in was.

Leaves to others: reading it (`reading`), what it says (`core.data_groups`), what of it
can be believed (`examination`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Access(StrEnum):
    """How the chip let us in."""

    PACE = "pace"
    BAC = "bac"  # the chip offers nothing better
    BAC_DOWNGRADE = "bac_downgrade"  # it offered PACE, which failed


@dataclass(frozen=True, slots=True)
class ActiveProof:
    """A challenge of ours and what the chip signed (ICAO 9303-11 clause 6.1).

    An empty response: the chip has a key for it in DG15 and would not sign.
    """

    challenge: bytes
    response: bytes = field(repr=False)


class ChipProof(StrEnum):
    """Whether chip authentication (ICAO 9303-11 clause 6.2) was held."""

    NOT_OFFERED = "not_offered"  # DG14 names no key for it
    UNSUPPORTED = "unsupported"  # DG14 names one that we do not know how to use
    PROVED = "proved"  # the chip went on under the new keys
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ChipRecord:
    """Files of one chip as they were read; all of it is personal data.

    `files` is keyed by the file's short name: COM, SOD, DG1, DG2, DG11, DG14, DG15,
    CardAccess. A file that the chip does not have is not in it.
    """

    access: Access
    files: Mapping[str, bytes] = field(repr=False)
    active: ActiveProof | None = None
    chip: ChipProof = ChipProof.NOT_OFFERED
