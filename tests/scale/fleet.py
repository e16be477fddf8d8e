"""A made-up fleet as it shows itself over MQTT: birth, status, reported, telemetry.

The keys are those of the real thing (`service.presence`, `wiring`, `Delivery.snapshot`,
`core.orders.Reported`), the values are drawn from a seed: most terminals are well, some
are lost, hot, full of results that nobody took, or a release behind. Leaves to others:
results (`scale.terminals`), lines that stay.
"""

import asyncio
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from likeness.core import desired, jws, messages, orders
from scale.line import Line
from scale.mqtt5 import Message

NAME = "sim-{:05d}"
RELEASES = ("0.3.0", "0.2.1", "0.2.0", "0.1.0")
SPREAD = (70, 20, 7, 3)  # per cent of the fleet that run each of these
ROLES = ("detect_near", "detect_far", "mesh", "eyelids", "embed", "passive")
RUNTIMES = ("ai-edge-litert 2.3.0", "tflite-runtime 2.14.0")
HOT_C = 80.0  # from here on a Raspberry Pi slows down
DESIRED = {1: orders.Overrides(telemetry_every_s=60), 2: orders.Overrides(keep_days=14)}


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One terminal: what it says of itself."""

    device: str
    birth: dict[str, Any]  # Any: as in the real thing, JSON of any shape
    status: str
    boot: str
    reported: orders.Reported
    telemetry: dict[str, Any]

    @property
    def messages(self) -> Iterator[Message]:
        """All four, as they go out when the line comes up."""
        said = messages.Status(status=self.status, boot=self.boot)
        retained = {
            "birth": messages.to_json(self.birth),
            "status": messages.to_json(said),
            "reported": messages.to_json(self.reported),
        }
        for leaf, body in retained.items():
            yield Message(messages.topic(self.device, leaf), body, retain=True)
        telemetry = messages.to_json(self.telemetry)
        yield Message(messages.topic(self.device, "telemetry"), telemetry, qos=0)


def make_up(number: int, seed: int) -> MadeUp:
    """Return the terminal of this number: the same one for the same seed."""
    draw = random.Random(f"{seed}/{number}")  # noqa: S311 - no secret is drawn
    device = NAME.format(number)
    (software,) = draw.choices(RELEASES, SPREAD)
    status = draw.choices(("online", "lost", "stopping"), (965, 25, 10))[0]
    return MadeUp(
        device=device,
        birth=_birth(device, software, draw),
        status=status,
        boot=_hex(draw, 16),
        reported=_reported(draw),
        telemetry=_telemetry(draw, is_lost=status == "lost"),
    )


def made_up(count: int, seed: int) -> Iterator[MadeUp]:
    """Return `count` terminals, `sim-00000` and on."""
    return (make_up(number, seed) for number in range(count))


def publish_fleet(port: int, count: int, seed: int) -> None:
    """Publish the whole fleet over one line to a broker on this machine, and leave.

    Birth, status and reported are retained; when this returns the broker has all of
    them, and one telemetry of each terminal has gone out.
    """
    asyncio.run(_publish(port, count, seed))


async def _publish(port: int, count: int, seed: int) -> None:
    line = await Line.open("127.0.0.1", port, f"made-up-fleet-{seed}")
    try:
        for terminal in made_up(count, seed):
            for message in terminal.messages:
                await line.publish(message)
        await line.all_answered()
    finally:
        line.close()


def _birth(device: str, software: str, draw: random.Random) -> dict[str, Any]:
    is_usb = draw.random() < 0.1
    number = RELEASES[::-1].index(software) + 1
    return {
        "software": software,
        "environment": "production",
        "profile": draw.choices(("standard", "strict"), (9, 1))[0],
        "kid": _digest(f"key of {device}"),
        "key_tier": draw.choices(("tpm", "file"), (3, 2))[0],
        "epoch": _hex(draw, 16),
        # A release brings its own; one in a hundred has others than its release.
        "models": {
            role: hashlib.sha256(
                f"{role} {software} {draw.random() < 0.01}".encode()
            ).hexdigest()
            for role in ROLES
        },
        "model_set": {
            "digest": hashlib.sha256(software.encode()).hexdigest(),
            "accepted": number,
            "on_trial": draw.random() < 0.02,
            "returned": 0,
            "returned_why": "",
        },
        "runtime": draw.choices(RUNTIMES, (4, 1))[0],
        "capabilities": [
            *(("chip",) if is_usb else ("sdt",)),
            *("blink", "turn", "orders", "desk", "page"),
        ],
    }


def _reported(draw: random.Random) -> orders.Reported:
    """Most have what is desired; some wait, some have refused it."""
    version = draw.choices((2, 1, 0), (90, 7, 3))[0]
    state = draw.choices(("applied", "pending", "refused"), (95, 3, 2))[0]
    over = DESIRED.get(version, orders.Overrides())
    return orders.Reported(
        version=version,
        digest=desired.digest_of(messages.to_json(over)) if version else None,
        state=state if version else "applied",  # type: ignore[arg-type]
        reason="unsupported" if version and state == "refused" else "",
        running={
            "version": version if state == "applied" else max(version - 1, 0),
            "telemetry_every_s": 30,
            "log_level": "as_started",
            "profile": "standard",
            "keep_days": 30,
            "keep_mib": 256,
            "model_set": {"digest": "packaged"},
        },
    )


def _telemetry(draw: random.Random, *, is_lost: bool) -> dict[str, Any]:
    is_hot = draw.random() < 0.02
    is_stuck = is_lost or draw.random() < 0.01  # nobody takes its results
    waiting = draw.randint(5, 400) if is_stuck else draw.choices((0, 1), (9, 1))[0]
    degrees = draw.uniform(HOT_C, 86) if is_hot else draw.gauss(55, 6)
    oldest = draw.randint(600, 259_200) if is_stuck else draw.randint(0, 3)
    visits = draw.randint(0, 240)
    return {
        "outbox_waiting": waiting,
        "outbox_oldest_s": oldest if waiting else 0,
        "outbox_line": "offline" if is_lost else "online",
        "line_fault": "unanswered" if is_stuck else "",
        "delivery_sent": visits + waiting,
        "delivery_receipts": visits,
        **({"delivery_nobody_listens": 3} if is_stuck else {}),
        "visits": visits,
        "clock": draw.choices(("ntp", "rtc", "unsynced"), (96, 3, 1))[0],
        "reader": draw.choices(("well", "lost", "starting"), (97, 2, 1))[0],
        "reader_id": f"SDT-{draw.randint(10**9, 10**10 - 1)}",
        "camera": draw.choices(("found", "missing"), (995, 5))[0],
        "hung": ["camera"] if draw.random() < 0.002 else [],
        "vision_slow": is_hot,
        "resident_kib": draw.randint(110_000, 178_000),
        "disk_free_kib": draw.choices((20_000, 9_000_000), (1, 199))[0],
        "temperature_c": round(min(max(degrees, 20), 90), 1),
        "throttled": is_hot,
        "visit_order_done": draw.randint(0, 9),
        "desired_repeated": draw.randint(0, 3),
        "screen": draw.choices(("page", "none"), (99, 1))[0],
        "screen_painted_p95_ms": draw.randint(12, 60),
        "screen_frame_p95_ms": draw.randint(8, 40),
        "screen_frames": visits * 200,
    }


def _hex(draw: random.Random, size: int) -> str:
    return draw.randbytes(size).hex()


def _digest(words: str) -> str:
    return jws.encode(hashlib.sha256(words.encode()).digest())
