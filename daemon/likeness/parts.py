"""Makes the parts that need nothing but settings; `wiring` puts them together.

Leaves to others: which part knows which.
"""

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from likeness import config
from likeness.cameras import camera_presence
from likeness.core import messages, profile
from likeness.core.card_cycle import Wishes
from likeness.core.glance import State
from likeness.core.vocabulary import Health, Today
from likeness.core.wellness import Part
from likeness.edges import credentials, systemd
from likeness.edges.broker import LineSettings, Will
from likeness.edges.camera import SlotCamera
from likeness.edges.chip_portrait import ChipPortrait, EitherPortrait
from likeness.edges.clock import SystemClock
from likeness.edges.portrait_decoder import ENVIRONMENT, CommandPortrait
from likeness.edges.reader_serial import SerialLine
from likeness.edges.reader_stx import StxLine
from likeness.edges.reader_usb_sam import UsbSamLine
from likeness.edges.store import DAY_S, MIB, Retention, SqliteStore
from likeness.edges.tls_time import KnownTime
from likeness.errors import ConfigError
from likeness.service.chip_reading import ChipEvent
from likeness.service.ports import ByteLine
from likeness.service.readers import CardSource, Readers
from likeness.service.reading import CardEvent, CardReading
from likeness.service.reception import CHIP, SDT, Reception
from likeness.service.terminal import Terminal
from likeness.service.timekeeping import Timekeeping
from likeness.service.wellbeing import Wellbeing
from likeness.sight import SightOnThread
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
    return replace(policy, light=settings.screen.light)


def reader_line(settings: config.Reader) -> ByteLine:
    """Return the line to the card reader; it is opened by whoever reads."""
    match settings.variant:
        case "serial":
            return SerialLine(settings.path, settings.baud)
        case "stx":
            return StxLine(settings.path, settings.baud)
        case "usb":
            return UsbSamLine(settings.usb)


def decoder_of(settings: config.PortraitDecoder) -> CommandPortrait:
    """Return the portrait decoder; a program that is not there stops the start."""
    command = settings.command
    if command and shutil.which(command[0], path=ENVIRONMENT["PATH"]) is None:
        raise ConfigError(
            f"portrait.command: '{command[0]}' is no program that can be started;"
            " give its absolute path"
        )
    return CommandPortrait(command, settings.timeout_s)


def retention_of(settings: config.Store) -> Retention:
    """Return how long receipted records stay."""
    return Retention(
        keep_s=settings.keep_days * DAY_S, keep_bytes=settings.keep_mib * MIB
    )


def portraits_of(settings: config.Config) -> EitherPortrait:
    """Return what decodes the portraits of the cards that are read here."""
    sdt = decoder_of(settings.portrait)
    return EitherPortrait(ChipPortrait() if settings.chip.kind else sdt, sdt)


def seek(settings: config.Config, terminal: Terminal, reading: Readers) -> None:
    """Look for a card, unless nobody has agreed yet where that takes a tap."""
    by_card = settings.screen.consent_by == "card"
    if by_card or terminal.glance.state is State.CARD:
        reading.seek()
    else:
        reading.rest()


def trouble(terminal: Terminal, reception: Reception) -> tuple[str, str] | None:
    """Say why no visitor can be served, as the screen says it: its state and detail."""
    if (why := terminal.obstacle) and why != "busy":
        return "out_of_service", why
    return ("no_reader", reception.lost) if reception.lost else None


def health(settings: config.Config, reception: Reception, *, online: bool) -> str:
    """Say what the page should tell beside all else; one of `scene.HEALTH`, or none."""
    if camera_presence(settings.camera) == "missing":
        return "camera"
    if reception.reader is Health.LOST:
        return "reader"
    return "" if online else "offline"


def reader_names(settings: config.Config) -> tuple[str, ...]:
    """Return which families of cards are read here."""
    return (
        *([SDT] if settings.reader.kind else []),
        *([CHIP] if settings.chip.kind else []),
    )


def readers_of(
    settings: config.Config,
    clock: SystemClock,
    listener: Callable[[str], Callable[[ChipEvent], None]],
    today: Callable[[], Today],
) -> Readers:
    """Return the configured readers; `listener` gives whom each of them tells.

    Raises:
        ConfigError: the trust folder cannot be read.
    """
    readers: list[CardSource] = []
    beside = []
    enter: Callable[[str], None] | None = None
    if settings.reader.kind:
        readers.append(sdt_reading_of(settings.reader, clock, listener(SDT)))
    if settings.chip.kind:
        from likeness import chips

        reading = chips.reading_of(settings, clock, listener(CHIP), today)
        readers.append(reading)
        if settings.chip.typed_on_page:
            enter = reading.enter
        else:
            beside.append(chips.entry_of(settings.chip, reading).run)
    return Readers(readers, beside, enter)


def sdt_reading_of(
    settings: config.Reader,
    clock: SystemClock,
    on_event: Callable[[CardEvent], None],
) -> CardReading:
    """Return the reading of resident identity cards."""
    return CardReading(
        reader_line(settings),
        clock,
        on_event,
        baud=settings.baud,
        wishes=Wishes(settings.addresses, settings.fingerprint),
        rf_size=settings.rf_size,
    )


def wellbeing(
    clock: SystemClock,
    camera: SlotCamera,
    reading: Readers,
    vision: SightOnThread,
    store: SqliteStore,
    told: Callable[[Part], None] = lambda _part: None,
) -> Wellbeing:
    """Return who is asked whether it hangs, and whom that tells."""
    return Wellbeing(
        clock=clock,
        owes={
            Part.CAMERA: lambda: camera.stuck_since,
            Part.READER: lambda: reading.stirred_s,
            Part.VISION: lambda: vision.busy_since,
        },
        probe=store.probe,
        notify=systemd.notify,
        told=told,
    )


def is_slow(models: ModelSet) -> bool:
    """Whether the networks run without fast kernels; say so in the log if they do."""
    if models.mesh.has_fast_kernels:
        return False
    log.warning(
        "event=vision_slow what_to_do=%r",
        "let the daemon read /proc/cpuinfo (ProcSubset=all in its unit)",
    )
    return True


def line_settings(
    settings: config.Config, wall: Timekeeping, orders: tuple[str, ...]
) -> LineSettings:
    """Return how the broker is reached; `orders` are topics beside the usual ones."""
    device, mqtt = settings.terminal.device, settings.mqtt
    return LineSettings(
        host=mqtt.host,
        port=mqtt.port,
        client_id=device,
        topics=tuple(
            messages.topic(device, leaf)
            for leaf in dict.fromkeys(("receipt", "visit", *orders))
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


def resident_kib() -> int:
    """Return what this process holds in memory now (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // KIB
