"""Labels of terminals, and which terminals a short text chooses by them.

    region=south     has this label with this value
    ring!=canary     has it with another value, or has it not at all

Several are joined by "and". A label is a name and a value; each terminal has each name
at most once. Leaves to others: where labels are kept (`carrier.trust`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec

from likeness.errors import UsageError

LabelName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_.-]{0,31}$(?!\n)")]
LabelValue = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$(?!\n)")
]
Labels = Annotated[dict[LabelName, LabelValue], msgspec.Meta(max_length=32)]

_TERM = re.compile(
    r"([a-z][a-z0-9_.-]{0,31})(!?=)([A-Za-z0-9][A-Za-z0-9_.-]{0,63})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition."""

    name: str
    value: str
    wanted: bool  # False: "!="

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Say whether a terminal with these labels is meant."""
        return (labels.get(self.name) == self.value) is self.wanted


def read_term(text: str) -> Term:
    """Read one condition.

    Raises:
        UsageError: it is none.
    """
    found = _TERM.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"'{text}' chooses nothing: write label=value or label!=value, the label of"
            " a-z 0-9 _ . - and the value of A-Z a-z 0-9 _ . -"
        )
    name, sign, value = found.groups()
    return Term(name, value, wanted=sign == "=")


def choose(labels: Mapping[str, Mapping[str, str]], where: Iterable[str]) -> list[str]:
    """Return the devices that all conditions take, by name; none given: all devices.

    Args:
        labels: of each device.
        where: conditions, joined by "and".

    Raises:
        UsageError: a condition cannot be read, or no device has its label at all, or,
            under "!=", its value: a typing error there would choose everybody.
    """
    terms = [read_term(text) for text in where]
    known: dict[str, set[str]] = {}
    for one in labels.values():
        for name, value in one.items():
            known.setdefault(name, set()).add(value)
    for term in terms:
        if term.name not in known:
            has = f"known: {', '.join(sorted(known))}" if known else "none is known"
            raise UsageError(f"no device has the label '{term.name}'; {has}")
        if not term.wanted and term.value not in known[term.name]:
            has = ", ".join(sorted(known[term.name]))
            raise UsageError(
                f"no device has {term.name}={term.value}, so != would leave out nobody;"
                f" known: {has}"
            )
    return sorted(
        device
        for device, has in labels.items()
        if all(term.takes(has) for term in terms)
    )
