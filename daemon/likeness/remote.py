"""Puts together what the carrier can order from afar: commands, and desired values.

Leaves to others: everything else of the daemon (`wiring`).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from likeness import desired_in_force, models_in_use
from likeness.config import Config
from likeness.core import orders
from likeness.core.desired import Wish
from likeness.core.line import Arrived
from likeness.desired_in_force import InForce
from likeness.edges.journal import RecentLines
from likeness.edges.key_ring import KeyRing
from likeness.edges.store import SqliteStore
from likeness.errors import UpdateRefused
from likeness.models_in_use import Chosen
from likeness.service.commanding import Commanding
from likeness.service.deeds import deeds
from likeness.service.delivery import Delivery
from likeness.service.desiring import Desiring, Use, at_once
from likeness.service.notary import Notary
from likeness.service.ports import Clock
from likeness.service.ports_parts import Visits
from likeness.service.timekeeping import Timekeeping
from likeness.vision.manifest import read_manifest
from likeness.vision.models import load_model
from likeness.vision.runtimes import find_runtime

Examine = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Remote:
    """Both kinds of orders; what the delivery hears of them comes here."""

    commanding: Commanding
    desiring: Desiring

    @property
    def topics(self) -> Mapping[str, Callable[[Arrived], None]]:
        """Who hears what."""
        return {"cmd": self.commanding.hear, "desired": self.desiring.hear}

    def counts(self) -> Mapping[str, int]:
        """Return what telemetry says: how many orders came to which end."""
        both = {"command": self.commanding.counts, "desired": self.desiring.counts}
        return {
            f"{kind}_{name}": n
            for kind, counts in both.items()
            for name, n in counts.items()
        }

    def line_is_up(self) -> None:
        """Say what is to be said on a new line."""
        self.commanding.line_is_up()
        self.desiring.report()

    def ended_in_order(self) -> None:
        """Note that this run was stopped, and did not fall."""
        self.desiring.ended_in_order()

    async def run(self) -> None:
        """Obey until cancelled; raises Restarting."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.commanding.run())
            group.create_task(self.desiring.run())


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the daemon is made of, as far as an order can reach it."""

    in_force: InForce
    check: Callable[[Config], object]
    notary: Notary
    store: SqliteStore
    time: Timekeeping
    clock: Clock
    visits: Visits
    journal: RecentLines
    ring: KeyRing
    chosen: Chosen
    delivery: Callable[[], Delivery]
    birth: Callable[[], Mapping[str, object]]
    examine: Examine


def build(parts: Parts) -> Remote | None:
    """Make both; None: no command key is configured, so nothing is obeyed."""
    verifier = parts.in_force.orders
    if verifier is None:
        return None
    settings, device = parts.in_force.settings, parts.in_force.settings.terminal.device
    delivery = parts.delivery
    restarts_from = parts.clock.now() + orders.RESTARTS_AFTER_S
    commanding = Commanding(
        device=device,
        verifier=verifier,
        notary=parts.notary,
        memory=parts.store,
        time=parts.time,
        epoch=lambda: parts.store.epoch,
        clock=parts.clock,
        visits=parts.visits,
        journal=parts.journal,
        deeds=deeds(
            visits=parts.visits,
            journal=parts.journal,
            keys=parts.ring,
            birth=parts.birth,
            snapshot=lambda: delivery().snapshot(),
            examine=parts.examine,
            trials=partial(_trials, settings, parts.chosen),
            announce=lambda: delivery().announce(),
        ),
        say=lambda *said, **how: delivery().say(*said, **how),
        restarts_from=restarts_from,
    )

    def fits(over: orders.Overrides) -> None:
        parts.check(desired_in_force.overlaid(parts.in_force.base, over))

    async def fetch(bundle: orders.Bundle) -> Use:
        if bundle.digest == parts.chosen.sets.ledger().current:
            return at_once  # it is in use, and no source is needed
        return await asyncio.to_thread(fetch_bundle, settings, parts.time, bundle)

    desiring = Desiring(
        device=device,
        standing=parts.in_force.standing,
        file=parts.in_force.file,
        verifier=verifier,
        time=parts.time,
        clock=parts.clock,
        visits=parts.visits,
        fits=fits,
        fetch=fetch,
        running=lambda: running(parts),
        unmet=lambda: unmet(parts.in_force.standing.wish, parts.chosen),
        say=lambda *said, **how: delivery().say(*said, **how),
        restarts_from=restarts_from,
    )
    return Remote(commanding, desiring)


def running(parts: Parts) -> dict[str, object]:
    """Return what is in force now, of all that can be changed from afar."""
    settings = parts.in_force.settings
    wish = parts.in_force.standing.wish
    return {
        "version": wish.version if wish else 0,
        "telemetry_every_s": round(settings.mqtt.telemetry_every_s),
        "log_level": parts.in_force.log_level or "as_started",
        "profile": settings.terminal.profile,
        "keep_days": settings.store.keep_days,
        "keep_mib": settings.store.keep_mib,
        "model_set": parts.chosen.facts(),
    }


def unmet(wish: Wish | None, chosen: Chosen) -> str:
    """Return why the bundle that is desired is not in use; empty: it is, or none is."""
    bundle = wish.overrides.bundle if wish else None
    if bundle is None or bundle.digest == chosen.digest:
        return ""
    said = f"bundle {bundle.number} ({bundle.digest[:12]}) is not in use: "
    returned = chosen.ledger.returned
    if returned is not None and returned.digest == bundle.digest:
        return said + f"it was given back: {returned.why}"
    return said + "another set was switched to, or it is not on the disk any more"


def _trials(settings: Config, chosen: Chosen) -> Mapping[str, Callable[[], object]]:
    """Each model of the set in use, opened a second time and tried."""
    folder = models_in_use.folder_of(chosen.sets, settings, chosen.digest)
    given, runtime = settings.models, find_runtime(None)

    return {
        entry.role: partial(
            load_model, folder, entry, given.variant, runtime, given.threads
        )
        for entry in read_manifest(folder).model
    }


def fetch_bundle(settings: Config, time: Timekeeping, bundle: orders.Bundle) -> Use:
    """Bring the one bundle that is wanted and try it; return what switches to it.

    Raises:
        UpdateRefused, ModelError, ConfigError: why not; the set in use is untouched.
    """
    try:
        from likeness import updates  # noqa: PLC0415 - an extra, and only for this
    except ImportError as problem:
        raise UpdateRefused("unsupported: install likeness[update]") from problem
    place = updates.Place(
        moment=time.moment(),
        sure_time_s=time.floor_s,
        wanted=updates.Wanted(bundle.number, bundle.digest),
    )
    return updates.stage(settings, place).use
