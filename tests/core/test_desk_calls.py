"""Who waits for an attendant: each visit once at a time, and never without end."""

from likeness.core.desk_calls import MOST, Calls
from likeness.core.desk_words import Call


def test_a_visit_calls_once_until_it_is_answered() -> None:
    calls = Calls()
    assert calls.made("sale-1", 100)
    assert not calls.made("sale-1", 130)
    assert calls.open == (Call(id=1, since=100, transaction="sale-1"),)
    assert calls.answered(1)
    assert not calls.open
    assert calls.made("sale-1", 160)
    assert calls.open == (Call(id=2, since=160, transaction="sale-1"),)


def test_visits_call_beside_each_other_and_so_does_nobodys() -> None:
    calls = Calls()
    assert [calls.made(one, 5) for one in ("sale-1", "", "sale-2", "")] == [
        True,
        True,
        True,
        False,
    ]
    assert calls.answered(2)
    assert [call.transaction for call in calls.open] == ["sale-1", "sale-2"]


def test_a_call_that_there_is_not_is_not_answered() -> None:
    calls = Calls()
    calls.made("sale-1", 0)
    assert not calls.answered(7)
    assert len(calls.open) == 1


def test_of_too_many_calls_the_newest_stay() -> None:
    calls = Calls()
    for number in range(MOST + 3):
        assert calls.made(f"sale-{number}", number)
    assert len(calls.open) == MOST
    assert calls.open[0].transaction == "sale-3"
    assert calls.open[-1].transaction == f"sale-{MOST + 2}"
