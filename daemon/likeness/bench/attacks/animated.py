"""Attacks that bring one still to life: blinks and turns by warping.

Leaves to others: the warp, the screen it may be shown on.
"""

import math
from collections.abc import Callable, Iterable, Iterator

from likeness.bench.attacks.attack import Attack
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.bench.attacks.puppet import Puppet
from likeness.bench.attacks.replays import on_screen
from likeness.bench.attacks.script import draw_script
from likeness.vision.detect import Picture

FPS = 30.0


def animated_still(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Warp one frame so that it does what is asked; injected, or on a screen."""
    del others
    script = draw_script(draws)
    pose = _performance(Puppet(genuine.frontal), draws, script.turned, script.shut)
    via = draws.one_of("shown_by", ("false_camera", "monitor", "phone"))
    if via == "false_camera":
        count = round(script.length_s * FPS)
        return Attack(_injected(pose, count), count, FPS, script.acts)

    def played(at_s: float) -> tuple[Picture, Picture, float]:
        picture = pose(at_s)
        return picture, picture, 0.0

    still, length_s = genuine.frontal, script.length_s
    return on_screen(still, draws, via, played, length_s, script.acts)


def _performance(
    puppet: Puppet,
    draws: Draws,
    turned: Callable[[float], float],
    shut: Callable[[float], float],
) -> Callable[[float], Picture]:
    turn_deg = draws.between("turn_deg", 20, 35)
    idle_deg = draws.between("idle_deg", 0.3, 1.5)
    idle_hz = draws.between("idle_hz", 0.15, 0.5)

    def pose(at_s: float) -> Picture:
        idle = idle_deg * math.sin(2 * math.pi * idle_hz * at_s)
        nod = idle_deg / 2 * math.cos(2 * math.pi * 1.3 * idle_hz * at_s)
        return puppet.pose(turn_deg * turned(at_s) + idle, shut(at_s), nod)

    return pose


def _injected(pose: Callable[[float], Picture], count: int) -> Iterator[Picture]:
    return (pose(number / FPS) for number in range(count))
