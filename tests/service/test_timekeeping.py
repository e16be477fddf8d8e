from datetime import UTC, datetime
from pathlib import Path

import pytest

from doomed_store import token_at
from likeness import RELEASED_UTC_S
from likeness.core.vocabulary import Moment, Today
from likeness.edges.store import SqliteStore
from likeness.errors import StoreFull
from likeness.service.timekeeping import REMEMBERED, Timekeeping
from results import FixedClock
from stories import story

NOW = RELEASED_UTC_S + 1_000_000
UNSET = Moment(utc_s=30, quality="unsynced", boot="b", mono_ms=30_000)
GOOD = Moment(utc_s=NOW, quality="ntp", boot="b", mono_ms=30_000)


def test_before_the_first_word_the_release_is_the_floor() -> None:
    wall = Timekeeping(FixedClock(UNSET))
    assert wall.believed_now() is None
    assert wall.earliest_now() == RELEASED_UTC_S
    released = datetime.fromtimestamp(RELEASED_UTC_S, UTC).date()
    assert wall.today() == Today(released, is_known=False)
    later = datetime.fromtimestamp(NOW, UTC).date()
    assert Timekeeping(FixedClock(GOOD)).today() == Today(later)


@story
async def test_the_floor_outlives_a_restart_to_the_second(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, token_at)
    await store.open()
    wall = Timekeeping(FixedClock(UNSET))
    await wall.open(store)
    for said_s in (NOW, NOW + 7, NOW + 3):
        await wall.heard(said_s)
    await store.close()
    again = SqliteStore(tmp_path, token_at)
    await again.open()
    woken = Timekeeping(FixedClock(UNSET))
    await woken.open(again)
    assert woken.floor_s == NOW + 7
    newer = Timekeeping(FixedClock(UNSET), released_s=NOW + 100)
    await newer.open(again)
    assert newer.floor_s == NOW + 100, "a newer release knows better"
    await again.close()


@story
async def test_a_carrier_with_a_wrong_clock_takes_nobodys_clock_away() -> None:
    wall = Timekeeping(FixedClock(GOOD))
    await wall.heard(NOW + 10**8)
    assert wall.believed_now() == NOW


class FullMemory:
    """No room; and what stands there is not ours."""

    def __init__(self, kept: str) -> None:
        self._kept = kept

    async def recall(self, name: str) -> str | None:
        return self._kept if name == REMEMBERED else None

    async def remember(self, name: str, value: str) -> None:
        raise StoreFull(f"no room for {name} {value}")


@pytest.mark.parametrize("kept", ["", "-5", "soon", "1.5"])
@story
async def test_a_full_disk_or_a_strange_memory_stops_nobody(kept: str) -> None:
    wall = Timekeeping(FixedClock(UNSET))
    await wall.open(FullMemory(kept))
    await wall.heard(NOW)
    assert wall.floor_s == NOW
