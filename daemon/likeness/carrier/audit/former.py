"""Says how the chains of one device follow each other, and who came back older.

A new chain names the last record of the former one for which its terminal had a receipt
of ours. What that says of either side:

- it is our head: nothing is missing;
- it lies before our head, and the terminal says that it found itself an older copy, or
  should have had our receipt long before: the terminal came back as it was earlier;
- it lies beyond what is here: we have signed for what we do not have any more.

Leaves to others: each chain by itself (`chain`).
"""

from collections.abc import Callable, Sequence

from likeness.carrier.audit.findings import Finding, Kind, found, lasted, span
from likeness.carrier.audit.rows import Extent, Row
from likeness.core import jws, messages
from likeness.core.chain import EpochReason

# A terminal has its receipt within this, or sends again.
RECEIPTED_WITHIN_S = 900
Look = Callable[[str, int], Row | None]


def judge(
    begins: messages.EpochBegins, extents: Sequence[Extent], look: Look
) -> Finding | None:
    """Judge one beginning.

    Args:
        begins: row 0, well signed.
        extents: all chains of the device, in the order in which they came.
        look: gives the row at a place, if there is one.
    """
    own = next(one for one in extents if one.epoch == begins.epoch)
    former = begins.former
    if former is None:
        before = [one for one in extents if one.kept_first_s < own.kept_first_s]
        return _without(begins, before[-1]) if before else None
    row = look(former.epoch, former.seq)
    if row is None:
        return _restored(begins, former)
    if jws.chain_hash(row.token) != former.hash:
        said = (
            f"this chain says that another record stands at seq {former.seq} of epoch"
            f" {former.epoch[:8]} than the one here"
        )
        return found(Kind.FORK, begins.epoch, 0, said, (row.token,))
    beyond = look(former.epoch, former.seq + 1)
    if beyond is None or beyond.refusal:
        said = f"a new chain began{_reason(begins)}; the one before it is here whole"
        return found(Kind.NEW_EPOCH, begins.epoch, 0, said)
    chain = next(one for one in extents if one.epoch == former.epoch)
    return _behind(begins, former, chain, beyond, own)


def _behind(
    begins: messages.EpochBegins,
    former: messages.Former,
    chain: Extent,
    beyond: Row,
    own: Extent,
) -> Finding:
    """The terminal knew less of its former chain than we do."""
    upto = max(chain.taken_upto, former.seq + 1)
    more = f"{span(former.seq + 1, upto)} of epoch {former.epoch[:8]}"
    early_s = own.kept_first_s - beyond.kept_utc_s
    if begins.reason != EpochReason.FORKED and early_s < RECEIPTED_WITHIN_S:
        said = (
            f"a new chain began{_reason(begins)} before the terminal had a receipt for"
            f" {more}; these are here"
        )
        return found(Kind.NEW_EPOCH, begins.epoch, 0, said)
    said = (
        f"a new chain began{_reason(begins)} as if {more} had never been:"
        f" the first of these was here {lasted(early_s)} before; the terminal came"
        " back with an older copy of its database"
    )
    return found(Kind.ROLLBACK, begins.epoch, 0, said)


def _restored(begins: messages.EpochBegins, former: messages.Former) -> Finding:
    said = (
        f"the terminal has a receipt of ours for seq {former.seq} of epoch"
        f" {former.epoch[:8]}, and no such record is here: this database is older than"
        " its receipts"
    )
    return found(Kind.RESTORED, begins.epoch, 0, said)


def _without(begins: messages.EpochBegins, before: Extent) -> Finding:
    said = (
        f"a new chain began{_reason(begins)} that does not name the one before it:"
        f" the terminal knows nothing of epoch {before.epoch[:8]}, which is here up"
        f" to seq {before.taken_upto}"
    )
    return found(Kind.FORMER, begins.epoch, 0, said)


def _reason(begins: messages.EpochBegins) -> str:
    return f" (the terminal says: {begins.reason})" if begins.reason else ""
