"""Checks of camera, card reader and models: each is really used once.

A running daemon holds the camera and the reader; then nothing is opened, since that
would disturb a visit. Leaves to others: the machine, keys, the line.
"""

import asyncio
import json
from collections.abc import Callable

from likeness import config
from likeness.core.card_dialogue import ReaderReady, ReaderTrouble
from likeness.doctor.finding import Finding, fail, fail_by, ok, warn
from likeness.errors import ConfigError, DeviceLost, FeedUnreadable, ModelError
from likeness.parts import decoder_of
from likeness.service.ports import ByteLine, Camera, Clock
from likeness.service.reading import CardEvent, CardReading

READER_WITHIN_S = 12.0  # every rate is tried
FRAMES = 3
NO_RECORD_BYTES = 1024  # as long as a chip's, and all zeros
IN_USE = "in use by the running daemon"
REINSTALL = "install it anew, for this system and processor, with its libraries"
READER_TODO = "see its cable, and reader.path and reader.baud in the configuration"
CAMERA_TODO = "see the cable and camera.source, camera.path in the configuration"


def camera(
    open_camera: Callable[[], Camera],
    *,
    in_use: bool,
    named: str = "",
    any_other_too: bool = False,
) -> Finding:
    """Take a few frames.

    Args:
        open_camera: makes it.
        in_use: the running daemon has it.
        named: what camera.identity may be set to; "": not known.
        any_other_too: the configuration lets any camera take its place, and should not.
    """
    which = f", camera {named}" if named else ""
    try:
        said = IN_USE if in_use else asyncio.run(_pictures(open_camera()))
    except (DeviceLost, FeedUnreadable, ConfigError) as fault:
        return fail_by(str(fault), CAMERA_TODO)
    if not said:
        return fail("no pictures", CAMERA_TODO)
    if any_other_too:
        return warn(f"{said}{which}; any other may take its place", _bind(named))
    return ok(f"{said}{which}")


async def _pictures(camera: Camera) -> str:
    try:
        await camera.start()
        for _ in range(FRAMES):
            frame = await camera.frame()
        if frame is None:
            return ""
        height, width = frame.image.shape[:2]
        return f"pictures of {width}×{height}"
    finally:
        await camera.stop()


def _bind(named: str) -> str:
    """Say what to write; a serial number may hold signs that TOML has escaped."""
    if named:
        return f"write under [camera]: identity = {json.dumps(named)}"
    return (
        'write under [camera]: identity = "vendor:product" or "vendor:product:serial",'
        " as 'lsusb -v' shows them (idVendor, idProduct, iSerial)"
    )


def reader(
    line: ByteLine,
    clock: Clock,
    *,
    baud: int,
    in_use: bool,
    within_s: float = READER_WITHIN_S,
) -> Finding:
    """Ask the reader for its name; no card is looked for."""
    if in_use:
        return ok(IN_USE)
    said = asyncio.run(_reader(line, clock, baud, within_s))
    if isinstance(said, ReaderReady):
        return ok(f"reader {said.reader_id}")
    detail = said.detail if said else "it does not answer"
    return fail_by(detail, READER_TODO)


async def _reader(
    line: ByteLine, clock: Clock, baud: int, within_s: float
) -> ReaderReady | ReaderTrouble | None:
    heard: asyncio.Queue[CardEvent] = asyncio.Queue()
    reading = asyncio.create_task(
        CardReading(line, clock, heard.put_nowait, baud=baud).run()
    )
    try:
        async with asyncio.timeout(within_s):
            while True:
                event = await heard.get()
                if isinstance(event, ReaderReady | ReaderTrouble):
                    return event
    except TimeoutError:
        return None
    finally:
        reading.cancel()
        await asyncio.wait([reading])


def portrait(settings: config.PortraitDecoder, *, in_use: bool = False) -> Finding:
    """Give the decoder of portraits a record that is none: it must say no, and soon.

    Only a real card shows that it decodes; one that is missing, hangs or crashes is
    found without.
    """
    todo = "set portrait.command to the vendor's program"
    if not settings.command:
        return warn(
            "no decoder: each visit with a card of this reader is referred", todo
        )
    try:
        decoder = decoder_of(settings)
    except ConfigError as fault:
        return fail_by(str(fault), todo)
    name = settings.command[0]
    if in_use:
        return ok(f"{name}, not run beside the daemon")
    answer = asyncio.run(decoder.decode(bytes(NO_RECORD_BYTES)))
    if answer.reason == "decoder-failed" and (decoder.ended or 0) < 0:
        return fail(f"{name} crashes (signal {-(decoder.ended or 0)})", REINSTALL)
    match answer.reason:
        case "decoder-failed":
            return ok(f"{name} runs, and refuses a record that is none")
        case "decoder-timeout":
            said = f"{name} gives no answer within {settings.timeout_s:g} s"
            return fail(said, "see portrait.timeout_s, or ask the vendor")
        case "decoder-missing":
            return fail(f"{name} cannot be started", REINSTALL)
        case "decoder-unconfined":
            return fail(f"{name} cannot be confined", "apt install libseccomp2")
        case _:
            return warn(
                f"{name} takes a record that is none for a good one",
                "ask the vendor: it must end with another exit code than 0",
            )


def models(load: Callable[[], str]) -> Finding:
    """Load every model: its digest, and what it computes for a known picture.

    Args:
        load: loads them, and says in a few words which.
    """
    try:
        return ok(load())
    except (ModelError, ConfigError) as fault:
        return fail(
            str(fault),
            "reinstall the package; on a bench 'likeness models check', 'models build'",
        )
