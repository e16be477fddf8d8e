"""Which of a device's keys may sign which place: what its key changes say.

A key change stands in the chain like a result, signed by the old key. Once the chain's
head has passed over it, the new key is known, and the old one is good for

- the places of that epoch up to the change itself;
- in other epochs, the places that the change named as still on their way.

All else that the old key signs is a thief's, or a restored copy's, and is not kept.
All functions work inside the caller's transaction. Leaves to others: signatures
(`verify`), the keys that a device began with (`trust`), places and alarms (`keeping`).
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from likeness.carrier import tables
from likeness.core import messages

_table = tables.key_changes


def has_changed(device: str) -> sa.ColumnElement[bool]:
    """Ask, within a query, whether this device's key was ever changed."""
    found = sa.select(_table.c.seq).where(
        _table.c.device == device, _table.c.in_force.is_(True)
    )
    return found.exists()


def doubt(db: sa.Connection, device: str, kid: str, epoch: str, seq: int) -> str:
    """Say why this key may not sign this place; empty if it may."""
    for change in _in_force(db, device):
        at = f"key change at {change.seq} of epoch {change.epoch}"
        here = epoch == change.epoch
        if kid == change.old_kid:
            last = change.seq if here else _still_open(change.still_open, epoch)
            if seq > last:
                return f"this key was replaced by the {at}"
        if kid == change.new_kid and here and seq <= change.seq:
            return f"this key came only with the {at}"
    return ""


def is_current(db: sa.Connection, device: str, kid: str) -> bool:
    """Say whether a key of this device has not been replaced."""
    return all(change.old_kid != kid for change in _in_force(db, device))


def was_used(db: sa.Connection, device: str, kid: str) -> bool:
    """Say whether this device has, or had, this key by a key change."""
    return any(kid in (one.old_kid, one.new_kid) for one in _in_force(db, device))


def key(db: sa.Connection, device: str, kid: str) -> messages.PublicKey | None:
    """Return a key that a key change has brought."""
    for change in _in_force(db, device):
        if change.new_kid == kid:
            return msgspec.json.decode(change.new_key, type=messages.PublicKey)
    return None


def note(db: sa.Connection, change: messages.KeyChange, old_kid: str) -> None:
    """Remember a change that is kept, but not in force yet."""
    db.execute(
        _table.insert().values(
            device=change.iss,
            epoch=change.epoch,
            seq=change.seq,
            old_kid=old_kid,
            new_kid=change.key.kid,
            new_key=messages.to_json(change.key).decode(),
            still_open=messages.to_json(
                {one.epoch: one.seq for one in change.open}
            ).decode(),
            in_force=False,
        )
    )


def put_in_force(db: sa.Connection, device: str, epoch: str, seq: int) -> str | None:
    """Put the change at this place in force, if there is one; return the old key."""
    place = (
        _table.c.device == device,
        _table.c.epoch == epoch,
        _table.c.seq == seq,
        _table.c.in_force.is_(False),
    )
    old_kid: str | None = db.execute(sa.select(_table.c.old_kid).where(*place)).scalar()
    if old_kid is not None:
        db.execute(_table.update().where(*place).values(in_force=True))
    return old_kid


def waiting(db: sa.Connection, device: str, epoch: str) -> set[int]:
    """Return the places of the changes in an epoch that are not in force yet."""
    query = sa.select(_table.c.seq).where(
        _table.c.device == device,
        _table.c.epoch == epoch,
        _table.c.in_force.is_(False),
    )
    return set(db.execute(query).scalars())


def _in_force(db: sa.Connection, device: str) -> Sequence[sa.Row[tuple[object, ...]]]:
    query = sa.select(_table).where(
        _table.c.device == device, _table.c.in_force.is_(True)
    )
    return db.execute(query).all()


def _still_open(text: str, epoch: str) -> int:
    return msgspec.json.decode(text, type=dict[str, int]).get(epoch, -1)
