"""Reads what a terminal says of itself; what cannot be read is unknown, not an error.

Nothing here is signed, and a terminal that is ill, old or in wrong hands may say
anything: each member is taken for itself, within bounds, and text loses whatever does
not print. Leaves to others: what follows from it (`fleet`, `fleet_needs`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from likeness.core.messages import LAST_SECOND

MOST_BYTES = 16_384  # the brokers in the field take no larger message
MOST_CHARS = 64
MOST_ITEMS = 16  # of a list, or of a map
MOST = 2**53 - 1
HOTTEST_C = 200.0
# What a page shows of text that does not print, turned letters around and so on.
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

# Any: JSON of any shape, from anybody.
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Status:
    """`online`, `stopping`, `lost`, or anything; and in which boot it was said."""

    word: str
    boot: str


@dataclass(frozen=True, slots=True)
class Birth:
    """What a terminal is; empty: not said, or not readable."""

    software: str = ""
    environment: str = ""
    profile: str = ""
    key: str = ""
    key_tier: str = ""
    epoch: str = ""
    runtime: str = ""
    models: tuple[tuple[str, str], ...] = ()  # role, SHA-256
    model_set: str = ""  # a digest, or "packaged"
    models_on_trial: bool = False
    models_returned: str = ""  # why the last new set was given back
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Telemetry:
    """How things stand at a terminal; None: not said, or not readable."""

    waiting: int | None = None  # records without receipt
    oldest_s: float | None = None  # age of the oldest of them
    set_aside: int = 0  # records that the carrier will never take
    nobody_listens: int = 0
    line_fault: str = ""  # a word of `line_faults`
    visits: int | None = None
    clock: str = ""  # "ntp", "rtc", "unsynced"
    reader: str = ""  # `vocabulary.Health`
    camera: str = ""  # "found", "missing", "unknown"
    screen: str = ""  # "page", "none"
    hung: tuple[str, ...] = ()
    is_slow: bool = False  # vision, against what its machine should do
    resident_kib: int | None = None
    disk_free_kib: int | None = None
    temperature_c: float | None = None
    is_throttled: bool | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of the configuration that was desired last."""

    version: int = 0
    digest: str = ""
    state: str = ""  # "applied", "pending", "refused"
    reason: str = ""
    telemetry_every_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Something came that cannot be read at all."""

    leaf: str


Said = Status | Birth | Telemetry | Reported | Unread


def read(leaf: str, payload: bytes) -> Said | None:
    """Read one message; None: it was taken back (an empty retained message).

    Args:
        leaf: the topic's last level.
        payload: as it came.
    """
    if not payload:
        return None
    said = _object(payload)
    match leaf:
        case "status" if said is not None and "status" in said:
            return Status(_text(said, "status"), _text(said, "boot"))
        case "birth" if said is not None:
            return _birth(said)
        case "telemetry" if said is not None:
            return _telemetry(said)
        case "reported" if said is not None:
            return _reported(said)
        case _:
            return Unread(printable(leaf))


def printable(text: str, most: int = MOST_CHARS) -> str:
    """Return text as it can be shown on one line, in any script."""
    shown = "".join(one if one.isprintable() else UNPRINTABLE for one in text[:most])
    return f"{shown}…" if len(text) > most else shown


def _birth(said: Json) -> Birth:
    models, chosen = _map(said, "models"), _map(said, "model_set")
    return Birth(
        software=_text(said, "software"),
        environment=_text(said, "environment"),
        profile=_text(said, "profile"),
        key=_text(said, "kid"),
        key_tier=_text(said, "key_tier"),
        epoch=_text(said, "epoch"),
        runtime=_text(said, "runtime"),
        models=tuple(
            (printable(role), _text(models, role))
            for role in sorted(models)[:MOST_ITEMS]
        ),
        model_set=_text(chosen, "digest"),
        models_on_trial=chosen.get("on_trial") is True,
        models_returned=_text(chosen, "returned_why"),
        capabilities=_texts(said, "capabilities"),
    )


def _telemetry(said: Json) -> Telemetry:
    throttled = said.get("throttled")
    return Telemetry(
        waiting=_whole(said, "outbox_waiting"),
        oldest_s=_number(said, "outbox_oldest_s", 0, LAST_SECOND),
        set_aside=_whole(said, "delivery_set_aside") or 0,
        nobody_listens=_whole(said, "delivery_nobody_listens") or 0,
        line_fault=_text(said, "line_fault"),
        visits=_whole(said, "visits"),
        clock=_text(said, "clock"),
        reader=_text(said, "reader"),
        camera=_text(said, "camera"),
        screen=_text(said, "screen"),
        hung=_texts(said, "hung"),
        is_slow=said.get("vision_slow") is True,
        resident_kib=_whole(said, "resident_kib"),
        disk_free_kib=_whole(said, "disk_free_kib"),
        temperature_c=_number(said, "temperature_c", -HOTTEST_C, HOTTEST_C),
        is_throttled=throttled if isinstance(throttled, bool) else None,
    )


def _reported(said: Json) -> Reported:
    running = _map(said, "running")
    return Reported(
        version=_whole(said, "version") or 0,
        digest=_text(said, "digest"),
        state=_text(said, "state"),
        reason=printable(said["reason"], 256) if _is_text(said, "reason") else "",
        telemetry_every_s=_number(running, "telemetry_every_s", 1, 3600),
    )


# --- members ------------------------------------------------------------------------
def _object(payload: bytes) -> Json | None:
    if len(payload) > MOST_BYTES:
        return None
    try:
        said = msgspec.json.decode(payload)
    except (ValueError, RecursionError):  # msgspec's own are a ValueError
        return None
    return said if isinstance(said, dict) else None


def _is_text(said: Mapping[str, Any], name: str) -> bool:
    return isinstance(said.get(name), str)


def _text(said: Mapping[str, Any], name: str) -> str:
    return printable(said[name]) if _is_text(said, name) else ""


def _texts(said: Json, name: str) -> tuple[str, ...]:
    found = said.get(name)
    if not isinstance(found, list):
        return ()
    return tuple(printable(one) for one in found[:MOST_ITEMS] if isinstance(one, str))


def _map(said: Json, name: str) -> Json:
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def _number(said: Json, name: str, low: float, high: float) -> float | None:
    found = said.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if low <= found <= high else None


def _whole(said: Json, name: str) -> int | None:
    found = said.get(name)
    if isinstance(found, bool) or not isinstance(found, int):
        return None
    return found if 0 <= found <= MOST else None
