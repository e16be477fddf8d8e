"""Pictures that do not live are noticed; people who hold still are not."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import cycle, islice
from random import Random

import pytest

import visits as v
from likeness.core.frozen import Frozen
from likeness.core.seen import Face, Observation

FPS = 30.0
SEEDS = range(4)


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - noise, no secret


def way(frames: Iterable[Face | None], fps: float = FPS) -> Iterator[Observation]:
    for number, face in enumerate(frames):
        yield Observation(number / fps, number, 1, face)


def pictures(digests: Iterable[int], fps: float = FPS) -> Iterator[Observation]:
    for number, digest in enumerate(digests):
        yield Observation(number / fps, number, 0, None, digest)


def dies_at_s(seen: Iterable[Observation], *, may_repeat: bool = False) -> float | None:
    frozen = Frozen(may_repeat=may_repeat)
    return next((one.captured_s for one in seen if frozen.see(one)), None)


def at(x: float, y: float, turn: float = 0.0, size: float = 1.0) -> Face:
    """A face moved by pixels, turned by degrees."""
    box, width = v.STILL.box, v.STILL.width_px * size
    return replace(
        v.STILL,
        box=replace(box, x=box.x + x, y=box.y + y),
        yaw_deg=turn,
        pitch_deg=turn / 3,
        roll_deg=turn / 5,
        width_px=width,
    )


def noisy(rng: Random, face: Face, pixels: float = 0.3) -> Face:
    """The same face as the landmarks of a noisy picture give it."""
    box = face.box
    return replace(
        face,
        box=replace(
            box, x=box.x + rng.gauss(0, pixels), y=box.y + rng.gauss(0, pixels)
        ),
        yaw_deg=face.yaw_deg + rng.gauss(0, pixels / 2),
        pitch_deg=face.pitch_deg + rng.gauss(0, pixels / 2),
        roll_deg=face.roll_deg + rng.gauss(0, pixels / 4),
        width_px=face.width_px * (1 + rng.gauss(0, pixels / 400)),
    )


def person(rng: Random, sway: float = 1.0) -> Iterator[Face]:
    """Somebody who tries to hold still: every part drifts, and is drawn back."""
    place, speed = [0.0] * 3, [0.0] * 3
    while True:
        for i in range(3):
            speed[i] = 0.9 * speed[i] - 0.01 * place[i] + rng.gauss(0, 0.05 * sway)
            place[i] += speed[i]
        yield noisy(rng, at(2 * place[0], 2 * place[1], place[2]), 0.15)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_person_who_holds_still_lives(seed: int) -> None:
    still = person(chance(seed))
    assert dies_at_s(way(islice(still, 450))) is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("pixels", [0.05, 0.5])
def test_a_still_with_noise_does_not_live(seed: int, pixels: float) -> None:
    rng = chance(seed)
    dead = dies_at_s(way(noisy(rng, v.STILL, pixels) for _ in range(150)))
    assert dead is not None
    assert dead < 3


def test_too_few_frames_do_not_show_whether_it_is_noise() -> None:
    rng = chance(1)
    slow = way((noisy(rng, v.STILL) for _ in range(100)), fps=12)
    assert dies_at_s(slow) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_looped_picture_is_noticed_in_its_second_round(seed: int) -> None:
    rng = chance(seed)
    second = list(islice(person(rng, sway=6), 36))
    looped = (noisy(rng, face, 0.2) for face in cycle(second))
    dead = dies_at_s(way(islice(looped, 150)))
    assert dead is not None
    assert 1.2 < dead < 3.6


def test_a_demonstration_s_recording_may_go_round_but_must_not_freeze() -> None:
    rng = chance(1)
    second = list(islice(person(rng, sway=6), 36))
    assert dies_at_s(way(islice(cycle(second), 150)), may_repeat=True) is None
    numbers = islice(cycle(range(1, 30)), 150)
    assert dies_at_s(pictures(numbers), may_repeat=True) is None
    assert dies_at_s(pictures([7] * 60), may_repeat=True) is not None


def test_shaking_the_head_is_no_loop() -> None:
    rng = chance(2)

    def shake() -> Iterator[Face]:
        side = 1
        for _ in range(24):  # nobody keeps time, nor width, like a machine
            count, width = rng.randint(13, 17), side * rng.uniform(9, 12)
            for number in range(count):
                swing = width * math.sin(math.pi * number / count)
                yield noisy(rng, at(2 * swing, 0.3 * swing, 1.5 * swing), 0.2)
            side = -side

    assert dies_at_s(way(shake())) is None


@pytest.mark.parametrize(("frames", "dead"), [(4, False), (11, False), (13, True)])
def test_a_picture_may_be_held_as_long_as_rate_conversion_does(
    frames: int, dead: bool
) -> None:
    held = [number // frames + 1 for number in range(4 * frames)]
    assert (dies_at_s(pictures(held)) is not None) == dead


def test_a_slow_camera_may_hold_a_picture_for_long() -> None:
    held = [number // 3 + 1 for number in range(30)]
    assert dies_at_s(pictures(held, fps=5)) is None


@pytest.mark.parametrize(
    ("digests", "dead"),
    [
        ([*range(1, 31), *range(1, 31)], True),  # once more
        ([*range(1, 31), *range(30, 0, -1)], True),  # and back
        ([*range(1, 31), 5, 6, 7, 8, *range(31, 60)], False),  # four by chance
        ([n + n % 2 for n in range(1, 90)], False),  # each of them twice
        ([0] * 90, False),  # not taken
    ],
)
def test_pictures_do_not_come_again(digests: list[int], dead: bool) -> None:
    assert (dies_at_s(pictures(digests)) is not None) == dead


def test_a_face_that_comes_back_begins_anew() -> None:
    rng = chance(3)
    still = [noisy(rng, v.STILL) for _ in range(50)]
    assert dies_at_s(way([*still, None, *still])) is None
    assert dies_at_s(way([*still, *still])) is not None
