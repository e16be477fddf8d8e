"""Puts together what looks after heat and memory, and tells when no visit may begin.

Leaves to others: the rules (`core.thermal`, `core.memory_room`), everything else
(`wiring`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from likeness import config, front
from likeness.core.memory_room import MemoryRoom
from likeness.core.thermal import Felt, Marks, Pace, Thermal
from likeness.edges import heat, memory_left
from likeness.service.cooling import Cooling
from likeness.service.ports import Camera, Clock, Screen
from likeness.service.terminal import Terminal

KIB_PER_MIB = 1024
# As `Terminal.obstacle` says it; `scene.CLOSED_FOR` has both.
TOO_HOT, MEMORY_TIGHT = "too_hot", "memory_tight"


@dataclass(frozen=True, slots=True)
class Climate:
    """Heat and memory, as the daemon sees them."""

    cooling: Cooling
    memory: MemoryRoom
    available_kib: Callable[[], int | None] = memory_left.available_kib

    def unfit(self) -> str:
        """Say why no visit should begin now; empty: nothing speaks against it."""
        if not self.cooling.serves:
            return TOO_HOT
        return MEMORY_TIGHT if self.memory.judge(self.available_kib()) else ""

    def facts(self) -> dict[str, object]:
        """Return what telemetry says of it.

        Nothing is measured here: a sensor may hang, and this is the loop.
        """
        available = self.available_kib()
        felt = self.cooling.felt
        return {
            **heat.told(felt.celsius, felt.throttled),
            "thermal_level": self.cooling.level.name.lower(),
            "memory_tight": self.memory.judge(available),
            **({} if available is None else {"memory_available_kib": available}),
        }


def feel() -> Felt:
    """Measure this machine."""
    return Felt(heat.hottest_c(), heat.is_slowed_for_heat(), heat.is_throttled())


def build(
    settings: config.Config,
    clock: Clock,
    camera: Camera,
    page: front.Front | None,
    screen: Screen,
    terminal: Terminal,
    *,
    felt: Callable[[], Felt] = feel,
    pace: Pace | None = None,
) -> Climate:
    """Make both.

    Args:
        settings: of the terminal.
        clock: monotonic seconds.
        camera: takes wishes.
        page: what the visitor sees, or None.
        screen: is told without one.
        terminal: whose visits are let be.
        felt: measures.
        pace: how patient the rules are.
    """
    board = settings.board

    def changed() -> None:
        # A page asks by itself why nobody can be served (`parts.trouble`).
        if page is None and terminal.idle:
            screen.show(*(("idle",) if cooling.serves else ("out_of_service", TOO_HOT)))

    cooling = Cooling(
        clock=clock,
        feel=felt,
        rules=Thermal(Marks(board.warm_c, board.hot_c, board.too_hot_c), pace),
        fps=settings.camera.fps,
        set_rate=camera.set_rate,
        at_rest=terminal.at_rest,
        preview=page.camera if page else None,
        changed=changed,
    )
    return Climate(cooling, MemoryRoom(board.least_free_mib * KIB_PER_MIB))
