from itertools import count, takewhile

import pytest

from likeness.core.frame_pace import Pace, slower

CAMERA_FPS = 30


def kept(fps: float | None, seconds: float, *, jitter_s: float = 0.0) -> list[float]:
    """Return the times that are let through of a camera at 30 frames/s."""
    pace = Pace()
    times = takewhile(
        lambda one: one < 1000.0 + seconds,
        (1000.0 + n / CAMERA_FPS + jitter_s * (n % 3 - 1) for n in count()),
    )
    return [one for one in times if pace.is_due(one, fps)]


@pytest.mark.parametrize("fps", [5, 7.5, 10, 12, 15, 24, 29, 30, 60])
@pytest.mark.parametrize("jitter_s", [0.0, 0.004])
def test_the_rate_is_right_on_average(fps: float, jitter_s: float) -> None:
    frames = len(kept(fps, 20, jitter_s=jitter_s))
    assert frames == pytest.approx(20 * min(fps, CAMERA_FPS), rel=0.05, abs=1)


def test_without_a_wish_all_come() -> None:
    assert len(kept(None, 2)) == 2 * CAMERA_FPS


def test_what_was_missed_is_not_made_up_for() -> None:
    pace = Pace()
    assert pace.is_due(0.0, 10)
    assert pace.is_due(5.0, 10)
    assert [pace.is_due(5.0 + n / 30, 10) for n in range(1, 4)] == [False, False, True]


def test_no_wish_makes_a_camera_look_stalled() -> None:
    steps = kept(0.01, 5)
    assert len(steps) == 5


@pytest.mark.parametrize(
    ("camera_fps", "rate"),
    [
        *((20.0, None), (25.0, None), (30.0, 25.0), (60.0, 25.0), (100.0, 25.0)),
        *((40.0, None), (45.0, None), (90.0, 30.0), (120.0, 30.0)),
    ],
)
def test_a_slower_rate_is_one_that_most_steps_have(
    camera_fps: float, rate: float | None
) -> None:
    assert slower(camera_fps, 25.0) == rate
