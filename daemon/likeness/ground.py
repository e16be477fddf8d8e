"""Lays what every other part of the daemon stands on: settings, keys, time, store.

Leaves to others: whatever sees, reads or serves a visitor (`wiring`).
"""

import os
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from likeness import __version__, config, desired_in_force, models_in_use, parts
from likeness.core.profile import Profile
from likeness.core.report import DeviceFacts
from likeness.core.vocabulary import Environment
from likeness.desired_in_force import InForce
from likeness.edges import certificates, directory_lock
from likeness.edges.clock import SystemClock
from likeness.edges.journal import RecentLines
from likeness.edges.key_ring import KeyRing
from likeness.edges.sealer import PersonSealer
from likeness.edges.store import SqliteStore
from likeness.edges.verifier import CarrierVerifier
from likeness.models_in_use import Chosen
from likeness.service.key_change import hand_over, sign_as_rescued
from likeness.service.notary import Notary
from likeness.service.ports_carrier import Signer
from likeness.service.timekeeping import Timekeeping


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What stands before the first visitor, and needs none."""

    settings: config.Config  # the file's, with what the carrier desires over them
    in_force: InForce
    policy: Profile
    chosen: Chosen  # the models
    clock: SystemClock
    wall: Timekeeping
    ring: KeyRing
    signer: Signer
    sealer: PersonSealer
    verifier: CarrierVerifier
    facts: DeviceFacts
    notary: Notary
    store: SqliteStore
    journal: RecentLines


async def lay(settings: config.Config, stack: AsyncExitStack) -> Ground:
    """Open all of it; the stack closes it in reverse order.

    Raises:
        ConfigError: a path, key or profile cannot be used.
        ModelError: a model is missing or wrong.
        UsageError: another daemon works in this state directory.
    """
    # Before all else: starts are counted in there, and one that is refused is none.
    lock = _hold(settings, stack)
    in_force = desired_in_force.begin(settings, parts.policy_of)
    settings = in_force.settings
    policy = parts.policy_of(settings)
    journal = _journal(in_force.log_level, stack)
    me, keys = settings.terminal, settings.keys
    clock = SystemClock()
    wall = Timekeeping(clock)
    ring = KeyRing(Path(me.state_dir), keys.device_key)
    signer: Signer = ring.current()
    if me.environment is Environment.PRODUCTION:
        certificates.refuse_shared(Path(settings.mqtt.cert_file), signer.kid)
    sealer = PersonSealer(Path(keys.carrier_person_key))
    verifier = CarrierVerifier(
        me.device,
        receipt_key=Path(keys.carrier_receipt_key),
        visit_key=Path(keys.carrier_visit_key),
    )
    chosen = models_in_use.choose(settings)
    facts = DeviceFacts(
        device=me.device,
        software=__version__,
        key_tier=signer.key_tier,
        environment=me.environment,
        models={str(role): digest for role, digest in chosen.models.digests.items()},
        policy=chosen.policy_digest,
    )
    notary = Notary(facts, signer=signer, clock=wall)
    store = SqliteStore(
        Path(me.state_dir),
        notary.begin_epoch,
        retention=parts.retention_of(settings.store),
        lock=lock,
        rescued=lambda tokens: sign_as_rescued(ring, notary, tokens),
    )
    await store.open()
    await wall.open(store)
    stack.push_async_callback(store.close)
    if (new := await hand_over(ring, store, notary)) is not None:
        signer, facts = new, replace(facts, key_tier=new.key_tier)
    return Ground(
        settings=settings,
        in_force=in_force,
        policy=chosen.policy(policy),
        chosen=chosen,
        clock=clock,
        wall=wall,
        ring=ring,
        signer=signer,
        sealer=sealer,
        verifier=verifier,
        facts=facts,
        notary=notary,
        store=store,
        journal=journal,
    )


def _hold(settings: config.Config, stack: AsyncExitStack) -> int:
    lock = directory_lock.hold(Path(settings.terminal.state_dir))
    stack.callback(os.close, lock)
    return lock


def _journal(level: str | None, stack: AsyncExitStack) -> RecentLines:
    journal = RecentLines()
    journal.open(level)
    stack.callback(journal.close)
    return journal
