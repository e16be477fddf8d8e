"""Rollouts as the carrier keeps them: begun, asked to wait, carried on step by step.

Each step is one transaction: what is to be sent is numbered, signed and kept before
anything is published, so that a crash in between loses and doubles nothing, and two
programs cannot do the same step. Leaves to others: the rules (`core.rollout`), the line
(`line`), when to look (`run`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import sqlalchemy as sa

from likeness.carrier import issued_orders
from likeness.carrier.database import Database, lock
from likeness.carrier.devices import Devices
from likeness.carrier.issued_orders import DESIRED, NewOrder
from likeness.carrier.ordering import DESIRED_LIVES_S
from likeness.carrier.rollout import check as rollout_check
from likeness.carrier.rollout import former as rollout_former
from likeness.carrier.rollout import health as rollout_health
from likeness.carrier.rollout import rows as rollout_rows
from likeness.carrier.rollout.check import Draft
from likeness.carrier.rollout.line import RolloutLine
from likeness.carrier.rollout.rows import ROLLOUTS, Row
from likeness.carrier.settings import Settings
from likeness.carrier.words import Life, OrderWords
from likeness.core import messages, orders
from likeness.core.exact_test import Share
from likeness.core.rollout import BackAsked, Event, Looked, Rollout, Send
from likeness.core.rollout_plan import PlanFile
from likeness.core.rollout_seen import Fault, Stage, Terminal
from likeness.core.rollout_standing import Phase, Standing
from likeness.errors import ProtocolMisuse, UsageError


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one look."""

    standing: Standing
    deadline: float | None
    wishes: Mapping[str, str]  # device → token, to be published now


