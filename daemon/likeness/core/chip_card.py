"""What a chip said and what was proved of it → the one card record.

A group that the security object does not vouch for says nothing here. What does not
fit becomes a doubt: reported, never mended. Leaves to others: the proofs
(`chip.examination`), what concerns lead to (`session`), the portrait's decoding.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from unicodedata import category

from likeness.core import data_groups
from likeness.core.card_fields import Unreadable
from likeness.core.card_trouble import Trouble
from likeness.core.data_groups import BadGroup, Details, UnsupportedGroup
from likeness.core.mrz import Mrz
from likeness.core.mrz_days import birth_day, expiry_day, is_unknown
from likeness.core.mrz_layout import MrzFormat
from likeness.core.vocabulary import Card, CardDoubt, CardKind, Reason, Sex

SEXES = {"M": Sex.MALE, "F": Sex.FEMALE, "<": Sex.NOT_STATED, "X": Sex.NOT_STATED}
EVIDENCE = ("SOD", "DG1", "DG2", "DG11", "DG14", "DG15")  # in this order
# What is wrong with a card of which no field can be believed.
TROUBLES = {
    Reason.CARD_TAMPERED: Trouble.CARD_TAMPERED,
    Reason.CARD_UNSUPPORTED: Trouble.CARD_UNSUPPORTED,
}
# What an operator may choose to let pass; all else is not for choosing (decision 25).
MAY_BE_WAIVED = frozenset({Reason.ISSUER_NOT_VERIFIED, Reason.SIGNER_EXPIRED})


@dataclass(frozen=True, slots=True)
class Examination:
    """What was proved of one chip, and what was not."""

    checked: tuple[str, ...]  # facts that hold
    unchecked: tuple[str, ...]  # facts that do not, each with why: "fact:why"
    concerns: tuple[Reason, ...]  # what that means for the verdict
    # Files whose hash is in the security object, by short name, and that object.
    groups: Mapping[str, bytes] = field(repr=False)


def to_card(
    examination: Examination,
    today: date,
    reader_id: str = "",
    *,
    waived: frozenset[Reason] = frozenset(),
) -> Card | Unreadable:
    """Make the card record.

    Args:
        examination: what `chip.examination` found.
        today: gives two-digit years their century.
        reader_id: which reader it was read with.
        waived: concerns that the operator lets pass; they stay in `unchecked`.

    Raises:
        ValueError: something is waived that may not be.
    """
    if not waived <= MAY_BE_WAIVED:
        raise ValueError("only an issuer or a signer's time can be waived")
    groups = examination.groups
    if "DG1" not in groups:
        return Unreadable(_trouble(examination), "DG1" if "SOD" in groups else "SOD")
    try:
        found = data_groups.read_dg1(groups["DG1"])
    except BadGroup:
        return Unreadable(Trouble.CARD_INCONSISTENT, "DG1")
    if not found.number or not found.name:
        return Unreadable(Trouble.CARD_INCONSISTENT, "MRZ")
    details = _details(groups)
    portrait, why_none = _portrait(groups)
    card = _card(found, details or Details(), today)
    return replace(
        card,
        portrait_record=portrait,
        evidence_sha256=evidence(groups),
        doubts=tuple(_doubts(found, details, card, today)),
        checked=examination.checked,
        unchecked=(*examination.unchecked, *why_none),
        concerns=tuple(c for c in examination.concerns if c not in waived),
        reader_id=reader_id,
    )


def evidence(groups: Mapping[str, bytes]) -> str:
    """Return the SHA-256, in hex, of what was read and is vouched for.

    Over SOD, DG1, DG2, DG11, DG14 and DG15 in this order, those that there are, each
    whole with its tag and length, one behind the other.
    """
    return sha256(b"".join(groups.get(name, b"") for name in EVIDENCE)).hexdigest()


def _trouble(examination: Examination) -> Trouble:
    found = (TROUBLES[one] for one in examination.concerns if one in TROUBLES)
    return next(found, Trouble.CARD_INCONSISTENT)


def _details(groups: Mapping[str, bytes]) -> Details | None:
    """Return what DG11 says, nothing where there is none; None: it is broken."""
    if "DG11" not in groups:
        return Details()
    try:
        return data_groups.read_dg11(groups["DG11"])
    except BadGroup:
        return None


def _portrait(groups: Mapping[str, bytes]) -> tuple[bytes, tuple[str, ...]]:
    """Return the first image that can be read, or why there is none."""
    if "DG2" not in groups:
        return b"", ("portrait:not_vouched_for",)
    try:
        return data_groups.read_dg2(groups["DG2"])[0].image, ()
    except UnsupportedGroup:
        return b"", ("portrait:unsupported_encoding",)
    except BadGroup:
        return b"", ("portrait:broken",)


def _card(found: Mrz, details: Details, today: date) -> Card:
    passport = found.form is MrzFormat.TD3
    return Card(
        kind=CardKind.ICAO_PASSPORT if passport else CardKind.ICAO_ID,
        number=found.number,
        # As its bearer writes it, where the chip has it; else as transliterated.
        name=details.name or found.name,
        other_name=found.name if details.name else "",
        sex=SEXES.get(found.sex, Sex.UNKNOWN),
        birth=_full_birth(details) or birth_day(found.birth, today),
        valid_to=expiry_day(found.expiry, today),
        issuer=found.issuer,
        nationality=found.nationality,
    )


def _full_birth(details: Details) -> date | None:
    """Return DG11's day; None: there is none, or parts of it are zeros (unknown)."""
    try:
        return date.fromisoformat(details.birth) if details.birth else None
    except ValueError:
        return None


def _doubts(
    found: Mrz, details: Details | None, card: Card, today: date
) -> Iterator[CardDoubt]:
    if found.wrong:
        yield CardDoubt.CHECK_DIGIT
    stated = not is_unknown(found.birth)
    other = details is not None and details.birth[2:] not in ("", found.birth)
    to_come = card.birth is not None and card.birth > today  # of DG11, with a century
    if to_come or (stated and (card.birth is None or other)):
        yield CardDoubt.BIRTH
    if found.sex not in SEXES:
        yield CardDoubt.SEX
    if card.valid_to is None:
        yield CardDoubt.EXPIRY
    if details is None:
        yield CardDoubt.DETAILS
    if any(category(sign) == "Co" for sign in card.name):  # private use
        yield CardDoubt.NAME_PRIVATE_USE
