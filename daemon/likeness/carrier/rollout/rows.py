"""Rollouts in the database: read as the machine knows them, written as it leaves them.

All functions work inside the caller's transaction; who changes something holds ROLLOUTS
first. Leaves to others: what is to be done (`core.rollout`), orders (`issued_orders`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from likeness.carrier.issued_orders import DESIRED
from likeness.carrier.rollout.tables import rollout_terminals, rollouts
from likeness.carrier.tables import orders as orders_issued
from likeness.core import messages, orders
from likeness.core.exact_test import Share
from likeness.core.rollout import Rollout
from likeness.core.rollout_plan import PlanFile
from likeness.core.rollout_seen import Fault, Stage, Terminal
from likeness.core.rollout_standing import HOLDS, Phase, Standing
from likeness.core.rollout_stop import Looks
from likeness.errors import UsageError

ROLLOUTS = "rollouts"  # the name of the lock


@dataclass(frozen=True, slots=True)
class Row:
    """A rollout as it is kept, and what the machine does not need to know."""

    plan: PlanFile
    standing: Standing
    before: Share
    made_utc_s: int
    back_bundle: orders.Bundle | None


def add(
    db: sa.Connection,
    plan: PlanFile,
    waves: Sequence[Sequence[str]],
    before: Share,
    now_s: int,
) -> None:
    """Keep a new one, planned; nobody is touched yet.

    Raises:
        UsageError: there is one of this name.
    """
    known = sa.select(rollouts.c.phase).where(rollouts.c.name == plan.name)
    if phase := db.execute(known).scalar():
        raise UsageError(
            f"there is a rollout '{plan.name}' ({said_of(Phase(phase))}); a name"
            " is used once, so that what it did can be read: give this one another"
        )
    db.execute(
        rollouts.insert().values(
            name=plan.name,
            plan=msgspec.json.encode(plan).decode(),
            before_refused=before.count,
            before_results=before.of,
            made_utc_s=now_s,
            back_bundle="",
            **_of_standing(Standing(since_s=now_s)),
        )
    )
    places = [(wave, device) for wave, whole in enumerate(waves) for device in whole]
    rows = [
        {"rollout": plan.name, "place": place, "token": "", "before": ""}
        | _of_terminal(Terminal(device, wave))
        for place, (wave, device) in enumerate(places)
    ]
    db.execute(rollout_terminals.insert(), rows)


def holders(db: sa.Connection, devices: Iterable[str]) -> dict[str, str]:
    """Return which of these devices another rollout holds: device → its name."""
    rows = db.execute(
        sa.select(rollout_terminals.c.device, rollouts.c.name)
        .join(rollouts, rollouts.c.name == rollout_terminals.c.rollout)
        .where(rollouts.c.phase.in_([str(one) for one in HOLDS]))
    )
    wanted = set(devices)
    return {row.device: row.name for row in rows if row.device in wanted}


def names(db: sa.Connection) -> list[str]:
    """Return all, the oldest first."""
    found = sa.select(rollouts.c.name).order_by(rollouts.c.made_utc_s, rollouts.c.name)
    return list(db.execute(found).scalars())


def load(db: sa.Connection, name: str) -> tuple[Row, Rollout]:
    """Return one, with a machine that stands where it stood.

    Raises:
        UsageError: there is none of this name.
    """
    found = db.execute(sa.select(rollouts).where(rollouts.c.name == name)).first()
    if found is None:
        known = ", ".join(names(db)) or "none"
        raise UsageError(f"there is no rollout '{name}'; known: {known}")
    plan = msgspec.json.decode(found.plan, type=PlanFile)
    standing = Standing(
        phase=Phase(found.phase),
        wave=found.wave,
        since_s=found.since_utc_s,
        why=found.why,
        paused_in=Phase(found.paused_in) if found.paused_in else None,
        looks=Looks(found.looks, found.looked_at),
    )
    bundle = found.back_bundle
    row = Row(
        plan=plan,
        standing=standing,
        before=Share(found.before_refused, found.before_results),
        made_utc_s=found.made_utc_s,
        back_bundle=msgspec.json.decode(bundle, type=orders.Bundle) if bundle else None,
    )
    return row, Rollout(plan, standing, _terminals(db, name))


def save(
    db: sa.Connection, row: Row, rollout: Rollout, before: Mapping[str, Terminal]
) -> None:
    """Write what has changed since it was loaded."""
    name = row.plan.name
    if rollout.standing != row.standing:
        db.execute(
            rollouts.update()
            .where(rollouts.c.name == name)
            .values(**_of_standing(rollout.standing))
        )
    changed = [
        {"at": one.device, **_of_terminal(one)}
        for one in rollout.terminals.values()
        if one != before[one.device]
    ]
    if changed:
        place = (
            rollout_terminals.c.rollout == name,
            rollout_terminals.c.device == sa.bindparam("at"),
        )
        db.execute(rollout_terminals.update().where(*place), changed)


def keep_back_bundle(db: sa.Connection, name: str, bundle: orders.Bundle) -> None:
    """Note which bundle stands for the former one on the way back."""
    text = msgspec.json.encode(bundle).decode()
    db.execute(
        rollouts.update().where(rollouts.c.name == name).values(back_bundle=text)
    )


def keep_sent(
    db: sa.Connection,
    name: str,
    device: str,
    token: str,
    before: orders.Overrides | None = None,
) -> None:
    """Keep what a terminal is sent, and what it had before; None: as it is kept."""
    values = {"token": token}
    if before is not None:
        values["before"] = messages.to_json(before).decode()
    place = (rollout_terminals.c.rollout == name, rollout_terminals.c.device == device)
    db.execute(rollout_terminals.update().where(*place).values(**values))


def unanswered(db: sa.Connection, name: str) -> dict[str, str]:
    """Return what was signed and has no answer yet: device → token.

    After a stop, or in a pause, that is nothing: what never went out stays here. Who
    has a newer wish since is not told ours: the broker would keep it in its place.
    """
    phase = db.execute(sa.select(rollouts.c.phase).where(rollouts.c.name == name))
    waits = {
        Phase.SENDING: Stage.SENT,
        Phase.SOAKING: Stage.SENT,
        Phase.GOING_BACK: Stage.RETURNING,
    }.get(Phase(phase.scalar_one()))
    newer = sa.select(orders_issued.c.number).where(
        orders_issued.c.device == rollout_terminals.c.device,
        orders_issued.c.kind == DESIRED,
        orders_issued.c.number > rollout_terminals.c.version,
    )
    rows = db.execute(
        sa.select(rollout_terminals.c.device, rollout_terminals.c.token)
        .where(rollout_terminals.c.rollout == name)
        .where(rollout_terminals.c.stage == str(waits or ""), ~newer.exists())
        .order_by(rollout_terminals.c.place)
    )
    return {row.device: row.token for row in rows}


def before_of(
    db: sa.Connection, name: str, devices: Sequence[str]
) -> dict[str, orders.Overrides]:
    """Return what these terminals had before."""
    rows = db.execute(
        sa.select(rollout_terminals.c.device, rollout_terminals.c.before)
        .where(rollout_terminals.c.rollout == name)
        .where(rollout_terminals.c.device.in_(devices))
    )
    return {
        row.device: messages.from_json(row.before.encode(), orders.Overrides)
        for row in rows
    }


def said_of(phase: Phase) -> str:
    """Return a phase as it is written for people."""
    return phase.replace("_", " ")


def _terminals(db: sa.Connection, name: str) -> list[Terminal]:
    here = rollout_terminals.c
    rows = db.execute(
        # Without the tokens: a fleet's are ten megabytes, at each look.
        sa.select(
            *(here.device, here.wave, here.stage, here.version, here.sent_utc_s),
            *(here.changed_utc_s, here.fault, here.why),
        )
        .where(here.rollout == name)
        .order_by(here.place)
    )
    return [
        Terminal(
            device=row.device,
            wave=row.wave,
            stage=Stage(row.stage),
            version=row.version,
            sent_s=row.sent_utc_s,
            changed_s=row.changed_utc_s,
            fault=Fault(row.fault) if row.fault else None,
            why=row.why,
        )
        for row in rows
    ]


def _of_terminal(one: Terminal) -> dict[str, object]:
    return {
        "device": one.device,
        "wave": one.wave,
        "stage": str(one.stage),
        "fault": str(one.fault or ""),
        "why": one.why,
        "version": one.version,
        "sent_utc_s": int(one.sent_s),
        "changed_utc_s": int(one.changed_s),
    }


def _of_standing(at: Standing) -> dict[str, object]:
    return {
        "phase": str(at.phase),
        "wave": at.wave,
        "since_utc_s": int(at.since_s),
        "why": at.why,
        "paused_in": str(at.paused_in or ""),
        "looks": at.looks.count,
        "looked_at": at.looks.results,
    }
