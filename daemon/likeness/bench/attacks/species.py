"""The species of attacks that the workshop can make, by name.

Leaves to others: how each is made.
"""

from likeness.bench.attacks import feeds, prints, replays
from likeness.bench.attacks.attack import Maker
from likeness.errors import UsageError

SPECIES: dict[str, Maker] = {
    "print_flat": prints.flat,
    "print_swung": prints.swung,
    "print_waved": prints.waved,
    "print_bent": prints.bent,
    "replay_phone": replays.phone,
    "replay_monitor": replays.monitor,
    "injected_still": feeds.injected_still,
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
