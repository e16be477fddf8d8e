"""Carries rollouts on until each is done, stopped, paused or back.

It may be killed and started again at any time: where it stood is in the database.
Leaves to others: each step (`rollout`), the line (`line`).
"""

import time
from collections.abc import Callable, Mapping, Sequence

from likeness.carrier.rollout.line import RolloutLine
from likeness.carrier.rollout.rollout import Rollouts
from likeness.core.rollout_standing import GOES_ON, Standing

# Somebody else may pause one meanwhile, and results come in without a word to us.
LOOK_EVERY_S = 2.0

Tell = Callable[[str, Standing], None]


async def run(
    rollouts: Rollouts, line: RolloutLine, names: Sequence[str], tell: Tell
) -> dict[str, Standing]:
    """Carry these on; return where they stand at the end.

    Args:
        rollouts: where they are kept.
        line: one that is up.
        names: of rollouts.
        tell: hears of each new phase or wave.

    Raises:
        UsageError: there is none of a name.
        Unanswered: the broker does not let us.
    """
    stand: dict[str, Standing] = {}
    open_ = list(names)
    line.is_new = True  # for these rollouts it is
    while open_:
        if line.is_new:
            line.is_new = False
            for name in open_:
                _publish(line, rollouts.unanswered(name))
        now = time.time()
        look_at = now + LOOK_EVERY_S
        for name in tuple(open_):
            step = rollouts.step(name, line, int(now))
            _publish(line, step.wishes)
            before = stand.get(name)
            stand[name] = step.standing
            if before is None or _moved(before, step.standing):
                tell(name, step.standing)
            if step.standing.phase not in GOES_ON:
                open_.remove(name)
            elif step.deadline is not None:
                look_at = min(look_at, step.deadline)
        if open_:
            await line.news(max(0.05, look_at - time.time()))
    return stand


def _publish(line: RolloutLine, wishes: Mapping[str, str]) -> None:
    for device, token in wishes.items():
        line.publish(device, token)


def _moved(before: Standing, after: Standing) -> bool:
    return (before.phase, before.wave) != (after.phase, after.wave)
