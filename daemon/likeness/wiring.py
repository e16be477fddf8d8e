"""Puts the parts together; the only file that names concrete edges."""

import asyncio
import logging
import os
import random
import secrets
import shutil
import signal
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from likeness import __version__, config, desired_in_force, models_in_use, remote
from likeness.core import messages, profile
from likeness.core.health_window import HealthRules
from likeness.core.report import DeviceFacts
from likeness.core.session import Session
from likeness.core.vocabulary import Environment
from likeness.core.wellness import Part
from likeness.edges import certificates, credentials, process_memory, systemd
from likeness.edges.broker import LineSettings, MqttLine, Will
from likeness.edges.camera import SlotCamera
from likeness.edges.clock import SystemClock
from likeness.edges.journal import RecentLines
from likeness.edges.key_ring import KeyRing
from likeness.edges.portrait_decoder import ENVIRONMENT, CommandPortrait
from likeness.edges.reader_serial import SerialLine
from likeness.edges.screen_text import TextScreen
from likeness.edges.sealer import PersonSealer
from likeness.edges.store import DAY_S, MIB, Retention, SqliteStore
from likeness.edges.tls_time import KnownTime
from likeness.edges.verifier import CarrierVerifier
from likeness.errors import ConfigError, first_fault
from likeness.service.delivery import Delivery
from likeness.service.housekeeping import keep_house
from likeness.service.key_change import hand_over
from likeness.service.nonce_desk import NonceDesk
from likeness.service.notary import Notary
from likeness.service.ports import Screen, Signer
from likeness.service.reading import CardReading
from likeness.service.reception import Reception
from likeness.service.recording import Recorder
from likeness.service.terminal import Terminal
from likeness.service.timekeeping import Timekeeping
from likeness.service.updating import WatchedSight
from likeness.service.wellbeing import Wellbeing
from likeness.sight import SightOnThread
from likeness.vision import speed_check
from likeness.vision.look import Looker
from likeness.vision.manifest import Variant, models_dir
from likeness.vision.models import ModelSet, load_models

log = logging.getLogger(__name__)

KIB = 1024


def load_model_set(
    folder: Path | None, variant: Variant = "w8", threads: int = 1
) -> ModelSet:
    """Load the verified models; raise ModelError saying what to do if they are not."""
    return load_models(folder or models_dir(), variant, threads)


def policy_of(settings: config.Config) -> profile.Profile:
    """Return the named profile, if it may be used in this environment."""
    try:
        policy = profile.named(settings.terminal.profile)
    except ConfigError as fault:
        raise ConfigError(f"terminal.profile: {fault}") from fault
    environment = settings.terminal.environment
    if environment not in policy.only_in:
        allowed = ", ".join(policy.only_in)
        raise ConfigError(
            f"terminal.profile '{policy.name}' is for {allowed} only;"
            f" terminal.environment is '{environment}'"
        )
    return policy


def camera_of(settings: config.Camera) -> SlotCamera:
    """Return the configured camera; it is opened by its first visit."""
    match settings.source:
        case "feed":
            from likeness.edges.recorded import LiveFeed

            return LiveFeed(
                Path(settings.path),
                fps=settings.fps,
                start_s=settings.start_s,
                loop=settings.loop,
            )
        case "usb":
            from likeness.edges.camera_usb import usb_camera

            return usb_camera(
                settings.path, settings.width_px, settings.height_px, settings.fps
            )
        case "picamera2":
            from likeness.edges.camera_pi import pi_camera

            return pi_camera(settings.width_px, settings.height_px, settings.fps)


def decoder_of(settings: config.PortraitDecoder) -> CommandPortrait:
    """Return the portrait decoder; a program that is not there stops the start."""
    command = settings.command
    if command and shutil.which(command[0], path=ENVIRONMENT["PATH"]) is None:
        raise ConfigError(
            f"portrait.command: '{command[0]}' is no program that can be started;"
            " give its absolute path"
        )
    return CommandPortrait(command, settings.timeout_s)


@dataclass(frozen=True, slots=True)
class Daemon:
    """All parts of one running terminal."""

    terminal: Terminal
    reading: CardReading
    delivery: Delivery
    store: SqliteStore
    sight: WatchedSight
    wall: Timekeeping
    well: Wellbeing
    far: remote.Remote | None = None

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
                group.create_task(self.well.run())
                group.create_task(
                    keep_house(
                        self.store.prune,
                        idle=lambda: self.terminal.idle,
                        now_s=self.wall.believed_now,
                    )
                )
        except BaseExceptionGroup as faults:
            fault = first_fault(faults)
            if fault is None:
                raise
            raise fault from faults


