"""How hands hold a thing: slow sway and a fast small tremor, as functions of time.

Sums of sines with drawn phases, so a shutter can look between frames. Tremor of an
outstretched hand lies at 8-12 Hz (Elble & Koller, "Tremor", 1990). Leaves to others:
deliberate movement.
"""

import math

from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.scene import Pose

SWAY_HZ = (0.2, 0.5, 1.1, 1.9)
TREMOR_HZ = (8.3, 10.7)
PARTS = 6  # x, y, z, yaw, pitch, roll


class Hands:
    """The unwanted movement of a held sheet."""

    def __init__(self, draws: Draws, *, steadiness: float = 1.0) -> None:
        sway_mm = draws.between("hand_sway_mm", 1.0, 5.0) * steadiness
        sway_deg = draws.between("hand_sway_deg", 0.4, 2.0) * steadiness
        tremor_mm = draws.between("hand_tremor_mm", 0.05, 0.3) * steadiness
        tremor_deg = draws.between("hand_tremor_deg", 0.02, 0.15) * steadiness
        self._waves: list[list[tuple[float, float, float]]] = []
        for part in range(PARTS):
            turns = part >= PARTS // 2
            slow, fast = (sway_deg, tremor_deg) if turns else (sway_mm, tremor_mm)
            waves = [(hz, slow / math.sqrt(1 + hz)) for hz in SWAY_HZ]
            waves += [(hz, fast) for hz in TREMOR_HZ]
            self._waves.append(
                [
                    (
                        2 * math.pi * hz * draws.rng.uniform(0.8, 1.25),
                        draws.rng.uniform(0, 2 * math.pi),
                        size * draws.rng.uniform(0.3, 1.0),
                    )
                    for hz, size in waves
                ]
            )

    def at(self, seconds: float) -> Pose:
        """Return the shift from where the hands should be."""
        x, y, z, yaw, pitch, roll = (
            sum(size * math.sin(pace * seconds + phase) for pace, phase, size in waves)
            for waves in self._waves
        )
        return Pose(x, y, z, yaw, pitch, roll)
