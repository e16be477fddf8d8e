"""Keeps what reading ASN.1 can throw in one place: one error, whatever the bytes were.

The library reads lazily and says so in many classes of errors. Whoever reads takes all
fields out within `reading`, and hands on plain values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from asn1crypto import core

from likeness.errors import LikenessError

# What asn1crypto is known to raise on wrong bytes, at parsing and at each access.
_THROWN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class BadDer(LikenessError):
    """These bytes are not what they should be: names what, never the bytes."""


class Unsupported(LikenessError):
    """It may be right, but is made in a way that is not computed here."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn each error of reading into one.

    Raises:
        BadDer: reading went wrong.
    """
    try:
        yield
    except _THROWN as wrong:
        # Not chained: the library's texts quote the bytes.
        raise BadDer(f"{what} cannot be read ({type(wrong).__name__})") from None


def moment(value: core.Asn1Value) -> datetime:
    """Return a time with its zone; one that names none is UTC, as DER wants it.

    Raises:
        ValueError: it is no time that can be computed with (the year 0).
    """
    found = value.native
    if not isinstance(found, datetime):
        raise ValueError("no such time")  # noqa: TRY004 - as the library says it
    return found if found.tzinfo else found.replace(tzinfo=UTC)
