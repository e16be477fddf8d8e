"""When a reader that was lost is opened again, and what is said of it meanwhile.

Leaves to others: opening it, telling (`reading`, `chip_reading`).
"""

from collections.abc import Sequence

from likeness.core.card_events import ReaderTrouble
from likeness.core.card_trouble import Trouble
from likeness.errors import DeviceLost, DeviceRefused, LikenessError
from likeness.service.ports import Clock

REOPEN_AFTER_S = (1.0, 2.0, 4.0, 8.0, 15.0)


class Reopening:
    """Waits that grow, until an opening has lasted for as long as the longest.

    One that works for a moment and is lost does not count as well: it would be opened,
    told and lost each second.

    Args:
        clock: monotonic seconds.
        after_s: waits between openings; the last one repeats.
    """

    def __init__(self, clock: Clock, after_s: Sequence[float]) -> None:
        self._clock = clock
        self._after_s = tuple(after_s)
        self._failures = 0
        self._begun_s = clock.now()

    def begin(self) -> None:
        """It is opened now."""
        self._begun_s = self._clock.now()

    def wait_s(self) -> float:
        """It is over; return how long to wait before the next one."""
        if self._clock.now() - self._begun_s >= self._after_s[-1]:
            self._failures = 0
        wait_s = self._after_s[min(self._failures, len(self._after_s) - 1)]
        self._failures += 1
        return wait_s


def trouble_of(problem: LikenessError) -> ReaderTrouble:
    """A word about a card where none was asked for is a fault of its reader."""
    match problem:
        case DeviceRefused():
            kind = Trouble.READER_CONFIG
        case DeviceLost():
            kind = Trouble.READER_ABSENT
        case _:
            kind = Trouble.READER_FAULT
    return ReaderTrouble(kind, str(problem))