class Rollouts:
    """All of one carrier; belongs to one thread."""

    def __init__(self, settings: Settings) -> None:
        """Open the database and the command key.

        Raises:
            ConfigError: one of them cannot be used.
        """
        self._devices = Path(settings.keys) / "devices"
        self._words = OrderWords(Path(settings.keys) / "command.key")
        self.database = Database(settings.database, pool=2)  # one holds the turn

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    # --- before it begins -----------------------------------------------------------
    def chosen(self, plan: PlanFile) -> list[str]:
        """Return the devices that a plan is for.

        Raises:
            UsageError: a label or a device is not known.
        """
        return Devices(self._devices).chosen(plan.where, plan.devices)

    def draft(
        self, plan: PlanFile, chosen: Sequence[str], line: RolloutLine, now_s: int
    ) -> Draft:
        """Look at what it would do; signs, keeps and publishes nothing.

        Raises:
            UsageError: it chooses nobody.
        """
        reports = line.ear.reports(chosen)
        with self.database.read() as db:
            return rollout_check.draft(db, plan, chosen, reports, now_s)

    def add(self, found: Draft, now_s: int) -> None:
        """Keep a rollout, planned.

        Raises:
            UsageError: it cannot begin.
        """
        with self.database.begin() as db:
            lock(db, [ROLLOUTS])
            devices = [one.device for one in found.turns]
            held = rollout_rows.holders(db, devices)
            for device, name in held.items():
                raise UsageError(f"{device}: rollout '{name}' holds it")
            rollout_rows.add(db, found.plan, found.waves, found.before, now_s)

    # --- while it goes on -----------------------------------------------------------
    def ask(self, name: str, event: Event, now_s: int) -> Standing:
        """Let it wait, go on, or go back; return where it stands then.

        Raises:
            UsageError: it cannot, where it stands; or there is none of this name.
        """
        with self.database.begin() as db:
            lock(db, [ROLLOUTS])
            return _ask(db, name, event, now_s)

    def ask_back(
        self, name: str, bundle: orders.Bundle | None, *, keep_bundle: bool, now_s: int
    ) -> Standing:
        """Let it go back; see `BackAsked`.

        Args:
            name: of the rollout.
            bundle: the former models, published again under a higher number.
            keep_bundle: leave the models as they were rolled out.
            now_s: seconds since 1970.

        Raises:
            UsageError: as for `ask`, or it must be said which models.
        """
        with self.database.begin() as db:
            lock(db, [ROLLOUTS])
            row, _ = rollout_rows.load(db, name)
            sent = row.plan.desired.bundle
            if sent is None and (bundle or keep_bundle):
                raise UsageError(f"rollout '{name}' has brought no bundle")
            if sent is not None and (bundle is None) is not keep_bundle:
                raise UsageError(
                    f"rollout '{name}' has brought bundle {sent.number}, and none"
                    " takes an older one: publish the former models under a higher"
                    " number and say --bundle NUMBER:SHA256, or say --keep-bundle"
                )
            if sent is not None and bundle is not None and bundle.number <= sent.number:
                raise UsageError(
                    f"bundle {bundle.number} is not newer than {sent.number}: no"
                    " terminal would take it"
                )
            # One that cannot go back keeps the models of its way as they are.
            standing = _ask(db, name, BackAsked(), now_s)
            if kept := bundle or sent:
                rollout_rows.keep_back_bundle(db, name, kept)
            return standing

    def step(self, name: str, line: RolloutLine, now_s: int) -> Step:
        """Look at one, and keep what follows; the caller publishes.

        Raises:
            UsageError: there is none of this name.
        """
        with self.database.begin() as db:
            lock(db, [ROLLOUTS])
            row, rollout = rollout_rows.load(db, name)
            before = dict(rollout.terminals)
            lock(db, rollout.next_up)
            wishes: dict[str, str] = {}
            for effect in rollout.handle(_facts(db, row, rollout, line, now_s), now_s):
                wishes |= (
                    self._send(db, effect.devices, row, rollout, line, now_s)
                    if isinstance(effect, Send)
                    else self._send_back(
                        db, effect.devices, row, rollout, before, now_s
                    )
                )
            rollout_rows.save(db, row, rollout, before)
            return Step(rollout.standing, rollout.deadline(now_s), wishes)

    def unanswered(self, name: str) -> dict[str, str]:
        """Return what a new line must be told once more: device → token."""
        with self.database.read() as db:
            return rollout_rows.unanswered(db, name)

    # --- looking --------------------------------------------------------------------
    def names(self) -> list[str]:
        """Return all rollouts, the oldest first."""
        with self.database.read() as db:
            return rollout_rows.names(db)

    def look(self, name: str) -> tuple[Row, Rollout, Share]:
        """Return one, and what the present wave's visitors came to.

        Raises:
            UsageError: there is none of this name.
        """
        with self.database.read() as db:
            row, rollout = rollout_rows.load(db, name)
            since = rollout_health.since(db, name, rollout.standing.wave)
            return row, rollout, since

    # --- carrying out ---------------------------------------------------------------
    def _send(
        self,
        db: sa.Connection,
        devices: Sequence[str],
        row: Row,
        rollout: Rollout,
        line: RolloutLine,
        now_s: int,
    ) -> dict[str, str]:
        """Number, sign and keep the wish; return the tokens."""
        issued = rollout_former.orders_of(db, devices)
        reports = line.ear.reports(devices)
        wishes: dict[str, str] = {}
        for device in devices:
            found = rollout_former.former(issued[device], reports.get(device))
            if found is None:  # it was barred
                raise ProtocolMisuse(f"{device}: sent a wish without a way back")
            token = self._issue(db, device, row.plan.desired, rollout, now_s)
            rollout_rows.keep_sent(db, row.plan.name, device, token, found[1])
            wishes[device] = token
        return wishes

    def _send_back(
        self,
        db: sa.Connection,
        devices: Sequence[str],
        row: Row,
        rollout: Rollout,
        before: Mapping[str, Terminal],
        now_s: int,
    ) -> dict[str, str]:
        """The same with what each had before."""
        former = rollout_rows.before_of(db, row.plan.name, devices)
        wishes: dict[str, str] = {}
        for device in devices:
            wish = former[device]
            # Who refused our bundle still has its own.
            if row.back_bundle and before[device].fault is not Fault.REFUSED:
                wish = msgspec.structs.replace(wish, bundle=row.back_bundle)
            token = self._issue(db, device, wish, rollout, now_s)
            rollout_rows.keep_sent(db, row.plan.name, device, token)
            wishes[device] = token
        return wishes

    def _issue(
        self,
        db: sa.Connection,
        device: str,
        wish: orders.Overrides,
        rollout: Rollout,
        now_s: int,
    ) -> str:
        life = Life(now_s, now_s + DESIRED_LIVES_S)

        def make(version: int) -> str:
            rollout.numbered(device, version)
            return self._words.desired(device, version, wish, life)

        text = messages.to_json(wish).decode()
        return issued_orders.issue(db, NewOrder(device, DESIRED, text, make), now_s)


def _ask(db: sa.Connection, name: str, event: Event, now_s: int) -> Standing:
    row, rollout = rollout_rows.load(db, name)
    before = dict(rollout.terminals)
    rollout.handle(event, now_s)
    rollout_rows.save(db, row, rollout, before)
    return rollout.standing


def _facts(
    db: sa.Connection, row: Row, rollout: Rollout, line: RolloutLine, now_s: int
) -> Looked:
    phase = rollout.standing.phase
    counts = phase in (Phase.SENDING, Phase.SOAKING) and row.plan.stop.refusals.results
    since = (
        rollout_health.since(db, row.plan.name, rollout.standing.wave)
        if counts
        else Share()
    )
    return Looked(
        seen=line.seen(now_s),
        heard_from_s=line.heard_from_s,
        barred=_barred(db, rollout, line, now_s),
        before=row.before,
        since=since,
    )


def _barred(
    db: sa.Connection, rollout: Rollout, line: RolloutLine, now_s: int
) -> dict[str, str]:
    devices = rollout.next_up
    issued = rollout_former.orders_of(db, devices)
    reports = line.ear.reports(devices)
    found: dict[str, str] = {}
    for device in devices:
        one = rollout.terminals[device]
        if one.stage is Stage.WAITING:
            why = rollout_former.doubt(issued[device], reports.get(device), now_s)
        else:
            why = rollout_former.newer(issued[device], one.version)
        if why:
            found[device] = why
    return found
