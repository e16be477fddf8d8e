"""Tries a set of models that is not in use yet: right answers, and in good time.

Leaves to others: where the set comes from, and what follows from the answer.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from likeness.errors import ModelError
from likeness.vision.manifest import Role, Variant, read_manifest
from likeness.vision.models import ModelSet, golden_picture, load_models

ROLES: tuple[Role, ...] = get_args(Role)
ROUNDS = 15
SLOWER_AT_MOST = 1.5  # times the set in use, in the same run on the same machine


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds for one run of every role."""

    new_ms: float
    old_ms: float

    @property
    def ratio(self) -> float:
        """How many times slower the new set is."""
        return self.new_ms / self.old_ms


def try_set(
    new: Path,
    old: Path,
    variant: Variant,
    threads: int,
    *,
    slower_at_most: float = SLOWER_AT_MOST,
) -> Timing:
    """Load every model of a set, check its golden answer, and time it.

    Args:
        new: models folder to be tried.
        old: models folder that is in use.
        variant: of the models.
        threads: for each model.
        slower_at_most: the new set's time over the old one's.

    Raises:
        ConfigError: the new set has no good manifest.
        ModelError: a model is missing, has a wrong digest, computes wrong, or the set
            is too slow.
    """
    sets = load_models(new, variant, threads), load_models(old, variant, threads)
    manifests = read_manifest(new), read_manifest(old)
    pictures = [
        {role: golden_picture(manifest.entry(role).input) for role in ROLES}
        for manifest in manifests
    ]
    best = [dict.fromkeys(ROLES, float("inf")) for _ in sets]
    # In turns, and the best of many: what else the machine does hits both alike.
    for _ in range(ROUNDS):
        for role in ROLES:
            for which, models in enumerate(sets):
                took = _time_ms(models, role, pictures[which][role])
                best[which][role] = min(best[which][role], took)
    timing = Timing(*(sum(times.values()) for times in best))
    if timing.ratio > slower_at_most:
        raise ModelError(
            f"the new models are too slow here: {timing.new_ms:.1f} ms, those in use"
            f" take {timing.old_ms:.1f} ms; at most {slower_at_most:g} times is allowed"
        )
    return timing


def _time_ms(models: ModelSet, role: Role, picture: object) -> float:
    model = getattr(models, role)  # a role is the name of its model; loaded with golden
    began = time.perf_counter()
    model.see(picture)
    return (time.perf_counter() - began) * 1000
