"""A camera that stalls in mid-visit: how long is waited for it, and what still counts.

Before the acts nothing was asked yet, so the visit goes on as if it began to look anew.
From the acts on it ends: one face must be seen without a break from the first act to
the last (design, section 2), and the order cannot be drawn again. A nonce is good for
one order; another nonce in the same visit would let whoever holds the cable choose.
Leaves to others: starting the camera (service/frame_loop.py), the visit (session.py).
"""

from typing import Final

from likeness.core.glance import State

BACK_WITHIN_S: Final = 10.0  # its own limit for a first picture, see edges/camera.py
MOST_BREAKS: Final = 3  # in one visit: then it is not a hiccup
WAITED_FOR: Final = (State.LOOK,)


class CameraBreak:
    """The breaks of one visit."""

    def __init__(self) -> None:
        """Begin with a camera that is well."""
        self._since_s: float | None = None
        self._count = 0

    @property
    def goes_on(self) -> bool:
        """Say whether there is no picture now."""
        return self._since_s is not None

    @property
    def deadline(self) -> float | None:
        """Until when the camera must be back; None: it is well."""
        return None if self._since_s is None else self._since_s + BACK_WITHIN_S

    def begin(self, state: State, now: float) -> bool:
        """Take in that there is no picture; say whether the visit waits for it."""
        if self._since_s is None:
            self._since_s = now
            self._count += 1
        return state in WAITED_FOR and self._count <= MOST_BREAKS

    def end(self) -> bool:
        """Take in that there are pictures again; say whether there was a break."""
        was, self._since_s = self.goes_on, None
        return was
