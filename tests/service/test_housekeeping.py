import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from doomed_store import token_at
from likeness.edges.store import DAY_S, Retention, SqliteStore
from likeness.errors import StoreFull
from likeness.service.housekeeping import BETWEEN_BATCHES_S, EVERY_S, keep_house
from stories import story

NOW = 1_800_000_000


class Pauses:
    """Waits no time at all, and ends the daemon after so many pauses."""

    def __init__(self, count: int) -> None:
        self.made: list[float] = []
        self._count = count

    async def pause(self, seconds: float) -> None:
        if len(self.made) == self._count:
            raise asyncio.CancelledError
        self.made.append(seconds)


class Prune:
    """Answers as it is told: more, no more, or no room."""

    def __init__(self, *answers: bool | StoreFull) -> None:
        self._answers = list(answers)
        self.asked_at: list[int | None] = []

    async def __call__(self, now_s: int | None) -> bool:
        self.asked_at.append(now_s)
        answer = self._answers.pop(0)
        if isinstance(answer, StoreFull):
            raise answer
        return answer


def keep(prune: Prune, pauses: Pauses, idle: Callable[[], bool]) -> None:
    async def until_ended() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await keep_house(prune, idle=idle, now_s=lambda: NOW, pause=pauses.pause)

    asyncio.run(until_ended())


def test_batches_follow_each_other_with_pauses_between() -> None:
    prune, pauses = Prune(True, True, False, False), Pauses(4)
    keep(prune, pauses, lambda: True)
    assert pauses.made == [EVERY_S, BETWEEN_BATCHES_S, BETWEEN_BATCHES_S, EVERY_S]
    assert prune.asked_at == [NOW] * 4


def test_nothing_is_deleted_while_somebody_is_served() -> None:
    idle = iter([False, True, False, True])  # a visit begins between two batches
    prune, pauses = Prune(True, False), Pauses(4)
    keep(prune, pauses, lambda: next(idle))
    assert pauses.made == [EVERY_S, EVERY_S, BETWEEN_BATCHES_S, EVERY_S]
    assert len(prune.asked_at) == 2


def test_a_full_disk_does_not_end_it() -> None:
    prune, pauses = Prune(StoreFull("no room"), False), Pauses(2)
    keep(prune, pauses, lambda: True)
    assert pauses.made == [EVERY_S, EVERY_S]
    assert len(prune.asked_at) == 2


@story
async def test_a_real_store_empties(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, token_at, retention=Retention(keep_s=DAY_S))
    await store.open()
    for _ in range(250):
        await store.append(token_at)
    await store.mark_receipted(store.epoch, 240)
    clock = iter([NOW] * 3 + [NOW + DAY_S + 1] * 9)
    with contextlib.suppress(asyncio.CancelledError):
        await keep_house(
            store.prune,
            idle=lambda: True,
            now_s=lambda: next(clock),
            pause=Pauses(6).pause,
        )
    left = [seq for seq in range(251) if await store.hash_at(store.epoch, seq)]
    assert left == list(range(240, 251))
    await store.close()
