"""All checks of one terminal, side by side, each with a limit of its own.

A check that hangs is a finding, not a doctor that hangs: each runs on a thread that
nobody waits for longer than its limit. Leaves to others: what each one looks at.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from likeness import config, models_in_use
from likeness.cameras import camera_named, camera_of
from likeness.core.vocabulary import Environment
from likeness.doctor import (
    desk,
    devices,
    identity,
    lamps,
    line,
    machine,
    outbox,
    power,
    screen,
    storage,
    system,
    updating,
)
from likeness.doctor.finding import Finding, fail
from likeness.doctor.places import HERE, Places
from likeness.edges import directory_lock, store_file
from likeness.edges.clock import SystemClock
from likeness.edges.model_sets import ModelSets
from likeness.edges.store_memory import kept_number
from likeness.errors import LikenessError
from likeness.parts import reader_line
from likeness.service.timekeeping import REMEMBERED

WITHIN_S = 15.0

Check = Callable[[], Finding]


def checks(settings: config.Config, places: Places = HERE) -> dict[str, Check]:
    """Return the checks by name, in the order in which they are told."""
    state_dir = Path(settings.terminal.state_dir)
    in_use = directory_lock.is_held(state_dir)
    clock = SystemClock(
        sync_marks=places.sync_marks, rtc_set_clock=places.rtc_set_clock
    )
    return {
        "camera": partial(
            devices.camera,
            partial(camera_of, settings.camera, settings.terminal.environment),
            in_use=in_use,
            named=camera_named(settings.camera),
            any_other_too=_takes_any_camera(settings),
        ),
        **_readers(settings, clock, places.reader_within_s, in_use=in_use),
        "screen": partial(screen.screen, settings, places.connectors, in_use=in_use),
        "clock": lambda: machine.clock(
            clock.moment(), kept_number(state_dir / store_file.NAME, REMEMBERED)
        ),
        "disk": partial(machine.disk, state_dir),
        "broker": partial(line.broker, settings, in_use=in_use),
        "certificate": lambda: identity.certificate(settings, datetime.now(UTC)),
        "keys": partial(identity.keys, settings),
        "models": partial(devices.models, partial(_load_models, settings)),
        "temperature": partial(machine.temperature, places.thermal),
        **_desk(settings, in_use=in_use),
        **_record(settings),
        **_signals(settings, in_use=in_use),
        **_upkeep(settings, places, state_dir),
    }


def _takes_any_camera(settings: config.Config) -> bool:
    """Whether in production any USB camera may stand where the installer put one."""
    in_production = settings.terminal.environment is Environment.PRODUCTION
    camera = settings.camera
    return in_production and camera.source == "usb" and not camera.identity


def _upkeep(
    settings: config.Config, places: Places, state_dir: Path
) -> dict[str, Check]:
    """Return the checks of what makes trouble next week rather than now."""
    in_production = settings.terminal.environment is Environment.PRODUCTION
    return {
        "power": partial(power.power, places.firmware),
        "battery clock": partial(system.rtc, places),
        "storage": partial(
            storage.storage, state_dir, places, is_production=in_production
        ),
        "outbox": lambda: outbox.outbox(state_dir, int(time.time())),
        "updates": lambda: updating.updating(settings, datetime.now(UTC)),
        "memory": partial(system.memory, places),
        "swap": partial(system.swap, places),
        "journal": partial(system.journal, places),
        "package": partial(system.package, places),
        "service": partial(system.service, places),
    }


def _desk(settings: config.Config, *, in_use: bool) -> dict[str, Check]:
    """Return the check of the clerk's desk, where there is one."""
    if not settings.desk.listen:
        return {}
    return {"desk": partial(desk.desk, settings.desk, in_use=in_use)}


def _signals(settings: config.Config, *, in_use: bool) -> dict[str, Check]:
    """Return the check of lamps and beeper, where there are any."""
    if not settings.signals.chip:
        return {}
    return {"signals": partial(lamps.lamps, settings.signals, in_use=in_use)}


def _record(settings: config.Config) -> dict[str, Check]:
    """Return the check of recordings, where they are configured."""
    if not settings.record.bench_key:
        return {}
    from likeness.doctor import record  # noqa: PLC0415

    return {"record": partial(record.record, settings)}


def _readers(
    settings: config.Config, clock: SystemClock, within_s: float, *, in_use: bool
) -> dict[str, Check]:
    """Return a check for each reader there is."""
    found: dict[str, Check] = {}
    if settings.reader.kind:
        found["reader"] = partial(
            devices.reader,
            reader_line(settings.reader),
            clock,
            baud=settings.reader.baud,
            in_use=in_use,
            within_s=within_s,
        )
        found["portrait"] = partial(devices.portrait, settings.portrait, in_use=in_use)
    if settings.chip.kind:
        # A terminal without one does not have what these need.
        from likeness import chips as made  # noqa: PLC0415
        from likeness.doctor import chips  # noqa: PLC0415

        line = partial(made.line_of, settings.chip)
        found["chip reader"] = partial(chips.reader, line, in_use=in_use)
        found["scanner"] = partial(chips.scanner, settings.chip, in_use=in_use)
        found["trust"] = partial(chips.trust, settings.trust)
    return found


def examine(
    todo: Mapping[str, Check], within_s: float = WITHIN_S
) -> dict[str, Finding]:
    """Run all checks at once; each has `within_s`."""
    found: dict[str, Finding] = {}
    threads = {
        name: threading.Thread(
            target=_keep, args=(found, name, check), name=f"doctor-{name}", daemon=True
        )
        for name, check in todo.items()
    }
    for thread in threads.values():
        thread.start()
    until = time.monotonic() + within_s
    for thread in threads.values():
        thread.join(max(0.0, until - time.monotonic()))
    late = fail(f"no answer within {within_s:g} s", "look whether it hangs; restart it")
    done = dict(found)
    return {name: done.get(name, late) for name in todo}


def _keep(found: dict[str, Finding], name: str, check: Check) -> None:
    try:
        found[name] = check()
    except LikenessError as fault:
        found[name] = fail(str(fault), "mend that, and run the doctor again")
    except Exception as problem:  # noqa: BLE001 - one broken check must not hide nine
        found[name] = fail(
            f"the check itself failed: {type(problem).__name__}",
            "tell the makers, with the versions of program and system",
        )


def _load_models(settings: config.Config) -> str:
    """Load what the next start would use, and change nothing."""
    sets = ModelSets(Path(settings.terminal.state_dir))
    loaded = models_in_use.sound_set(settings, sets).models
    return f"{len(loaded.digests)} models, {settings.models.variant}, {loaded.runtime}"
