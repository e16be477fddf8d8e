"""Holds exposure and white balance of a V4L2 camera as they are, and lets them go.

Never run on hardware so far. What a camera refuses is told once in the log: it then
goes on by itself, and the light answer of that visit is the worse for it. Leaves to
others: when they shall hold.
"""

import logging

from likeness.edges import v4l2

log = logging.getLogger(__name__)


class SteadyLight:
    """The automatic controls of one opened camera.

    Args:
        device: an opened file of it.
        name: for the log.
    """

    def __init__(self, device: int, name: str) -> None:
        self._device = device
        self._name = name
        self._before: dict[int, int] = {}  # what was automatic, and how
        self._steady = False
        self._told = False

    def keep_rate(self) -> None:
        """Let no long exposure in dim light lower the frame rate.

        A camera may do so by default (exposure_dynamic_framerate); then a blink falls
        between two frames. A dark picture is better: the visitor is told of it.
        """
        v4l2.set_control(self._device, v4l2.EXPOSURE_DYNAMIC_FRAMERATE, 0)

    def obey(self, steady: bool) -> None:
        """Do what is wished, if it is not done."""
        if steady == self._steady:
            return
        self._steady = steady
        if steady:
            self._hold()
        else:
            self._let_go()

    def _hold(self) -> None:
        # The exposure in use becomes the one that is set. A camera that does not tell
        # the one in use would begin with its own either way.
        exposure = v4l2.control(self._device, v4l2.EXPOSURE_ABSOLUTE)
        held = self._switch(v4l2.EXPOSURE_AUTO, v4l2.EXPOSURE_BY_HAND)
        if held and exposure is not None:
            held = v4l2.set_control(self._device, v4l2.EXPOSURE_ABSOLUTE, exposure)
        # No colour temperature is written: switched off, a camera keeps its own.
        balanced = self._switch(v4l2.AUTO_WHITE_BALANCE, 0)
        refused = [
            what
            for what, done in (("exposure", held), ("white_balance", balanced))
            if not done
        ]
        if refused and not self._told:
            self._told = True
            log.warning(
                "event=camera_not_held camera=%r refused=%s",
                self._name,
                ",".join(refused),
            )

    def _switch(self, which: int, to: int) -> bool:
        now = v4l2.control(self._device, which)
        if now == to:
            return True
        if now is None or not v4l2.set_control(self._device, which, to):
            return False
        self._before[which] = now
        return True

    def _let_go(self) -> None:
        for which, value in self._before.items():
            v4l2.set_control(self._device, which, value)
        self._before.clear()
