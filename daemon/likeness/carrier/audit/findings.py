"""What an audit can find wrong: its name, one plain sentence, and what to do about it.

Leaves to others: finding it (`chain`, `former`, `doubles`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Each is one way in which what is kept is not what was signed and sent."""

    GAP = "gap"  # records are not here, and never were as far as is known
    DELETED = "deleted"  # records are not here, but were
    FORK = "fork"  # two records for one place, or for one predecessor
    LINK = "link"  # what was once taken does not follow its predecessor any more
    SIGNATURE = "signature"
    KEY = "key"  # an unknown one, or not good at this place
    TAMPERED = "tampered"  # our own tables say something else than the tokens
    ROLLBACK = "rollback"  # the terminal came back as an older copy of itself
    RESTORED = "restored"  # this database is older than what it has signed for
    FORMER = "former"  # a new chain that does not say how the one before it ended
    NEW_EPOCH = "new_epoch"  # a new chain that follows the whole former one


# Worth a look, and nothing is missing.
NOTED = frozenset({Kind.NEW_EPOCH})
_LET_SEND_AGAIN = (
    "see whether this database was restored from a copy; at the terminal, run"
    " 'likeness outbox --send-again --epoch {epoch} --after {before}'; what it has no"
    " more is lost, unless an export or another copy of this database holds it"
)
_RESTORE = (
    "compare with the last signed export and with copies of this database; restore"
    " what is missing, and find out who may write here"
)
_DO = {
    Kind.GAP: _LET_SEND_AGAIN,
    Kind.DELETED: f"{_RESTORE}; {_LET_SEND_AGAIN}",
    Kind.FORK: (
        "keep both records, they are the proof; ask the shop whether a memory card was"
        " copied or restored; if nobody did, its key is in other hands: take it out of"
        " the device's file and provision the terminal anew"
    ),
    Kind.LINK: _RESTORE,
    Kind.SIGNATURE: _RESTORE,
    Kind.KEY: (
        "if the key is the terminal's, put it into the device's file, and leave former"
        " keys there as long as their records are kept; else somebody pretends: take"
        " the terminal out of service"
    ),
    Kind.TAMPERED: (
        "the tokens are right, for they are signed; put the table right from them, and"
        " find out who may write here"
    ),
    Kind.ROLLBACK: (
        "ask the shop who restored its memory card, or copied it; what it recorded"
        " between is here and good; keep what is refused as evidence"
    ),
    Kind.RESTORED: (
        "this database was restored from a copy, or rows were deleted: take what is"
        " missing from a newer copy or export; else at the terminal, run 'likeness"
        " outbox --send-again'"
    ),
    Kind.FORMER: (
        "ask what happened to the terminal's memory card; a database that was set aside"
        " may hold records that nobody has: see 'likeness outbox' at the terminal"
    ),
    Kind.NEW_EPOCH: (
        "see 'likeness outbox' at the terminal: a database that was set aside may hold"
        " records that were not sent yet"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a person must look at, with its proof."""

    kind: Kind
    epoch: str
    seq: int
    said: str
    do: str
    evidence: tuple[str, ...] = field(default=(), repr=False)  # tokens


def found(
    kind: Kind, epoch: str, seq: int, said: str, evidence: tuple[str, ...] = ()
) -> Finding:
    """Build a finding; what to do follows from its kind."""
    do = _DO[kind].format(epoch=epoch, before=max(seq - 1, 0))
    return Finding(kind=kind, epoch=epoch, seq=seq, said=said, do=do, evidence=evidence)


def is_wrong(findings: Iterable[Finding]) -> bool:
    """Say whether any of them means that not all is whole."""
    return any(one.kind not in NOTED for one in findings)


def span(first: int, last: int) -> str:
    """Name one place, or all from the first to the last."""
    return f"seq {first}" if first == last else f"seq {first} to {last}"


def lasted(seconds: int) -> str:
    """Say how long something lasts, in the largest unit that fits."""
    for name, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{max(seconds, 0)} seconds"
