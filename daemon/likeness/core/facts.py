"""What a terminal says of itself, unsigned: birth and telemetry, as types.

Nothing is decided by them: they are for who watches the fleet. A figure that a machine
cannot give is left out, so a reader takes every one but the first as missing. Leaves to
others: where the facts come from (`wiring`, `service.delivery`), status (`messages`),
what is reported of a desired configuration (`orders`).
"""

from typing import Annotated, Literal

import msgspec

from likeness.core.messages import Digest, Epoch, Message, Name, Seq, Short
from likeness.core.vocabulary import Environment

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class ModelSet(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Which models run, and what became of the last that was sent."""

    digest: Short  # of a bundle; "packaged": those that the program came with
    accepted: Seq  # a bundle's number; 0: none
    on_trial: bool
    returned: Seq  # the bundle that was given back; 0: none
    returned_why: Short


class Birth(Message, frozen=True, kw_only=True):
    """What a terminal is; said whenever its line comes up, and retained."""

    software: Short
    environment: Environment
    profile: Name
    kid: Digest  # of the key that signs now
    key_tier: Short
    epoch: Epoch
    models: dict[str, Sha256]  # role → digest
    model_set: ModelSet
    runtime: Short
    capabilities: list[Short]


class Telemetry(Message, frozen=True, kw_only=True):
    """How things stand: one flat snapshot every `mqtt.telemetry_every_s`.

    Beside these it has counters since the start, whole numbers: `delivery_…`,
    `visit_order_…`, `command_…`, `desired_…`, `statement_…`.
    """

    outbox_waiting: Seq  # records that the carrier has not signed for
    outbox_line: Literal["offline", "online", "barred"]
    line_fault: Short  # a word; "": none
    outbox_oldest_s: float | None = None  # age of the oldest that waits
    visits: Seq | None = None  # since the start
    clock: Short | None = None  # "ntp", "rtc", "unsynced"
    reader: Short | None = None  # "well", "starting", "lost"
    reader_id: Short | None = None
    camera: Short | None = None  # "found", "missing", "unknown"
    camera_restarts: Seq | None = None  # after a stall in mid-visit, since the start
    camera_id: Short | None = None  # driver and model of a USB camera; no serial
    hung: list[Short] | None = None  # parts that do not move on
    faults: Seq | None = None  # of parts, since the start; each left a transcript
    vision_slow: bool | None = None
    resident_kib: Seq | None = None
    disk_free_kib: Seq | None = None
    temperature_c: float | None = None
    throttled: bool | None = None  # slowed for heat or a weak supply
    thermal_level: Short | None = None  # "cool", "warm", "hot", "too_hot"
    memory_tight: bool | None = None  # too little is free for a visit
    memory_available_kib: Seq | None = None  # of the machine
    screen: Short | None = None  # "page", "none"
    screen_painted_p95_ms: float | None = None
    screen_frame_p95_ms: float | None = None
    screen_frames: Seq | None = None