def resident_kib() -> int:
    """Return what this process holds in memory now (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // KIB


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
        screen: what the visitor sees.
        examine: what the doctor says of a terminal that runs, in lines.

    Raises:
        ConfigError: a path, key or profile cannot be used.
        ModelError: a model is missing or wrong.
    """
    in_force = desired_in_force.begin(settings, policy_of)
    settings = in_force.settings
    policy = policy_of(settings)
    journal = RecentLines()
    journal.open(in_force.log_level)
    stack.callback(journal.close)
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
    slow = _is_slow(models)
    facts = DeviceFacts(
        device=me.device,
        software=__version__,
        key_tier=signer.key_tier,
        environment=me.environment,
        models={str(role): digest for role, digest in models.digests.items()},
        policy=chosen.policy_digest,
    )
    notary = Notary(facts, signer=signer, clock=wall)
    retention = Retention(
        keep_s=settings.store.keep_days * DAY_S,
        keep_bytes=settings.store.keep_mib * MIB,
    )
    store = SqliteStore(Path(me.state_dir), notary.begin_epoch, retention=retention)
    await store.open()
    await wall.open(store)
    stack.push_async_callback(store.close)
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
    camera, portraits = camera_of(settings.camera), decoder_of(settings.portrait)
    reception = Reception(
        terminal=lambda: terminal,
        screen=screen,
        purpose=me.purpose,
        consent_text=me.consent_text,
        card_found=portraits.prepare,
    )
    reading = CardReading(
        SerialLine(settings.reader.path, settings.reader.baud),
        clock,
        reception.hear,
        baud=settings.reader.baud,
    )
    terminal = Terminal(
        session=Session(policy, tries_key=secrets.token_bytes(32)),
        clock=clock,
        camera=camera,
        sight=sight,
        portraits=portraits,
        screen=screen,
        record=Recorder(
            append=store.append,
            signer=signer,
            sealer=sealer,
            facts=facts,
            clock=wall,
        ),
        recorded=lambda stored: delivery.stored(stored.seq),
        ask_nonce=desk.ask,
        seek_card=reading.seek,
        room=store.room,
        today=wall.today,
        visit_over=process_memory.let_go,
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
            "capabilities": ["sdt", "blink", "turn", *(["orders"] if far else [])],
        }

    far = remote.build(
        remote.Parts(
            in_force=in_force,
            check=lambda given: chosen.policy(policy_of(given)),
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
    delivery = Delivery(
        device=me.device,
        store=store,
        broker=MqttLine(_line_settings(settings, wall)),
        verifier=verifier,
        notary=notary,
        clock=clock,
        wall=wall,
        time=wall,
        choose=random.random,
        birth=birth,
        telemetry=lambda: {
            "visits": terminal.visits_done,
            "clock": wall.moment().quality,
            "reader": reception.reader.name.lower(),
            "reader_id": reception.reader_id,
            "hung": list(well.hung),
            "vision_slow": slow,
            "resident_kib": resident_kib(),
            "disk_free_kib": shutil.disk_usage(me.state_dir).free // KIB,
            **(far.counts() if far else {}),
        },
        telemetry_every_s=settings.mqtt.telemetry_every_s,
        on_visit=desk.opened,
        others=far.topics if far else {},
        on_up=far.line_is_up if far else lambda: None,
    )
    well = _wellbeing(clock, camera, reading, on_thread, store)
    return Daemon(terminal, reading, delivery, store, sight, wall, well, far)


def _wellbeing(
    clock: SystemClock,
    camera: SlotCamera,
    reading: CardReading,
    vision: SightOnThread,
    store: SqliteStore,
) -> Wellbeing:
    return Wellbeing(
        clock=clock,
        owes={
            Part.CAMERA: lambda: camera.stuck_since,
            Part.READER: lambda: reading.stirred_s,
            Part.VISION: lambda: vision.busy_since,
        },
        probe=store.probe,
        notify=systemd.notify,
    )


def _is_slow(models: ModelSet) -> bool:
    """Say in the log and in telemetry when the networks run without fast kernels."""
    times = speed_check.slowness(models)
    if times < speed_check.SLOW_FROM:
        return False
    log.warning(
        "event=vision_slow times=%.0f expected_below=%.0f what_to_do=%r",
        times,
        speed_check.SLOW_FROM,
        "let the daemon read /proc/cpuinfo (ProcSubset=all in its unit)",
    )
    return True


def _line_settings(settings: config.Config, wall: Timekeeping) -> LineSettings:
    device, mqtt = settings.terminal.device, settings.mqtt
    orders = remote.TOPICS if settings.keys.carrier_command_key else ()
    return LineSettings(
        host=mqtt.host,
        port=mqtt.port,
        client_id=device,
        topics=tuple(
            messages.topic(device, leaf) for leaf in ("receipt", "visit", *orders)
        ),
        keepalive_s=mqtt.keepalive_s,
        will=Will(
            messages.topic(device, "status"),
            messages.to_json(messages.Status(status="lost", boot=wall.moment().boot)),
            mqtt.will_delay_s,
        ),
        ca_file=mqtt.ca_file,
        cert_file=mqtt.cert_file,
        key_file=str(credentials.path_of(mqtt.key_file)) if mqtt.key_file else "",
        retry_from_s=mqtt.retry_from_s,
        retry_to_s=mqtt.retry_to_s,
        known_time=lambda: KnownTime(
            believed=wall.believed_now() is not None,
            earliest_s=wall.earliest_of_broker(),
        ),
    )


def serve(
    settings: config.Config, *, started_s: float, examine: remote.Examine = dict
) -> None:
    """Run the daemon until SIGTERM or SIGINT; `started_s` is on the monotonic clock."""

    async def until_stopped() -> None:
        async with AsyncExitStack() as stack:
            screen = TextScreen(sys.stdout)
            daemon = await build(settings, stack, screen=screen, examine=examine)
            process_memory.settle()
            task = asyncio.ensure_future(daemon.run())
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, task.cancel)
            took_ms = round((time.monotonic() - started_s) * 1000)
            log.info("event=ready took_ms=%d", took_ms)
            systemd.notify("READY=1")
            await asyncio.wait([task])
            systemd.notify("STOPPING=1")
            if not task.cancelled():
                task.result()

    asyncio.run(until_stopped())
