"""The machine readable zone of a travel document, read and checked; what opens a chip.

Three forms (ICAO 9303-5 TD1, 9303-6 TD2, 9303-4 TD3). Names stay as they are
transliterated, wrong check digits are named and never mended, and no sign is taken for
a like one: an O is no 0. Leaves to others: where the fields stand (`mrz_layout`), the
century of a day (`mrz_days`), what a doubt leads to (`chip_card`), the keys that are
made of an access key (`chip.bac`, `chip.pace`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from likeness.core.mrz_days import DAY_SIZE, FILLER
from likeness.core.mrz_layout import BY_SIZE, KEY_LINES, LAYOUTS, Layout, MrzFormat
from likeness.errors import LikenessError

SIGNS = re.compile("[A-Z0-9<]*")
NUMBER_SIZE = 9  # of a document number; a longer one goes on in the optional data
NUMBER_MOST = 22  # nine, and what the optional data of TD1 hold besides a check digit
CAN_SIZE = 6
WEIGHTS = (7, 3, 1)  # ICAO 9303-3 clause 4.9


class BadMrz(LikenessError):
    """This is no machine readable zone or access key; says which line or check.

    `line` counts from 1 as printed; 0: none in particular.
    """

    def __init__(
        self, text: str, *, line: int = 0, check: "MrzCheck | None" = None
    ) -> None:
        super().__init__(text)
        self.line = line
        self.check = check


class MrzCheck(StrEnum):
    """What a check digit stands behind."""

    NUMBER = "number"
    BIRTH = "birth"
    EXPIRY = "expiry"
    OPTIONAL = "optional"  # TD3 only
    COMPOSITE = "composite"


KEY_CHECKS = (MrzCheck.NUMBER, MrzCheck.BIRTH, MrzCheck.EXPIRY)


@dataclass(frozen=True, slots=True)
class Mrz:
    """What the lines say; days as YYMMDD, with `<` where they are not known."""

    form: MrzFormat
    code: str  # kind of document, "P", "ID"
    issuer: str
    nationality: str = field(repr=False)
    number: str = field(repr=False)
    surname: str = field(repr=False)  # the primary identifier
    given: str = field(repr=False)  # the secondary identifier; may be empty
    birth: str = field(repr=False)
    sex: str = field(repr=False)  # M, F, or < where it is not stated
    expiry: str = field(repr=False)
    optional: str = field(repr=False)
    number_check: str = field(repr=False)
    wrong: tuple[MrzCheck, ...]  # whose check digits do not hold

    @property
    def name(self) -> str:
        """Both identifiers: surname, given names."""
        return f"{self.surname}, {self.given}" if self.given else self.surname

    @property
    def information(self) -> str:
        """What keys are made of (ICAO 9303-11 clause 4.3.2): three fields, checked."""
        return _information(self.number, self.number_check, self.birth, self.expiry)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What opens a chip: MRZ information, or the card access number; one of the two."""

    mrz_information: str = field(default="", repr=False)
    can: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse both and neither."""
        if bool(self.mrz_information) == bool(self.can):
            raise BadMrz("an access key is either of the MRZ or a CAN")

    @classmethod
    def from_mrz(cls, text: str) -> "AccessKey":
        """Take what was typed or scanned: all lines, or those that the key needs.

        Raises:
            BadMrz: with the line or the check digit that is wrong. The composite digit
                is not asked: what opens a chip is behind the three others.
        """
        found = read_typed(text)
        for check in KEY_CHECKS:
            if check in found.wrong:
                line = 1 if (found.form, check) == (MrzFormat.TD1, KEY_CHECKS[0]) else 2
                what = f"line {line}: the check digit of the {check} is wrong"
                raise BadMrz(what, line=line, check=check)
        return cls(mrz_information=found.information)

    @classmethod
    def from_can(cls, text: str) -> "AccessKey":
        """Take the six digits that are printed on the card.

        Raises:
            BadMrz: there are others.
        """
        can = "".join(text.split())
        if len(can) != CAN_SIZE or not (can.isascii() and can.isdigit()):
            raise BadMrz("the card access number (CAN) has six digits")
        return cls(can=can)

    @classmethod
    def from_parts(cls, number: str, birth: str, expiry: str) -> "AccessKey":
        """Take the document number and two days, YYMMDD; check digits are computed.

        Raises:
            BadMrz: with what is wrong.
        """
        number = _tidy(number).rstrip(FILLER)
        if not number or len(number) > NUMBER_MOST or not SIGNS.fullmatch(number):
            raise BadMrz("a document number has letters and digits")
        for name, day in (("birth", birth), ("expiry", expiry)):
            if not re.fullmatch(f"[0-9<]{{{DAY_SIZE}}}", _tidy(day)):
                raise BadMrz(f"the day of {name} is six digits, YYMMDD")
        padded = number.ljust(NUMBER_SIZE, FILLER)
        check = str(check_digit(padded))
        return cls(_information(number, check, _tidy(birth), _tidy(expiry)))


def check_digit(signs: str) -> int:
    """Compute a check digit, weights 7 3 1 (ICAO 9303-3 clause 4.9)."""
    values = (0 if sign == FILLER else int(sign, 36) for sign in signs)
    return sum(value * WEIGHTS[at % 3] for at, value in enumerate(values)) % 10


def parse(signs: str) -> Mrz:
    """Read all lines, one behind the other, as a chip holds them.

    Raises:
        BadMrz: it has another size, or other signs than A–Z, 0–9 and `<`.
    """
    form = BY_SIZE.get(len(signs))
    if form is None:
        raise BadMrz(f"an MRZ has 72, 88 or 90 signs, not {len(signs)}")
    return _parse(form, signs)


def read_typed(text: str) -> Mrz:
    """Read what a person or a scanner entered; line ends, spaces and case are free.

    The lines with names may be left out: then the names are empty, and the composite
    check of what is there still holds.

    Raises:
        BadMrz: with the line that is wrong, where it can be told.
    """
    lines = [line for line in map(_tidy, text.splitlines()) if line]
    signs = "".join(lines)
    if len(signs) in BY_SIZE:
        return parse(signs)
    if len(signs) in KEY_LINES:
        form, before, behind = KEY_LINES[len(signs)]
        return _parse(form, FILLER * before + signs + FILLER * behind)
    widths = [layout.width for layout in LAYOUTS.values()]
    for count, line in enumerate(lines, start=1):
        if len(lines) > 1 and len(line) not in widths:
            raise BadMrz(f"line {count} has {len(line)} signs", line=count)
    raise BadMrz(f"an MRZ has 72, 88 or 90 signs, not {len(signs)}")


def _tidy(text: str) -> str:
    return "".join(text.split()).upper()


def _information(number: str, check: str, birth: str, expiry: str) -> str:
    days = "".join(f"{day}{check_digit(day)}" for day in (birth, expiry))
    return number.ljust(NUMBER_SIZE, FILLER) + check + days


def _parse(form: MrzFormat, signs: str) -> Mrz:
    layout = LAYOUTS[form]
    for line in range(layout.lines):
        start = line * layout.width
        if not SIGNS.fullmatch(signs[start : start + layout.width]):
            what = f"line {line + 1} has a sign that is not A-Z, 0-9 or <"
            raise BadMrz(what, line=line + 1)
    number, check, optional = _number(form, signs)
    surname, _, given = signs[layout.name].rstrip(FILLER).partition(FILLER * 2)
    optional = f"{optional}{signs[layout.more]}".strip(FILLER)
    return Mrz(
        form=form,
        code=signs[:2].rstrip(FILLER),
        issuer=signs[2:5].rstrip(FILLER),
        nationality=signs[layout.nationality].rstrip(FILLER),
        number=number,
        surname=_words(surname),
        given=_words(given),
        birth=signs[layout.birth],
        sex=signs[layout.sex],
        expiry=signs[layout.expiry],
        optional=optional,
        number_check=check,
        wrong=tuple(_wrong(layout, signs, number, check)),
    )


def _words(name: str) -> str:
    return " ".join(name.replace(FILLER, " ").split())


def _number(form: MrzFormat, signs: str) -> tuple[str, str, str]:
    """Return the whole document number, its check digit and the other optional data.

    A number of more than nine signs goes on in the optional data, its check digit
    behind it, and has a filler in the digit's place (ICAO 9303-5 and
    9303-6, notes of clause 4.2.2). A passport has none.
    """
    layout = LAYOUTS[form]
    number, optional = signs[layout.number], signs[layout.optional]
    check = signs[layout.number.stop]
    rest, _, behind = optional.partition(FILLER)
    if form is MrzFormat.TD3 or check != FILLER or len(rest) < len("0") * 2:
        return number.rstrip(FILLER), check, optional
    return number + rest[:-1], rest[-1], behind


def _wrong(layout: Layout, signs: str, number: str, check: str) -> Iterator[MrzCheck]:
    checked = {
        MrzCheck.NUMBER: (number, check),
        MrzCheck.BIRTH: (signs[layout.birth], signs[layout.birth.stop]),
        MrzCheck.EXPIRY: (signs[layout.expiry], signs[layout.expiry.stop]),
        MrzCheck.COMPOSITE: (
            "".join(signs[part] for part in layout.composed),
            signs[layout.composite],
        ),
    }
    if layout.optional_check:
        optional, digit = signs[layout.optional], signs[layout.optional_check]
        # Where there is nothing to check, a filler may stand (ICAO 9303-4 note).
        if optional.strip(FILLER) or digit != FILLER:
            checked[MrzCheck.OPTIONAL] = (optional, digit)
    for name, (covered, digit) in checked.items():
        if digit != str(check_digit(covered)):
            yield name
