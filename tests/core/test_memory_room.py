"""Too tight is remembered, until there is clearly more."""

from hypothesis import given
from hypothesis import strategies as st

from likeness.core.memory_room import AGAIN_FROM, MemoryRoom

LEAST = 48 * 1024


def test_it_closes_below_and_opens_with_some_room() -> None:
    room = MemoryRoom(LEAST)
    assert not room.judge(LEAST)
    assert room.judge(LEAST - 1)
    assert room.judge(int(LEAST * AGAIN_FROM) - 1)
    assert room.tight
    assert not room.judge(int(LEAST * AGAIN_FROM))
    assert not room.judge(LEAST)


@given(st.lists(st.integers(0, 10**7) | st.none()))
def test_who_does_not_ask_is_never_too_tight(course: list[int | None]) -> None:
    room = MemoryRoom(0)
    assert not any(room.judge(one) for one in course)


@given(st.lists(st.integers(0, LEAST * 3)))
def test_an_unknown_figure_closes_nothing(course: list[int]) -> None:
    room = MemoryRoom(LEAST)
    for one in course:
        room.judge(one)
    assert not room.judge(None) and not room.tight
