"""Attacks on the feed itself: pictures that a false camera gives in place of a person.

Leaves to others: attacks before the lens.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from likeness.bench.attacks.attack import Attack
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.bench.attacks.script import draw_script
from likeness.vision.detect import Picture

STILL_S = 6.0


def injected_still(genuine: Genuine, draws: Draws, others: Sequence[Genuine]) -> Attack:
    """Give one still picture: bare, with false noise, or slowly drifting."""
    del others
    how = draws.one_of("still_is", ("bare", "noisy", "drifting"))
    noise = draws.between("noise_codes", 0.5, 3.0) if how == "noisy" else 0.0
    drift = draws.between("drift_px_per_s", 1, 8) if how == "drifting" else 0.0
    count = round(STILL_S * genuine.fps)

    def pictures() -> Iterator[Picture]:
        still = genuine.frontal.picture
        height, width = still.shape[:2]
        for number in range(count):
            shift = drift * np.sin(number / genuine.fps)
            grown = 1 + drift / 500 * number / genuine.fps / STILL_S
            moved = np.array([[grown, 0, shift], [0, grown, shift / 2]], np.float32)
            seen = cv2.warpAffine(
                still, moved, (width, height), borderMode=cv2.BORDER_REPLICATE
            )
            if noise:
                grain = draws.rng.normal(0, noise, still.shape)
                seen = np.clip(seen + grain, 0, 255).astype(np.uint8)
            yield np.asarray(seen, np.uint8)

    return Attack(pictures(), count, genuine.fps, draw_script(draws).acts)
