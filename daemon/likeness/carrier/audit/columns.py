"""Compares what the carrier's tables say of a record with what was signed.

What stands in the tables is what figures, the register and receipts go by, and nobody
has signed it; so each column is computed anew. Leaves to others: the tokens themselves
(`chain`).
"""

import json

import msgspec

from likeness.carrier import keeping, verify
from likeness.carrier.audit.keys import KeyBook
from likeness.carrier.audit.rows import Row
from likeness.carrier.incoming import Incoming
from likeness.carrier.verify import Record
from likeness.core import jws, messages
from likeness.core.chain import Link
from likeness.errors import Untrusted


def doubt(row: Row, record: Record | None) -> str:
    """Say which columns of a row do not say what its token says.

    A column that this database does not have is not asked for.
    """
    own = jws.chain_hash(row.token)
    wrong = [] if row.hash == own else ["hash"]
    claims = record.claims if record else None
    if claims is not None and row.prev is not None:
        told = Incoming(row.device, row.epoch, row.seq, own, row.token, claims)
        kept = row._mapping
        # A refusal is the carrier's own word: the terminal has not signed it.
        wrong += [
            name
            for name, value in keeping.judged_row(told).items()
            if name in kept and name != "refusal" and kept[name] != value
        ]
    if not wrong:
        return ""
    return f"at seq {row.seq} the table differs from the token in: {', '.join(wrong)}"


def doubt_head(head: Link | None, whole: Link, newest: int, *, is_whole: bool) -> str:
    """Say in what the table of heads differs from the records; "" if in nothing.

    Args:
        head: as the table has it; None: not at all.
        whole: the last record up to which nothing is broken.
        newest: the place of the newest record.
        is_whole: nothing is broken up to that one either.
    """
    upto = head.seq if head else -1
    if head is not None and upto == whole.seq and head.hash != whole.hash:
        return f"the head in the table, at seq {upto}, is not that record's hash"
    if is_whole and upto < whole.seq == newest:
        return (
            f"the head in the table stands at seq {upto}, though all is whole up to"
            f" seq {whole.seq}"
        )
    return ""


def doubt_change(row: Row, keys: KeyBook) -> str:
    """Say in what a row of key changes differs from the token at its place."""
    at = f"the table of key changes, at seq {row.seq} of epoch {row.epoch[:8]},"
    if row.token is None:
        return f"{at} names a change whose record is not here"
    try:
        parsed = verify.parse(row.token)
        change = messages.from_json(parsed.payload, messages.KeyChange)
        key = msgspec.json.decode(row.new_key, type=messages.PublicKey)
        still_open = json.loads(row.still_open)
    except (Untrusted, ValueError):
        return f"{at} cannot be read, or the record there is no key change"
    says = (parsed.kid, change.key, {one.epoch: one.seq for one in change.open})
    if says != (row.old_kid, key, still_open) or row.new_kid != change.key.kid:
        return f"{at} says other keys than the record there"
    if row.in_force and not keys.knows_change(jws.chain_hash(row.token)):
        return f"{at} has put a change in force that no key of this device has signed"
    return ""
