"""Takes pictures of sheets in a room: exposure, motion blur, sensor.

Leaves to others: which sheets stand where at a time.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from likeness.bench.attacks import room, scene
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.scene import Lamp, Lens, Pose, Sheet
from likeness.bench.attacks.sensor import Sensor
from likeness.vision.detect import Floats, Picture

# Sheets at a time, the farthest first.
Layers = Callable[[float], Sequence[tuple[Sheet, Pose]]]

WIDTH, HEIGHT = 640, 480
BLUR_STEP_PX = 2.0  # a shutter is looked through so often that steps do not show
MOST_STEPS = 4
CORNER_MM = 90.0  # a face's corner, where movement is judged


class Stage:
    """One camera in one room, for one attack."""

    def __init__(self, draws: Draws) -> None:
        # A horizontal field of view of 53 to 63 degrees.
        self.lens = Lens(WIDTH, HEIGHT, draws.between("focal_px", 520, 640))
        self.exposure_s = draws.between("exposure_s", 0.006, 0.02)
        self.fps = draws.one_of("camera_fps", (25.0, 30.0))
        self._lamp = Lamp(
            position_mm=(
                draws.between("lamp_x_mm", -900, 900),
                draws.between("lamp_y_mm", -1500, -500),
                draws.between("lamp_z_mm", -600, 300),
            ),
            ambient=draws.between("ambient", 0.45, 0.85),
        )
        self._room = room.paint(draws, self.lens)
        self._sensor = Sensor(draws, self.lens)
        self._metered = False

    def shoot(self, layers: Layers, at_s: float) -> Picture:
        """Expose one frame that begins at a time."""
        steps = self._steps(layers, at_s)
        times = at_s + (np.arange(steps) + 0.5) / steps * self.exposure_s
        exposed = np.zeros_like(self._room)
        for time_s in times.tolist():
            seen = self._room.copy()
            for sheet, pose in layers(time_s):
                scene.place(seen, sheet, pose, self.lens, self._lamp, at_s)
            exposed += seen
        exposed *= np.float32(1 / steps)
        if not self._metered:
            self._meter(exposed)
        return self._sensor.record(exposed)

    def _meter(self, seen: Floats) -> None:
        """Meter on the middle, where the terminal expects a face."""
        part = np.zeros(seen.shape[:2], np.float32)
        part[HEIGHT // 4 : 3 * HEIGHT // 4, WIDTH // 3 : 2 * WIDTH // 3] = 1
        self._sensor.meter(seen, part)
        self._metered = True

    def _steps(self, layers: Layers, at_s: float) -> int:
        """How many looks through the shutter the fastest sheet needs."""
        start, end = layers(at_s), layers(at_s + self.exposure_s)
        farthest = max(
            (
                self._moved(one, two)
                for (_, one), (_, two) in zip(start, end, strict=False)
            ),
            default=0.0,
        )
        return min(max(math.ceil(farthest / BLUR_STEP_PX), 1), MOST_STEPS)

    def _moved(self, one: Pose, two: Pose) -> float:
        """How far a face's corners move, in pixels."""
        corners = np.array(
            [
                (x, y, 0)
                for x in (-CORNER_MM, CORNER_MM)
                for y in (-CORNER_MM, CORNER_MM)
            ],
            np.float32,
        )
        there, then = (corners @ pose.rotation.T + pose.middle for pose in (one, two))
        seen = [at[:, :2] / at[:, 2:] * self.lens.focal_px for at in (there, then)]
        return float(np.abs(seen[0] - seen[1]).max())
