"""Prints a machine readable zone: fields → two or three lines, with check digits.

Layouts of ICAO 9303-4 (TD3), -5 (TD1) and -6 (TD2). A document number of more than
nine characters goes on in the optional data (TD1, TD2). Leaves to others: reading one.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Form = Literal["td1", "td2", "td3"]
NUMBER_SIZE = 9
FILLER = "<"


@dataclass(frozen=True, slots=True)
class Document:
    """What is printed on a document; all of it is invented."""

    form: Form
    code: str  # of the document: P, I, AC …
    issuer: str  # three letters
    number: str = field(repr=False)
    surname: str = field(repr=False)
    given: str = field(repr=False)
    nationality: str
    birth: str = field(repr=False)  # yymmdd, << where unknown
    sex: str = field(repr=False)  # M, F or <
    expiry: str = field(repr=False)  # yymmdd
    optional: str = field(default="", repr=False)


def mrz(document: Document) -> tuple[str, ...]:
    """Return the lines.

    Raises:
        ValueError: a field is longer than its place, or has a sign that no zone has.
    """
    match document.form:
        case "td1":
            return _td1(document)
        case "td2":
            return _two_lines(document, width=36, code=2)
        case "td3":
            return _two_lines(document, width=44, code=2)


def mrz_information(document: Document) -> str:
    """Return what opens the chip: number, birth and expiry, each with its check."""
    number = _filled("number", document.number, max(NUMBER_SIZE, len(document.number)))
    parts = (number, document.birth, document.expiry)
    return "".join(part + check_digit(part) for part in parts)


def six_digits(day: date) -> str:
    """Return a day as the zone prints it."""
    return f"{day:%y%m%d}"


def check_digit(text: str) -> str:
    """Return the check digit, weights 7 3 1 (ICAO 9303-3 clause 4.9)."""
    worth = (0 if sign == FILLER else int(sign, 36) for sign in text)
    return str(sum(value * (7, 3, 1)[at % 3] for at, value in enumerate(worth)) % 10)


def _td1(document: Document) -> tuple[str, ...]:
    number, rest = _number_and_rest(document)
    first = (
        _filled("code", document.code, 2)
        + _filled("issuer", document.issuer, 3)
        + number
        + _filled("optional", rest + document.optional, 15)
    )
    second = (
        _checked(document.birth)
        + document.sex
        + _checked(document.expiry)
        + _filled("nationality", document.nationality, 3)
        + FILLER * 11
    )
    composite = first[5:] + second[:7] + second[8:15] + second[18:]
    return first, second + check_digit(composite), _name(document, 30)


def _two_lines(document: Document, width: int, code: int) -> tuple[str, ...]:
    number, rest = _number_and_rest(document)
    if rest and document.form == "td3":
        raise ValueError("number is longer than 9 characters")
    first = (
        _filled("code", document.code, code)
        + _filled("issuer", document.issuer, 3)
        + _name(document, width - code - 3)
    )
    if document.form == "td3":
        optional = _filled("optional", document.optional, 14)
        optional += check_digit(optional) if document.optional else FILLER
    else:
        optional = _filled("optional", rest + document.optional, 7)
    second = (
        number
        + _filled("nationality", document.nationality, 3)
        + _checked(document.birth)
        + document.sex
        + _checked(document.expiry)
        + optional
    )
    composite = second[:10] + second[13:20] + second[21:]
    return first, second + check_digit(composite)


def _number_and_rest(document: Document) -> tuple[str, str]:
    """Return ten characters, and what of a long number goes elsewhere."""
    number = document.number
    if len(number) <= NUMBER_SIZE:
        return _checked(_filled("number", number, NUMBER_SIZE)), ""
    rest = number[NUMBER_SIZE:] + check_digit(number) + FILLER
    return _filled("number", number[:NUMBER_SIZE], NUMBER_SIZE) + FILLER, rest


def _checked(text: str) -> str:
    return text + check_digit(text)


def _name(document: Document, size: int) -> str:
    given = document.given.upper().replace(" ", FILLER)
    surname = document.surname.upper().replace(" ", FILLER)
    # A name that is too long is cut, as issuers do (ICAO 9303-3 clause 4.6).
    return _filled("name", f"{surname}<<{given}"[:size], size)


def _filled(name: str, text: str, size: int) -> str:
    text = text.upper()
    if len(text) > size:
        raise ValueError(f"{name} is longer than {size} characters")
    if not all(sign == FILLER or (sign.isascii() and sign.isalnum()) for sign in text):
        raise ValueError(f"{name} has a sign that is not A-Z, 0-9 or <")
    return text + FILLER * (size - len(text))
