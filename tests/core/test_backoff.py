from hypothesis import given
from hypothesis import strategies as st

from likeness.core.backoff import Backoff


@given(st.lists(st.floats(0, 1), min_size=1, max_size=100))
def test_every_wait_is_within_the_limits(chosen: list[float]) -> None:
    numbers = iter(chosen)
    backoff = Backoff(1.0, 120.0, lambda: next(numbers))
    for _ in chosen:
        assert 1.0 <= backoff.next_s() <= 120.0


def test_waits_double_and_begin_again_after_a_success() -> None:
    backoff = Backoff(5.0, 300.0, lambda: 0.0)
    waits = [backoff.next_s() for _ in range(8)]
    assert waits == [5, 10, 20, 40, 80, 150, 150, 150]
    backoff.reset()
    assert backoff.next_s() == 5


def test_jitter_spreads_a_crowd_over_the_upper_half() -> None:
    lowest = Backoff(60.0, 120.0, lambda: 0.0)
    highest = Backoff(60.0, 120.0, lambda: 1.0)
    assert (lowest.next_s(), highest.next_s()) == (60, 120)
