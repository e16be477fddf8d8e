"""The control: a genuine visit through the workshop's own camera and codec, no attack.

What a defence says of it shows whether it answers to the attacks or to our camera.
Leaves to others: the camera.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from likeness.bench.attacks import light
from likeness.bench.attacks.attack import Attack
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.bench.attacks.scene import Lens
from likeness.bench.attacks.sensor import Sensor
from likeness.vision.detect import Picture


def control_camera(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Take the recording's pictures for the scene itself; it stays genuine."""
    del others
    height, width = (side // 2 * 2 for side in genuine.frontal.picture.shape[:2])
    sensor = Sensor(draws, Lens(width, height, width))

    def pictures() -> Iterator[Picture]:
        for number, shot in enumerate(genuine.shots):
            seen = light.to_linear(shot.picture[:height, :width])
            if number == 0:
                sensor.meter(seen, np.ones((height, width), np.float32))
            yield sensor.record(seen)

    count = len(genuine.shots)
    return Attack(pictures(), count, genuine.fps, genuine.acts, label="genuine")
