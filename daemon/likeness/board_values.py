"""Fills in what the board suggests, where the file says nothing.

Leaves to others: what each board suggests (`core.boards`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likeness.core.boards import BOARDS, Board, Kind, kind_of

# Where the kernel shows what the firmware says of the board (Devicetree Specification,
# root node); texts end with a null character each.
DEVICE_TREE = Path("/proc/device-tree")
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Machine:
    """Which board this is; `model` is empty where there is no device tree."""

    model: str
    kind: Kind

    @property
    def board(self) -> Board:
        """Return what suits it."""
        return BOARDS[self.kind]


def machine(tree: Path = DEVICE_TREE) -> Machine:
    """Ask the machine itself."""
    model = " ".join(_texts(tree / "model"))
    return Machine(model, kind_of(_texts(tree / "compatible")))


def by_board(raw: Mapping[str, Any], tree: Path = DEVICE_TREE) -> dict[str, Any]:
    """Return the file's tables, filled for the board that they name, or this one."""
    table = raw.get("board")
    kind = table.get("kind", AUTO) if isinstance(table, Mapping) else AUTO
    if kind == AUTO:
        return fill(raw, machine(tree).board)
    # What is no kind at all is refused where types are checked.
    known = isinstance(kind, str) and kind in set(Kind)
    return fill(raw, BOARDS[Kind(kind)]) if known else dict(raw)


def fill(raw: Mapping[str, Any], board: Board) -> dict[str, Any]:
    """Return the file's tables with the board's values where it has no such key.

    Args:
        raw: TOML, as read: `{"camera": {"fps": 30.0}, …}`.
        board: says what values there are.
    """
    filled = dict(raw)
    for name, value in board.values.items():
        part, _, key = name.partition(".")
        table = filled.get(part, {})
        if isinstance(table, Mapping):
            filled[part] = {key: value, **table}
    return filled


def _texts(path: Path) -> tuple[str, ...]:
    try:
        data = path.read_bytes()
    except OSError:
        return ()
    return tuple(text for text in data.decode("utf-8", "replace").split("\0") if text)
