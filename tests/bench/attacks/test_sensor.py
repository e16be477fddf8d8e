import numpy as np
import pytest

from likeness.bench.attacks import light
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.scene import Lens
from likeness.bench.attacks.sensor import Sensor
from likeness.vision.detect import Floats

LENS = Lens(64, 48, 60.0)
ALL = np.ones((48, 64), np.float32)


def grey(value: float) -> Floats:
    return np.full((48, 64, 3), value, np.float32)


def test_exposure_makes_a_dark_room_as_bright_as_a_light_one() -> None:
    levels = []
    for value in (0.05, 0.5):
        sensor = Sensor(Draws("exposed"), LENS)
        sensor.meter(grey(value), ALL)
        levels.append(light.luma(light.to_linear(sensor.record(grey(value)))).mean())
    assert levels[0] == pytest.approx(levels[1], rel=0.05)
    assert 0.1 < levels[0] < 0.35


def test_noise_is_new_in_each_frame_and_stronger_where_it_is_light() -> None:
    sensor = Sensor(Draws("noise"), LENS)
    scene = grey(0.02)
    scene[:, 32:] = 0.4
    sensor.meter(scene, ALL)
    frames = np.stack([sensor.record(scene) for _ in range(12)])
    assert (frames[0] != frames[1]).any()
    counts = light.to_linear(frames.reshape(-1, 64, 3)).reshape(frames.shape)
    spread = counts.std(axis=0)
    assert spread[:, 40:].mean() > 1.5 * spread[:, :24].mean() > 0


def test_an_edge_is_neither_moved_nor_lost() -> None:
    sensor = Sensor(Draws("edge"), LENS)
    scene = grey(0.02)
    scene[:, 32:] = 0.4
    sensor.meter(scene, ALL)
    row = sensor.record(scene)[10:38].mean(axis=(0, 2))
    assert int(np.argmax(np.diff(row))) == pytest.approx(31, abs=1)
