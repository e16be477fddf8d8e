"""What a rollout would do, before anything is signed or sent: who, when, what differs.

Leaves to others: keeping it (`rollout`), showing it (`commands.carrier_rollout`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from likeness.carrier.rollout import former as rollout_former
from likeness.carrier.rollout import health as rollout_health
from likeness.carrier.rollout import rows as rollout_rows
from likeness.core import orders, rollout_plan
from likeness.core.exact_test import Share
from likeness.core.rollout_plan import PlanFile
from likeness.errors import UsageError

AT_ONCE = 500  # devices in one question to the database
OWN = "its file's own"


@dataclass(frozen=True, slots=True)
class Turn:
    """One terminal's share of a draft."""

    device: str
    wave: int  # from 0
    version: int  # that is desired of it now; 0: none ever was
    differs: tuple[str, ...]  # "keep_days: 30 → 14"
    doubt: str = ""  # why it cannot be part of it
    heard: bool = True  # it was seen on this broker


@dataclass(frozen=True, slots=True)
class Draft:
    """A rollout that has not begun."""

    plan: PlanFile
    waves: tuple[tuple[str, ...], ...]
    turns: tuple[Turn, ...]  # in order
    before: Share  # refused visitors of the fleet
    doubts: tuple[str, ...]  # of the whole

    @property
    def problems(self) -> list[str]:
        """Why it cannot begin, a line each."""
        return [
            *self.doubts,
            *(f"{one.device}: {one.doubt}" for one in self.turns if one.doubt),
        ]

    @property
    def differences(self) -> list[tuple[str, int]]:
        """What changes, and at how many terminals."""
        return Counter(text for one in self.turns for text in one.differs).most_common()


def draft(
    db: sa.Connection,
    plan: PlanFile,
    devices: Sequence[str],
    reports: Mapping[str, orders.Reported],
    now_s: int,
) -> Draft:
    """Look at what would be done; changes nothing.

    Args:
        db: a transaction, of any kind.
        plan: one that was read and fits.
        devices: that were chosen.
        reports: what terminals say of themselves.
        now_s: seconds since 1970.

    Raises:
        UsageError: nobody was chosen.
    """
    if not devices:
        raise UsageError(
            f"no device has {' and '.join(plan.where)}: nobody would be touched; see"
            " 'likeness carrier devices'"
        )
    waves = rollout_plan.waves_of(plan, devices)
    rule = plan.stop.refusals
    before = rollout_health.before(db, now_s - rule.before_s, now_s)
    held = rollout_rows.holders(db, devices)
    turns: list[Turn] = []
    for wave, whole in enumerate(waves):
        for first in range(0, len(whole), AT_ONCE):
            some = whole[first : first + AT_ONCE]
            issued = rollout_former.orders_of(db, some)
            turns += [
                _turn(plan, wave, one, issued[one], reports.get(one), held, now_s)
                for one in some
            ]
    doubts = []
    if plan.name in rollout_rows.names(db):
        doubts.append(f"there is a rollout '{plan.name}': give this one another name")
    if before.of < rule.results:
        doubts.append(
            f"the fleet has {before.of} results of the last {rule.before_s} s, and"
            f" {rule.results} are wanted to compare with: lower stop.refusals.results,"
            " or set it to 0 to go without"
        )
    return Draft(plan, tuple(map(tuple, waves)), tuple(turns), before, tuple(doubts))


def _turn(
    plan: PlanFile,
    wave: int,
    device: str,
    issued: rollout_former.Orders,
    report: orders.Reported | None,
    held: Mapping[str, str],
    now_s: int,
) -> Turn:
    before = rollout_former.former(issued, report)
    doubt = rollout_former.doubt(issued, report, now_s)
    doubt = doubt or rollout_former.bundle_doubt(plan.desired.bundle, report)
    if device in held:
        doubt = f"rollout '{held[device]}' holds it"
    return Turn(
        device=device,
        wave=wave,
        version=before[0] if before else 0,
        differs=differences(
            before[1] if before else orders.Overrides(), plan.desired, report
        ),
        doubt=doubt,
        heard=report is not None,
    )


def differences(
    before: orders.Overrides, wanted: orders.Overrides, report: orders.Reported | None
) -> tuple[str, ...]:
    """Return what would be another value than now, a text each.

    What runs is taken from the report where it says so, else from what was desired.
    """
    runs = report.running if report else {}
    found = []
    for name in orders.Overrides.__struct_fields__:
        old, new = getattr(before, name), getattr(wanted, name)
        if isinstance(new, orders.Bundle):
            models = runs.get("model_set")
            digest = models.get("digest") if isinstance(models, dict) else None
            if digest != new.digest:
                now = str(digest)[:12] if digest else "?"
                found.append(f"bundle: {now} → {new.number} ({new.digest[:12]})")
        elif new is not None:
            now = runs.get(name, OWN if old is None else old)
            if now != new:
                found.append(f"{name}: {now} → {new}")
        elif old is not None and name != "bundle":
            found.append(f"{name}: {old} → {OWN}")
    return tuple(found)


def as_json(found: Draft) -> bytes:
    """Return it for programs."""
    return msgspec.json.encode(
        {
            "name": found.plan.name,
            "desired": found.plan.desired,
            "waves": [len(wave) for wave in found.waves],
            "terminals": found.turns,
            "before": found.before,
            "problems": found.problems,
        }
    )
