"""The one form of a number and of a document, and what stands for a person.

What can be written in two ways must be known in one, or it is bound twice. Leaves to
others: who holds what (`carrier.register`), where the key is.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from likeness.core.vocabulary import CardKind

DIGITS_AT_MOST = 15  # of a number, ITU-T E.164
LINE_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_@")
LINE_AT_MOST = 24  # signs of a line's name


class Kind(StrEnum):
    """What a number is for."""

    MOBILE = "mobile"
    INTERNET = "internet"


def normal_number(number: str, kind: Kind, country: str = "") -> str | None:
    """Return the one form in which a number is known; None: it is none.

    A telephone number is written in digits; spaces, hyphens and brackets are left out,
    and one 0 before it, which is dialled within a country and not from abroad. With the
    carrier's `country` its international forms are known as well; without, and for
    other countries, they are none: one number must not be bound twice.
    """
    bare = "".join(sign for sign in number if sign not in " -()")
    if kind is Kind.INTERNET:
        bare = number.strip()
        known = all(sign in LINE_SIGNS or _is_digit(sign) for sign in bare)
        return bare.upper() if known and 0 < len(bare) <= LINE_AT_MOST else None
    for prefix in ("+", "00"):
        if bare.startswith(prefix):
            code = prefix + country
            if not country or not bare.startswith(code):
                return None
            bare = bare.removeprefix(code)
            break
    bare = bare.removeprefix("0")
    fits = 0 < len(bare) <= DIGITS_AT_MOST and not bare.startswith("0")
    return bare if fits and all(map(_is_digit, bare)) else None


def _is_digit(sign: str) -> bool:
    return sign in "0123456789"


def document_of(kind: str, issuer: str, number: str) -> str | None:
    """Return the one name of a document, to be digested; None: it tells nobody.

    A Chinese number is the person's for life, whichever office issued the card; that of
    another country's document is the document's, unique within its issuing state.
    """
    same = "".join(unicodedata.normalize("NFKC", number).split()).upper()
    if not same or kind == CardKind.BENCH or "\0" in same:
        return None
    if kind in (CardKind.ICAO_ID, CardKind.ICAO_PASSPORT):
        state = "".join(issuer.split()).upper()
        return "\0".join((kind, state, same)) if state else None
    known: Iterable[str] = (
        CardKind.RESIDENT,
        CardKind.HK_MACAO_TAIWAN,
        CardKind.FOREIGNER_2017,
        CardKind.FOREIGNER_2023,
    )
    return f"cn\0{same}" if kind in known else None


def person_digest(key: bytes, document: str) -> str:
    """Return what stands for a person: HMAC-SHA-256 (RFC 2104), in hex.

    Without the key nobody can try all numbers of a country against it.
    """
    return hmac.digest(key, b"person\0" + document.encode(), hashlib.sha256).hex()


def number_digest(key: bytes, kind: Kind, number: str) -> str:
    """Return what stands for a number that somebody asks for, in hex."""
    message = f"number\0{kind}\0{number}".encode()
    return hmac.digest(key, message, hashlib.sha256).hex()
