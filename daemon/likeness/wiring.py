"""Puts the parts together; the only file that names concrete edges."""

import asyncio
import logging
import os
import random
import secrets
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from likeness import (
    __version__,
    clerk,
    config,
    desired_in_force,
    front,
    models_in_use,
    parts,
    remote,
    talk,
)
from likeness.core.health_window import HealthRules
from likeness.core.report import DeviceFacts
from likeness.core.session import Session
from likeness.core.vocabulary import CARD_LAID, Environment
from likeness.edges import certificates, directory_lock, process_memory
from likeness.edges.broker import MqttLine
from likeness.edges.clock import SystemClock
from likeness.edges.journal import RecentLines
from likeness.edges.key_ring import KeyRing
from likeness.edges.sealer import PersonSealer
from likeness.edges.store import SqliteStore
from likeness.edges.verifier import CarrierVerifier
from likeness.errors import Restarting, first_fault
from likeness.service.delivery import Delivery
from likeness.service.housekeeping import keep_house
from likeness.service.key_change import hand_over, sign_as_rescued
from likeness.service.nonce_desk import NonceDesk
from likeness.service.notary import Notary
from likeness.service.ports import Screen
from likeness.service.ports_carrier import Signer
from likeness.service.readers import Readers
from likeness.service.reception import CHIP, Reception
from likeness.service.recording import Recorder
from likeness.service.terminal import Terminal
from likeness.service.timekeeping import Timekeeping
from likeness.service.updating import WatchedSight
from likeness.service.wellbeing import Wellbeing
from likeness.sight import SightOnThread
from likeness.vision.look import Looker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Daemon:
    """All parts of one running terminal."""

    terminal: Terminal
    reading: Readers
    delivery: Delivery
    store: SqliteStore
    sight: WatchedSight
    wall: Timekeeping
    well: Wellbeing
    far: remote.Remote | None = None
    talks: talk.Talk | None = None
    desk: clerk.Clerk | None = None
    page: front.Front | None = None

    async def run(self) -> None:
        """Serve until cancelled; a rule that raises ends the daemon.

        Raises:
            Restarting: the carrier wants it.
            StoreBroken: the database failed; the next start sets it aside.
            ModelsReturned: new models failed; the next start uses those before.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.terminal.run())
                group.create_task(self.reading.run())
                group.create_task(self.delivery.run())
                group.create_task(self.sight.run())
                if self.far is not None:
                    group.create_task(self.far.run())
                if self.talks is not None:
                    group.create_task(self.talks.run())
                if self.page is not None:
                    group.create_task(self.page.run())
                if self.desk is not None:
                    group.create_task(self.desk.server.run())
                group.create_task(self.well.run())
                group.create_task(
                    keep_house(
                        self.store.prune,
                        idle=lambda: self.terminal.idle,
                        now_s=self.wall.believed_now,
                    )
                )
        except asyncio.CancelledError:
            self._ended_in_order()
            raise
        except BaseExceptionGroup as faults:
            fault = first_fault(faults)
            if fault is None:
                raise
            if faults.split(Restarting)[1] is None:
                self._ended_in_order()
            raise fault from faults

    def _ended_in_order(self) -> None:
        # Who stops one that hangs has only been quicker than the watchdog.
        if not self.well.hung:
            self.sight.ended_in_order()
            if self.far is not None:
                self.far.ended_in_order()


async def build(
    settings: config.Config,
    stack: AsyncExitStack,
    *,
    screen: Screen,
    examine: remote.Examine = dict,
) -> Daemon:
    """Make every part; the stack closes them in reverse order.

    Args:
        settings: the file's; what the carrier desires stands over them.
        stack: for what must be closed.
        screen: what the visitor sees; beside a page it is told what that is told.
        examine: what the doctor says of a terminal that runs, in lines.

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
    models, policy = chosen.models, chosen.policy(policy)
    slow = parts.is_slow(models)
    facts = DeviceFacts(
        device=me.device,
        software=__version__,
        key_tier=signer.key_tier,
        environment=me.environment,
        models={str(role): digest for role, digest in models.digests.items()},
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
    await _open(store, wall, stack)
    if (new := await hand_over(ring, store, notary)) is not None:
        signer, facts = new, replace(facts, key_tier=new.key_tier)
    on_thread = SightOnThread(Looker(models), wipes=True)
    stack.callback(on_thread.close)
    sight = WatchedSight(
        on_thread,
        clock=clock,
        digest=chosen.digest,
        trial=chosen.trial,
        rules=HealthRules(
            up_s=settings.update.healthy_after_s, visits=settings.update.healthy_visits
        ),
        keep=chosen.sets.change,
    )

    desk = NonceDesk(
        # Both are made below, so they are looked up when they are called.
        ask=lambda *question: delivery.ask_visit(*question),  # noqa: PLW0108
        give=lambda *nonce: terminal.nonce(*nonce),  # noqa: PLW0108
    )
    camera, portraits = (
        parts.camera_at_start(settings.camera),
        parts.portraits_of(settings),
    )
    page = front.build(
        front.Parts(
            settings=settings,
            policy=policy,
            clock=clock,
            now_s=lambda: wall.moment().utc_s,
            camera=camera,
            terminal=lambda: terminal,
            trouble=lambda: parts.trouble(terminal, reception),
            health=lambda: parts.health(settings, reception, online=delivery.is_up),
            enter_key=lambda line: reading.enter and reading.enter(line),
            inquiry=lambda: talking.inquiry,
            called=lambda visit: counter.desk.called(visit) if counter else None,
            beside=screen,
        ),
        stack,
    )
    reception = Reception(
        terminal=lambda: terminal,
        screen=page or screen,
        purpose=me.purpose,
        consent_text=me.consent_text,
        card_found=lambda reader: portraits.prepare(chip=reader == CHIP),
        readers=parts.reader_names(settings),
        consent=(lambda: page.stage.consent(CARD_LAID)) if page else None,
        by_card=settings.screen.consent_by == "card",
    )
    reading = parts.readers_of(settings, clock, reception.listener, wall.today)
    counter = clerk.build(
        clerk.Parts(
            settings=settings,
            clock=clock,
            time=wall,
            store=store,
            terminal=lambda: terminal,
            statements=lambda: talking.statements,
            snapshot=lambda: delivery.snapshot(),  # noqa: PLW0108
            screen=lambda: "well" if not page or page.server.connected else "lost",
            answered=page.stage.attendant_came if page else lambda: None,
        )
    )
    terminal = Terminal(
        session=Session(policy, tries_key=secrets.token_bytes(32)),
        clock=clock,
        camera=page.camera if page else camera,
        sight=sight,
        portraits=portraits,
        screen=page or screen,
        record=Recorder(
            append=store.append,
            signer=signer,
            sealer=sealer,
            facts=facts,
            clock=wall,
        ),
        recorded=lambda stored: delivery.stored(stored.seq),
        ask_nonce=desk.ask,
        seek_card=lambda: parts.seek(settings, terminal, reading),
        room=store.room,
        today=wall.today,
        visit_over=process_memory.let_go,
        watches=(
            *([counter.desk] if counter else []),
            *([page.stage] if page else []),
        ),
        on_observation=page.stage.observed if page else lambda _seen: None,
        stirred=page.stage.refresh if page else lambda: None,
    )

    def birth() -> dict[str, object]:
        return {
            "software": __version__,
            "environment": me.environment,
            "profile": policy.name,
            "kid": signer.kid,
            "key_tier": signer.key_tier,
            "epoch": store.epoch,
            "models": dict(facts.models),
            "model_set": chosen.facts(),
            "runtime": str(models.runtime),
            "capabilities": [
                *parts.reader_names(settings),
                *("blink", "turn"),
                *(["orders"] if far else []),
                *(["desk"] if counter else []),
                *(["page"] if page else []),
            ],
        }

    far = remote.build(
        remote.Parts(
            in_force=in_force,
            check=lambda given: chosen.policy(parts.policy_of(given)),
            notary=notary,
            store=store,
            time=wall,
            clock=clock,
            visits=terminal,
            journal=journal,
            ring=ring,
            chosen=chosen,
            delivery=lambda: delivery,
            birth=birth,
            examine=examine,
        )
    )
    talking = talk.build(
        talk.Parts(
            settings=settings,
            notary=notary,
            store=store,
            time=wall,
            clock=clock,
            verifier=verifier,
            terminal=terminal,
            delivery=lambda: delivery,
            far=far,
        )
    )
    delivery = Delivery(
        device=me.device,
        store=store,
        broker=MqttLine(parts.line_settings(settings, wall, tuple(talking.topics))),
        verifier=verifier,
        notary=notary,
        clock=clock,
        time=wall,
        choose=random.random,
        birth=birth,
        telemetry=lambda: {
            "visits": terminal.visits_done,
            "clock": wall.moment().quality,
            "reader": reception.reader.name.lower(),
            "reader_id": reception.reader_id,
            "camera": parts.camera_presence(settings.camera),
            "hung": list(well.hung),
            "vision_slow": slow,
            "resident_kib": parts.resident_kib(),
            "disk_free_kib": shutil.disk_usage(me.state_dir).free // parts.KIB,
            **talking.counts(),
            **(page.server.counts() if page else {}),
        },
        telemetry_every_s=settings.mqtt.telemetry_every_s,
        on_visit=desk.opened,
        others=talking.topics,
        on_up=talking.line_is_up,
    )
    well = parts.wellbeing(clock, camera, reading, on_thread, store)
    return Daemon(
        terminal,
        reading,
        delivery,
        store,
        sight,
        wall,
        well,
        far,
        talking,
        counter,
        page,
    )


def _hold(settings: config.Config, stack: AsyncExitStack) -> int:
    lock = directory_lock.hold(Path(settings.terminal.state_dir))
    stack.callback(os.close, lock)
    return lock


async def _open(store: SqliteStore, wall: Timekeeping, stack: AsyncExitStack) -> None:
    await store.open()
    await wall.open(store)
    stack.push_async_callback(store.close)


def _journal(level: str | None, stack: AsyncExitStack) -> RecentLines:
    journal = RecentLines()
    journal.open(level)
    stack.callback(journal.close)
    return journal
