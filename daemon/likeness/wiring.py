"""Puts the parts together: which of them knows which.

Leaves to others: what needs no visitor (`ground`), what needs settings alone (`parts`);
of what page, desk, orders and answers are made (`front`, `clerk`, `remote`, `talk`).
"""

import random
import secrets
import shutil
from contextlib import AsyncExitStack

from likeness import (
    cameras,
    clerk,
    climate,
    config,
    front,
    ground,
    parts,
    remote,
    scribe,
    signals,
    talk,
)
from likeness.core.health_window import HealthRules
from likeness.core.session import Session
from likeness.core.vocabulary import CARD_LAID
from likeness.edges import affinity, process_memory
from likeness.edges.broker import MqttLine
from likeness.running import Daemon
from likeness.service.delivery import Delivery
from likeness.service.nonce_desk import NonceDesk
from likeness.service.ports import Screen
from likeness.service.reception import CHIP, Reception
from likeness.service.recording import Recorder
from likeness.service.terminal import Terminal
from likeness.service.updating import WatchedSight
from likeness.sight import SightOnThread
from likeness.vision.look import Looker


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
    base = await ground.lay(settings, stack)
    settings, policy, store = base.settings, base.policy, base.store
    clock, wall, verifier, notary = base.clock, base.wall, base.verifier, base.notary
    me, chosen = settings.terminal, base.chosen
    screen = signals.beside(screen, settings.signals, clock, stack)
    slow = parts.is_slow(chosen.models)
    on_thread = SightOnThread(
        Looker(chosen.models),
        wipes=True,
        began=lambda: affinity.begin_vision(settings.board.vision_cpus),
    )
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

    diagnosing = scribe.build(
        settings,
        policy,
        clock,
        wall,
        stack,
        now=lambda: delivery.snapshot(),  # noqa: PLW0108 - made below
    )
    desk = NonceDesk(
        # Both are made below, so they are looked up when they are called.
        ask=lambda *question: delivery.ask_visit(*question),  # noqa: PLW0108
        give=lambda *nonce: terminal.nonce(*nonce),  # noqa: PLW0108
    )
    camera, portraits = (
        cameras.camera_at_start(settings.camera, me.environment),
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
    listener = diagnosing.listening(reception.listener)
    reading = parts.readers_of(settings, clock, listener, wall.today)
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
            signer=base.signer,
            sealer=base.sealer,
            facts=base.facts,
            clock=wall,
        ),
        recorded=lambda stored: delivery.stored(stored.seq),
        ask_nonce=desk.ask,
        seek_card=lambda: parts.seek(settings, terminal, reading),
        room=store.room,
        unfit=lambda: weather.unfit(),  # noqa: PLW0108
        today=wall.today,
        visit_over=process_memory.let_go,
        scribe=diagnosing,
        watches=(
            diagnosing,
            *([counter.desk] if counter else []),
            *([page.stage] if page else []),
        ),
        on_observation=page.stage.observed if page else lambda _seen: None,
        stirred=page.stage.refresh if page else lambda: None,
    )

    weather = climate.build(settings, clock, camera, page, screen, terminal)

    def birth() -> dict[str, object]:
        return {
            "software": base.facts.software,
            "environment": me.environment,
            "profile": policy.name,
            "kid": base.signer.kid,
            "key_tier": base.signer.key_tier,
            "epoch": store.epoch,
            "models": dict(base.facts.models),
            "model_set": chosen.facts(),
            "runtime": str(chosen.models.runtime),
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
            in_force=base.in_force,
            check=lambda given: chosen.policy(parts.policy_of(given)),
            notary=notary,
            store=store,
            time=wall,
            clock=clock,
            visits=terminal,
            journal=base.journal,
            ring=base.ring,
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
            "camera": "missing"
            if terminal.camera_lost
            else cameras.camera_presence(settings.camera),
            "camera_restarts": terminal.camera_restarts,
            "camera_id": cameras.camera_model(settings.camera),
            "hung": list(well.hung),
            "vision_slow": slow,
            "faults": diagnosing.faults,
            "resident_kib": parts.resident_kib(),
            "disk_free_kib": shutil.disk_usage(me.state_dir).free // parts.KIB,
            **weather.facts(),
            **talking.counts(),
            **(page.server.counts() if page else {}),
        },
        telemetry_every_s=settings.mqtt.telemetry_every_s,
        on_visit=desk.opened,
        others=talking.topics,
        on_up=talking.line_is_up,
    )
    well = parts.wellbeing(clock, camera, reading, on_thread, store, diagnosing.hangs)
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
        diagnosing,
        weather,
    )
