"""The species of attacks that the workshop can make, by name.

Leaves to others: how each is made.
"""

from likeness.bench.attacks import animated, control, feeds, prints, replays, tricks
from likeness.bench.attacks.attack import Maker
from likeness.errors import UsageError

SPECIES: dict[str, Maker] = {
    "print_flat": prints.flat,
    "print_swung": prints.swung,
    "print_waved": prints.waved,
    "print_bent": prints.bent,
    "print_cutout_eyes": tricks.cutout_eyes,
    "strip_over_eyes": tricks.strip_over_eyes,
    "two_photographs": tricks.two_photographs,
    "replay_phone": replays.phone,
    "replay_monitor": replays.monitor,
    "replay_wrong_acts": feeds.wrong_acts,
    "animated_still": animated.animated_still,
    "swap_mid_visit": feeds.swapped,
    "frozen_feed": feeds.frozen,
    "looped_feed": feeds.looped,
    "injected_still": feeds.injected_still,
    "control_camera": control.control_camera,
}


def named(names: tuple[str, ...]) -> dict[str, Maker]:
    """Return the named species, or all of them.

    Raises:
        UsageError: there is no such species; names those that exist.
    """
    for name in names:
        if name not in SPECIES:
            raise UsageError(
                f"there is no species '{name}'; known: {', '.join(SPECIES)}"
            )
    return {name: SPECIES[name] for name in names or SPECIES}
