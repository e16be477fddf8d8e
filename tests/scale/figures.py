"""Turns phases, times and the judgement into figures: for a page, and for a person.

"Acknowledged" is the carrier's signed receipt, without which a terminal forgets
nothing; the broker's PUBACK stands beside it. Leaves to others: measuring.
"""

import math
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from scale.floor import Told
from scale.judge import Judgement
from scale.show import Phase
from scale.terminals import Times

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
Figures = Mapping[str, Any]  # Any: a row of JSON, of numbers and of maps of numbers


def of_phase(phase: Phase, told: Sequence[Told]) -> Figures:
    """Return what stands in a row: of the records that were made in this phase."""
    made = [
        one
        for one in _all_times(told)
        if phase.began_s <= one.made < phase.ended_s and one.receipted
    ]
    return {
        "phase": phase.name,
        "seconds": round(phase.lasted_s, 1),
        "records": len(made),
        "records_per_s": round(len(made) / phase.lasted_s, 1),
        "puback_ms": _shares(one.acknowledged - one.made for one in made),
        "receipt_ms": _shares(one.receipted - one.made for one in made),
        "cpu_s": {name: round(spent, 2) for name, spent in phase.cpu_s.items()},
        "memory_mib": {
            name: round(kib / 1024, 1) for name, kib in phase.memory_kib.items()
        },
    }


def whole(
    phases: Iterable[Phase],
    told: Sequence[Told],
    judgement: Judgement,
    more: Mapping[str, object],
) -> Figures:
    """Return all of a run."""
    counts: dict[str, int] = {}
    for each in told:
        for name, count in each.counts.items():
            counts[name] = counts.get(name, 0) + count
    return {
        **more,
        "machine": {
            "python": platform.python_version(),
            "processors": os.cpu_count(),
            "kernel": platform.release(),
        },
        "phases": [of_phase(phase, told) for phase in phases],
        "counts": dict(sorted(counts.items())),
        "dry_terminals": sum(each.dry for each in told),
        "judgement": {**asdict(judgement), "is_good": judgement.is_good},
    }


def table(found: Figures) -> Iterator[str]:
    """Yield lines for a person."""
    yield (
        f"{'phase':<16}{'s':>7}{'records':>9}{'1/s':>8}"
        f"{'PUBACK ms p50/p95/p99':>24}{'receipt ms p50/p95/p99/max':>32}"
    )
    for row in found["phases"]:
        puback, receipt = row["puback_ms"], row["receipt_ms"]
        yield (
            f"{row['phase']:<16}{row['seconds']:>7}{row['records']:>9}"
            f"{row['records_per_s']:>8}{_line(puback, 3):>24}{_line(receipt, 4):>32}"
        )
        spent = ", ".join(f"{name} {s}" for name, s in row["cpu_s"].items())
        yield f"    CPU s: {spent}"
    last = found["phases"][-1]["memory_mib"]
    yield "memory MiB: " + ", ".join(f"{name} {mib}" for name, mib in last.items())
    yield f"counts: {found['counts']}"
    took = {name: dict(what) for name, what in found["took"].items()}
    yield f"took: {took}, ingests that fell: {found['falls']}"
    judged = found["judgement"]
    amiss = {
        name: len(what) if isinstance(what, list) else what
        for name, what in judged.items()
    }
    yield f"judgement: {amiss}"


def _line(shares: Mapping[str, float], count: int) -> str:
    return " / ".join(f"{one:g}" for one in list(shares.values())[:count])


def _all_times(told: Iterable[Told]) -> Iterator[Times]:
    for each in told:
        for records in each.times.values():
            yield from records


def _shares(seconds: Iterable[float]) -> Mapping[str, float]:
    """Return exact percentiles in milliseconds (nearest rank); none without a value."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    return {
        name: round(ordered[max(math.ceil(share * len(ordered)), 1) - 1] * 1000, 2)
        for name, share in SHARES.items()
    }
