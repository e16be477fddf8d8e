"""What a rollout is asked to do: its file, whose turn it is when, when it stops.

The order in which terminals take their turn is drawn from the rollout's name: nobody
chooses it, everybody can repeat it, and the first one is another one in each rollout.
Leaves to others: what happens while it goes on (`rollout`), where labels are kept.
"""

import hashlib
import itertools
import math
import re
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from likeness.core import orders
from likeness.errors import ConfigError

RolloutName = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)")
]
# "3": so many; "2.5 %": so many of a hundred.
Amount = Annotated[
    str,
    msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,6}|[0-9]{1,3}(\.[0-9]{1,3})? ?%)$(?!\n)"),
]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=30 * 24 * 3600)]
WAVES_AT_MOST = 32
ALL = 100.0  # per cent
_PER_CENT = re.compile(r"([0-9.]+) ?%")


class Refusals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the wave's terminals refuse more visitors than the fleet did before.

    It takes both: a rise that chance hardly explains, and one that matters.
    """

    # The chance, over the whole rollout, of a stop though nothing is worse.
    level: Annotated[float, msgspec.Meta(gt=0, le=0.2)] = 0.01
    rise: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.03  # of the share, 0 … 1
    # Of each wave, and of the fleet before; a wave is not done with fewer. 0: refusals
    # stop nothing.
    results: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 100
    before_s: Annotated[int, msgspec.Meta(ge=3600, le=366 * 24 * 3600)] = 7 * 24 * 3600


class Stop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stops a rollout."""

    failed: Amount = "5 %"  # of a wave may fail, rounded down; one more stops
    report_within_s: Annotated[int, msgspec.Meta(ge=1, le=30 * 24 * 3600)] = 900
    lost_after_s: Seconds = 300  # without a line for so long: failed
    outbox_oldest_s: Seconds = 3600  # a result has waited for so long: failed; 0: never
    refusals: Refusals = Refusals()


class PlanFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a rollout, see ROLLOUTS.md."""

    name: RolloutName
    desired: orders.Overrides  # one empty: the values of each terminal's own file
    where: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()  # by name instead
    # Each says how many have had their turn after it, of all.
    waves: Annotated[
        tuple[Amount, ...], msgspec.Meta(min_length=1, max_length=WAVES_AT_MOST)
    ] = ("1", "1 %", "10 %", "100 %")
    soak_s: Seconds | tuple[Seconds, ...] = 3600  # after each wave, or for each its own
    stop: Stop = Stop()


def amount_of(text: str, whole: int, *, up: bool) -> int:
    """Return how many "3" or "2.5 %" of so many are, rounded up or down."""
    if found := _PER_CENT.fullmatch(text):
        # In thousandths of a per cent, so that no rounding error makes one more.
        thousandths = round(float(found[1]) * 1000) * whole
        full = round(ALL * 1000)
        return math.ceil(thousandths / full) if up else thousandths // full
    return int(text)


def refuse_unfit(plan: PlanFile, where: str) -> None:
    """Refuse a file whose parts do not fit each other.

    Raises:
        ConfigError: what is wrong, in one line.
    """
    if plan.where and plan.devices:
        raise ConfigError(f"{where}: give 'where' or 'devices', not both")
    if not plan.where and not plan.devices:
        raise ConfigError(
            f'{where}: say which terminals: where = ["label=value"], or devices'
        )
    if not isinstance(plan.soak_s, int) and len(plan.soak_s) != len(plan.waves):
        raise ConfigError(
            f"{where}: soak_s has {len(plan.soak_s)} values for {len(plan.waves)} waves"
        )
    last = _PER_CENT.fullmatch(plan.waves[-1])
    if last is None or float(last[1]) != ALL:
        raise ConfigError(f'{where}: the last of the waves must be "100 %"')
    for text in (*plan.waves, plan.stop.failed):
        found = _PER_CENT.fullmatch(text)
        if found and float(found[1]) > ALL:
            raise ConfigError(f"{where}: '{text}' is more than all")


def soak_of(plan: PlanFile, wave: int) -> int:
    """Return for how many seconds a wave (from 0) is watched."""
    return plan.soak_s if isinstance(plan.soak_s, int) else plan.soak_s[wave]


def in_order(name: str, devices: Iterable[str]) -> list[str]:
    """Return the devices in the order in which they take their turn."""
    return sorted(
        devices,
        key=lambda device: hashlib.sha256(f"{name}\0{device}".encode()).digest(),
    )


def waves_of(plan: PlanFile, devices: Sequence[str]) -> list[list[str]]:
    """Return the waves, each with its devices; a wave that adds nobody is empty."""
    ordered = in_order(plan.name, devices)
    ends = itertools.accumulate(
        (
            min(amount_of(text, len(ordered), up=True), len(ordered))
            for text in plan.waves
        ),
        max,  # "5", then "1 %" of a hundred: that wave adds nobody
    )
    return [ordered[a:b] for a, b in itertools.pairwise([0, *ends])]
