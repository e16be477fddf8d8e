"""The table of everything that reads what others wrote.

Leaves to others: each row's making (the modules beside), running them (`engine`).
"""

from fuzz import (
    carrier_targets,
    certificate_targets,
    chip_proof_targets,
    chip_reader_targets,
    chip_talk_targets,
    file_targets,
    message_targets,
    order_targets,
    picture_targets,
    reader_targets,
    signed_targets,
    talk_targets,
    update_targets,
)
from fuzz.engine import Target

TARGETS: tuple[Target, ...] = (
    *reader_targets.TARGETS,
    *signed_targets.TARGETS,
    *message_targets.TARGETS,
    *carrier_targets.TARGETS,
    *certificate_targets.TARGETS,
    *chip_proof_targets.TARGETS,
    *chip_talk_targets.TARGETS,
    *chip_reader_targets.TARGETS,
    *order_targets.TARGETS,
    *talk_targets.TARGETS,
    *update_targets.TARGETS,
    *file_targets.TARGETS,
    *picture_targets.TARGETS,
)


def named(names: list[str]) -> list[Target]:
    """Return these targets, or all if none is named."""
    known = {one.name: one for one in TARGETS}
    return [known[name] for name in names] if names else list(TARGETS)


def beginning(name: str, targets: list[Target]) -> list[Target]:
    """Leave out those before this one; with no name, leave out none."""
    names = [one.name for one in targets]
    return targets[names.index(name) :] if name else targets
