from hypothesis import given
from hypothesis import strategies as st

from likeness.edges.broker_window import OWN_WINDOW, SendWindow


class Wire:
    """Gives packet identifiers, and knows what is on its way."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.sent: list[int] = []
        self.on_the_way: list[int] = []

    def send(self, what: int) -> int:
        mid = self.number + len(self.sent)
        self.sent.append(what)
        self.on_the_way.append(mid)
        return mid


@given(st.integers(1, 100), st.lists(st.booleans(), max_size=200))
def test_at_most_a_window_in_order_and_each_answer_to_its_own(
    room: int, steps: list[bool]
) -> None:
    """True hands one more over, False answers the oldest."""
    wire, window = Wire(1000), SendWindow()
    window.open(room)
    taken: list[int] = []
    answered: list[int | None] = []
    for more in steps:
        if more:
            what = len(taken)
            taken.append(window.take(lambda what=what: wire.send(what)))  # type: ignore[misc]
        elif wire.on_the_way:
            answered.append(window.answered(wire.on_the_way.pop(0)))
        assert len(wire.on_the_way) <= min(room, OWN_WINDOW)
    while wire.on_the_way:
        answered.append(window.answered(wire.on_the_way.pop(0)))
    assert wire.sent == list(range(len(taken)))
    assert answered == taken


def test_an_answer_that_nobody_waits_for_is_none() -> None:
    window = SendWindow()
    window.open(1)
    assert window.answered(7) is None


def test_a_new_line_begins_with_nothing() -> None:
    first, second, window = Wire(0), Wire(0), SendWindow()
    window.open(1)
    window.take(lambda: first.send(1))
    window.take(lambda: first.send(2))  # held
    window.open(1)
    number = window.take(lambda: second.send(3))
    assert (first.sent, second.sent) == ([1], [3])
    assert window.answered(0) == number


def test_a_line_that_is_gone_takes_no_room() -> None:
    window, tried = SendWindow(), []
    window.open(1)
    for what in (1, 2):
        window.take(lambda what=what: tried.append(what))  # type: ignore[misc]
    assert tried == [1, 2]
