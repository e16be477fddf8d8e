"""What may follow what: which bundle of models may be taken, and what is kept of it.

- A bundle is taken only if its number is above that of the last one accepted; that one
  itself may be taken again, unless it had to be given back.
- It must be made for this daemon, this machine and this variant of the models.
- A new set is on trial: it goes back if it is started again and again without living;
  a start that is stopped in order is none of these.
- What a way back leads to is the last set that passed its trial, or the packaged one.

Leaves to others: signatures and freshness (`edges.tuf_source`), the disk
(`edges.model_sets`), when a trial is passed (`core.health_window`).
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from likeness.errors import UpdateRefused

# In Python "$" also stands before a line feed at the end; a digest holds none.
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6}){0,3}$(?!\n)")]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Text = Annotated[str, msgspec.Meta(max_length=1000)]

PACKAGED = ""  # in place of a digest: the set that came with the program
STARTS = 3  # so many in a row, none of them lived: the set cannot be started


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What the publisher signs beside a bundle's digest and length.

    Unknown members are let through: `min_daemon` says what must be understood.
    """

    number: Number  # grows with every bundle, never goes back
    min_daemon: Version
    variants: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1)]
    machines: tuple[Word, ...] = ()  # as `uname -m` says; empty: any


class Offer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bundle as the verified metadata describes it."""

    digest: Digest  # SHA-256 of the bundle file
    length: Count  # bytes
    bundle: Bundle


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the set in use has proved itself."""

    starts: Count = 0  # in a row that neither lived nor were stopped in order
    lived: bool = False  # one run was up for long enough
    visits: Count = 0  # in which a face was seen
    blind: Count = 0  # in which none was


class Returned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last set that was given back, and why."""

    digest: Digest
    number: Count
    why: Text


class Ledger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that decides which set is used; kept in one file, replaced as a whole."""

    accepted: Count = 0  # the highest number that was ever switched to
    accepted_digest: str = ""
    current: str = PACKAGED
    previous: str = PACKAGED
    trial: Trial | None = None  # of the current set; None: it has passed
    returned: Returned | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """What a bundle must fit."""

    software: str
    machine: str
    variant: str


def is_here(offer: Offer, ledger: Ledger) -> bool:
    """Say whether the offered set is the one in use."""
    return offer.digest == ledger.current


def refuse_unfit(offer: Offer, ledger: Ledger, here: Here) -> None:
    """Refuse a bundle that may not follow what was accepted, or does not fit here.

    Raises:
        UpdateRefused: with what is wrong.
    """
    bundle = offer.bundle
    _refuse_older(offer, ledger)
    if _parts(bundle.min_daemon) > _parts(here.software):
        raise UpdateRefused(
            f"bundle {bundle.number} is too new for this daemon: it needs likeness"
            f" {bundle.min_daemon}, this is {here.software}; update the daemon first"
        )
    if bundle.machines and here.machine not in bundle.machines:
        raise UpdateRefused(
            f"bundle {bundle.number} is for other hardware:"
            f" {', '.join(bundle.machines)}, this is {here.machine}"
        )
    if here.variant not in bundle.variants:
        raise UpdateRefused(
            f"bundle {bundle.number} holds the variants"
            f" {', '.join(bundle.variants)}; models.variant is '{here.variant}'"
        )


def switch(offer: Offer, ledger: Ledger) -> Ledger:
    """Put a tested set in use, on trial."""
    # While a trial goes on, the way back still leads to what passed before it.
    previous = ledger.previous if ledger.trial else ledger.current
    return Ledger(
        accepted=offer.bundle.number,
        accepted_digest=offer.digest,
        current=offer.digest,
        previous=previous,
        trial=Trial(),
        returned=ledger.returned,
    )


def start(ledger: Ledger) -> Ledger:
    """Count a start, before anything is loaded; after too many, go back."""
    trial = ledger.trial
    if trial is None:
        return ledger
    if trial.starts >= STARTS:
        why = f"it was started {trial.starts} times and never stayed up"
        return go_back(ledger, ledger.current, why)
    counted = msgspec.structs.replace(trial, starts=trial.starts + 1)
    return msgspec.structs.replace(ledger, trial=counted)


def ended_in_order(ledger: Ledger, digest: str) -> Ledger:
    """Take back the count of a start that served and was stopped; it passes nothing."""
    trial = ledger.trial
    if ledger.current != digest or trial is None:
        return ledger
    return keep(
        ledger, digest, msgspec.structs.replace(trial, starts=max(0, trial.starts - 1))
    )


def keep(ledger: Ledger, digest: str, trial: Trial) -> Ledger:
    """Keep how far a trial has come, if it is still that of the current set."""
    if ledger.current != digest or ledger.trial is None:
        return ledger
    return msgspec.structs.replace(ledger, trial=trial)


def confirm(ledger: Ledger, digest: str) -> Ledger:
    """End the trial of this set: it has passed."""
    if ledger.current != digest:
        return ledger
    return msgspec.structs.replace(ledger, trial=None)


def go_back(ledger: Ledger, digest: str, why: str) -> Ledger:
    """Give this set back, if it is still the current one; the number stays accepted."""
    if ledger.current != digest or digest == PACKAGED:
        return ledger
    number = ledger.accepted if digest == ledger.accepted_digest else 0
    return msgspec.structs.replace(
        ledger,
        current=ledger.previous,
        previous=PACKAGED,
        trial=None,
        returned=Returned(digest=digest, number=number, why=why[:1000]),
    )


def _refuse_older(offer: Offer, ledger: Ledger) -> None:
    number = offer.bundle.number
    returned = ledger.returned
    if returned is not None and offer.digest == returned.digest:
        raise UpdateRefused(
            f"bundle {number} was tried here and given back: {returned.why};"
            " publish a mended one under a higher number"
        )
    if number < ledger.accepted:
        raise UpdateRefused(
            f"bundle {number} is older than bundle {ledger.accepted}, which was"
            " accepted here: refused as rolled back"
        )
    if number == ledger.accepted and offer.digest != ledger.accepted_digest:
        raise UpdateRefused(
            f"bundle {number} is not the bundle {number} that was accepted here:"
            " a changed bundle needs a higher number"
        )


def _parts(version: str) -> tuple[int, ...]:
    """`0.4.0` → (0, 4); a suffix such as `.dev1` counts as its release."""
    parts = []
    for part in version.split("."):
        if not (part.isascii() and part.isdigit()):
            break
        parts.append(int(part))
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
