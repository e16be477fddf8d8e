"""Arithmetic against numbers that are known by other means."""

import math
import random
import statistics

import pytest

from light_frames import sequence
from likeness.core.light import REST_S, linear_rgb
from likeness.core.light_signal import (
    Amplitude,
    Baseline,
    Chroma,
    Shown,
    amplitude,
    correlation,
    mean,
    rms,
    seen,
)

TIMES = [0.04 * frame + 0.003 * (frame % 3) for frame in range(90)]  # not quite even


def wave(size: float, pace: float) -> tuple[float, ...]:
    return tuple(size * math.sin(pace * time) for time in TIMES)


def test_a_parabola_is_baseline_and_a_fast_wave_is_not() -> None:
    slow = tuple(3 - 2 * time + 0.7 * time**2 for time in TIMES)
    fast = wave(1.0, 12.0)
    both = tuple(a + b for a, b in zip(slow, fast, strict=True))
    left, wanted = Baseline(TIMES).without((slow, both))
    assert max(map(abs, left)) < 1e-9
    assert max(abs(a - b) for a, b in zip(wanted, fast, strict=True)) < 0.2


def test_frames_of_one_moment_have_a_baseline_too() -> None:
    assert Baseline([1.0, 1.0]).without(((5.0, 5.0), (1.0, 2.0)))[0] == pytest.approx(
        (0, 0)
    )


def test_the_share_of_what_was_shown_is_found_on_each_axis() -> None:
    shown: Chroma = wave(1.0, 9.0), wave(0.5, 13.0)
    face: Chroma = wave(0.2, 9.0), wave(0.05, 13.0)  # shares 0.2 and 0.1
    found = amplitude(face, shown, freedom=8)
    assert found.value == pytest.approx(0.15)
    assert found.error == pytest.approx(0, abs=1e-6)
    assert correlation(face, shown) == pytest.approx(1)
    assert correlation((face[0], wave(-1, 13.0)), shown) == pytest.approx(0)


def test_nothing_shown_has_no_share() -> None:
    still: Chroma = (0.0,) * 90, (0.0,) * 90
    assert amplitude((wave(1, 9.0), wave(1, 9.0)), still, 8).error == math.inf
    assert correlation(still, still) == 0


def test_the_error_of_a_share_is_the_spread_of_many() -> None:
    chance = random.Random(1)  # noqa: S311 - noise, no secret
    shown: Chroma = wave(1.0, 9.0), wave(1.0, 13.0)
    found = []
    for _ in range(200):
        noise: list[tuple[float, ...]] = [
            tuple(value + chance.gauss(0, 0.5) for value in axis) for axis in shown
        ]
        found.append(amplitude((noise[0], noise[1]), shown, freedom=len(TIMES)))
    spread = statistics.stdev(one.value for one in found)
    assert statistics.mean(one.error for one in found) == pytest.approx(spread, rel=0.2)


def test_the_error_of_a_ratio_is_the_spread_of_many() -> None:
    one, two = Amplitude(0.6, 0.01), Amplitude(0.5, 0.05)
    chance = random.Random(1)  # noqa: S311 - noise, no secret
    ratios = [
        chance.gauss(one.value, one.error) / chance.gauss(two.value, two.error)
        for _ in range(4000)
    ]
    assert one.over(two).value == pytest.approx(1.2)
    assert one.over(two).error == pytest.approx(statistics.stdev(ratios), rel=0.1)
    assert one.over(Amplitude(0.0, 0.1)).error == math.inf


def test_the_screen_is_seen_later_and_blended() -> None:
    shown = sequence(1)
    first = linear_rgb(shown.shown_at(REST_S + 0.1))
    wanted = first[0] - first[1]
    (before, between, after), _ = Shown(shown).at(
        [REST_S + 0.05, REST_S + 0.1, REST_S + 0.2], 0.1
    )
    assert before == 0  # the rest colour is grey
    assert 0 < between / wanted < 1
    assert after == pytest.approx(wanted)


def test_series_are_logarithms_of_ratios_and_averaged() -> None:
    red, blue = seen([(0.2, 0.1, 0.4), (0.0, 0.5, 0.5)])
    assert red[0] == pytest.approx(math.log(2))
    assert blue == pytest.approx((math.log(4), 0))
    assert math.isfinite(red[1])
    middle = mean([((1.0, 2.0), (0.0, 0.0)), ((3.0, 2.0), (0.0, 4.0))])
    assert middle == ((2.0, 2.0), (0.0, 2.0))
    assert rms(((1.0, 1.0), (1.0, -1.0))) == 1
