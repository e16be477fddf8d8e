"""Which numbers stand under a person's name, and how little of each leaves the carrier.

`NumberRegistry` is what a carrier's own system has to offer; the file here is a test's
and a small carrier's. Leaves to others: who may ask (`inquiries`), sealing.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol

import msgspec

from likeness import strict_toml
from likeness.core.messages import CardFacts, Person
from likeness.edges import key_files
from likeness.errors import ConfigError

STAR = "*"


@dataclass(frozen=True, slots=True)
class Registered:
    """One number under somebody's name, as the carrier keeps it."""

    number: str = field(repr=False)
    place: str = field(default="", repr=False)
    since: datetime.date | None = field(default=None, repr=False)
    kind: str = ""  # where numbers of several kinds may read the same


class NumberRegistry(Protocol):
    """The carrier's register of who holds which number."""

    def numbers_of(
        self, person: Person, card: CardFacts | None = None
    ) -> Sequence[Registered]:
        """Return all numbers of this person; an empty sequence: there is none.

        `card` says of which kind the document is, and who has issued it.
        """
        ...


def masked(number: str) -> str:
    """Return a number with enough of it hidden that it cannot be dialled.

    At least four digits are hidden; of eleven and more the first three and the last
    four show, of nine or ten three and two, of six to eight the last two, of fewer
    none. Other signs (spaces, "+", "-") are left out.
    """
    digits = [sign for sign in number if sign.isdecimal()]
    count = len(digits)
    head, tail = (3, 4) if count >= 11 else (3, 2) if count >= 9 else (0, 2)  # noqa: PLR2004
    if count < 6:  # noqa: PLR2004 - see above
        return STAR * max(count, 1)
    hidden = STAR * (count - head - tail)
    return "".join([*digits[:head], hidden, *digits[count - tail :]])


# --- the file -----------------------------------------------------------------------
class _Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: Annotated[str, msgspec.Meta(pattern=r"^[0-9+ -]{1,24}$(?!\n)")]
    place: Annotated[str, msgspec.Meta(max_length=32)] = ""
    since: datetime.date | None = None


class _Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    document: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    number: tuple[_Number, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    holder: tuple[_Holder, ...] = ()


class NumberFile:
    """A TOML file, read once: for tests and small carriers.

    [[holder]]
    document = "the number of the identity card"
    [[holder.number]]
    number = "13800000000"
    place = "Hangzhou"
    since = 2024-05-01
    """

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            ConfigError: it cannot be read, everybody else can, or a value is wrong.
        """
        key_files.read_secret(path, "file of numbers")
        self._by_document: dict[str, list[Registered]] = {}
        for holder in strict_toml.load(path, _File).holder:
            known = self._by_document.setdefault(_same(holder.document), [])
            known += [
                Registered(one.number, one.place, one.since) for one in holder.number
            ]
        if not self._by_document:
            raise ConfigError(f"{path}: names no [[holder]]")

    def numbers_of(
        self, person: Person, card: CardFacts | None = None
    ) -> Sequence[Registered]:
        """Return all numbers of the holder of this document, whoever issued it."""
        del card
        return self._by_document.get(_same(person.number), [])


def _same(document: str) -> str:
    """Cards and clerks differ in spaces and in the case of a last X."""
    return "".join(document.split()).upper()
