"""Which frames of a camera are due at a lower rate than its own.

The camera goes on at its rate: to change that, its stream would have to begin anew,
with a gap and a new exposure in the middle of a visit. What is not due is not decoded.
Leaves to others: frames.
"""

from typing import Final

SLOWEST_FPS: Final = 1.0  # a camera that gives less is taken for a stalled one
MOST: Final = 0.45  # of the steps may be the longer ones, and the median is a short one


def slower(camera_fps: float, wish: float) -> float | None:
    """Return the rate at or above a wish that a visit sees as such; None: the camera's.

    Only whole frames are left out: of 90 a second 25 are mostly steps of 44 ms, which
    are 22 a second for whoever looks at the usual step (`looking`). Then it is 30.
    """
    if wish >= camera_fps:
        return None
    whole, part = divmod(camera_fps / wish, 1)
    if part < MOST:
        return wish
    return camera_fps / whole if whole > 1 else None


class Pace:
    """Lets through as many frames per second as are wished, on average."""

    def __init__(self) -> None:
        self._due_s: float | None = None

    def is_due(self, captured_s: float, fps: float | None) -> bool:
        """Say whether a frame is wanted.

        Args:
            captured_s: its time; it rises from call to call.
            fps: how many are wished for; None: every one.
        """
        if fps is None:
            self._due_s = None
            return True
        if self._due_s is not None and captured_s < self._due_s:
            return False
        step_s = 1 / max(fps, SLOWEST_FPS)
        # From the time it was due, so that the rate is right on average; but what is
        # late by more than a step is not made up for.
        if self._due_s is None or captured_s - self._due_s > step_s:
            self._due_s = captured_s
        self._due_s += step_s
        return True
