"""Says what may stand in the head of a transcript: no member of it is free text.

A head that another program wrote, or a hand changed, is not believed to be ours: each
member has its type and its words. What a head always has is refused when it differs.
Figures and places in the code change with the program, so of those only what is known
here is kept. Leaves to others: the lines (`core.transcript_doubts`), what a form can
find in all of it (`redaction`).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import msgspec

import likeness
from likeness.core import line_faults, orders, outbox
from likeness.core.commands import Outcome
from likeness.core.facts import Telemetry
from likeness.core.line_faults import LineFault
from likeness.core.profile import PROFILES
from likeness.core.thermal import Level
from likeness.core.time_floor import NTP, RTC, UNSYNCED
from likeness.core.transcript_doubts import is_within
from likeness.core.transcript_words import Given, Head, Policy, policy_of, profile_of
from likeness.core.vocabulary import Environment
from likeness.core.wellness import Part
from likeness.errors import UsageError
from likeness.service.diagnosing import ASKED, CRASHED, FAULTS, FRAMES, NOT_SAFE

WHYS: Final = frozenset(
    {
        *("", ASKED, CRASHED, NOT_SAFE, "replay", *map(str, FAULTS)),
        *(f"{part}_hangs" for part in Part),
    }
)
SOFTWARE: Final = re.compile(
    r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}((a|b|rc|\.dev|\.post)[0-9]{1,4})?"
)
SHA256: Final = re.compile("[0-9a-f]{64}")

# --- telemetry --------------------------------------------------------------------
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "outbox_line": tuple(one.name.lower() for one in outbox.Line),
    "line_fault": (
        *("", "subscription_refused"),
        *(one.word for one in vars(line_faults).values() if isinstance(one, LineFault)),
        *(one.word for one in map(line_faults.fault_of, range(256)) if one),
    ),
    "clock": (NTP, RTC, UNSYNCED),
    "reader": ("well", "starting", "lost"),
    "camera": ("found", "missing", "unknown"),
    "thermal_level": tuple(one.name.lower() for one in Level),
    "screen": ("page", "none"),
}
# What devices say of themselves: a secure module's number, a USB camera's model.
FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "reader_id": re.compile(r"[0-9]{2}\.[0-9]{2}-[0-9]{8}-[0-9]{10}-[0-9]{10}"),
    "camera_id": re.compile("uvcvideo [0-9a-f]{4}:[0-9a-f]{4}"),
}
FIGURES: Final = {*Telemetry.__struct_fields__} - {*WORDS, *FORMS, "hung"}
COUNTED: Final[Mapping[str, tuple[str, ...]]] = {
    "delivery": (
        *("dropped", "flooded", "forked", "receipts", "sent", "set_aside"),
        *map(str, outbox.Trouble),
        *(f"line_{word}" for word in WORDS["line_fault"]),
    ),
    "visit_order": ("ignored", *get_args(Outcome)),
    "command": ("ignored", *get_args(Outcome)),
    "desired": ("repeated", *get_args(orders.DesiredState)),
    "statement": ("waiting", "sent", "kept", "refused", "stray_answers"),
}
COUNTERS: Final = {f"{of}_{word}" for of, words in COUNTED.items() for word in words}

# --- where it fell ----------------------------------------------------------------
PACKAGE: Final = Path(likeness.__file__).parent
PLACE: Final = re.compile(r"([a-z0-9_]+\.py):[0-9]{1,5} ([A-Za-z0-9_]+)")
ELSEWHERE: Final = "elsewhere"  # in a library, or in no program that is here


class Facts(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a head says of its terminal (`scribe`, `service.diagnosing`)."""

    environment: Environment | msgspec.UnsetType = msgspec.UNSET
    utc_s: Annotated[int, msgspec.Meta(ge=0, lt=1 << 34)] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    time_quality: Literal["ntp", "rtc", "unsynced"] | msgspec.UnsetType = msgspec.UNSET
    boot: (
        Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4,12}){4}$(?!\n)")]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    telemetry: Given = {}
    where: list[str] = []


def checked(head: Head) -> Head:
    """Return the head, of what a head of ours can hold and nothing else.

    Raises:
        UsageError: it holds more; what, is not repeated.
    """
    try:
        facts = msgspec.convert(head.facts, Facts)
        is_ours = _is_policy(head.policy)
    except (msgspec.ValidationError, UsageError, RecursionError):
        is_ours = False
    if not is_ours or head.why not in WHYS or not SOFTWARE.fullmatch(head.software):
        raise UsageError("its head holds more than a head of ours")
    told = {name: one for name, one in facts.telemetry.items() if _is_told(name, one)}
    where = [one if _is_place(one) else ELSEWHERE for one in facts.where[:FRAMES]]
    kept = msgspec.structs.replace(facts, telemetry=told, where=where)
    return msgspec.structs.replace(head, facts=msgspec.to_builtins(kept))


def _is_policy(policy: Policy) -> bool:
    """Whether it is a profile of ours by name, with such values and no others."""
    whole = policy_of(profile_of(policy)).values
    return (
        policy.name in PROFILES
        and policy.values.get("name") == policy.name
        and SHA256.fullmatch(policy.digest) is not None
        and is_within(policy.values, whole)
    )


def _is_told(name: str, value: Any) -> bool:
    if value is None:
        return name in Telemetry.__struct_fields__
    if name in WORDS:
        return value in WORDS[name]
    if name in FORMS:
        return isinstance(value, str) and FORMS[name].fullmatch(value) is not None
    if name == "hung":
        return isinstance(value, list) and all(one in tuple(Part) for one in value)
    return isinstance(value, int | float) and (name in FIGURES or name in COUNTERS)


def _is_place(said: str) -> bool:
    """Whether such a file of ours has such a function."""
    found = PLACE.fullmatch(said)
    if found is None:
        return False
    defined = re.compile(rf"^\s*(async )?def {found[2]}\(", flags=re.MULTILINE)
    files = PACKAGE.rglob(found[1])
    return any(defined.search(file.read_text(encoding="utf-8")) for file in files)
