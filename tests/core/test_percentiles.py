"""Times in, percentiles out."""

from likeness.core.percentiles import Percentiles


def test_nothing_was_timed() -> None:
    assert Percentiles().ms(0.95) is None


def test_the_nearest_rank_is_told() -> None:
    times = Percentiles()
    for ms in (50, 10, 40, 20, 30):
        times.add(ms / 1000)
    assert [times.ms(share) for share in (0.01, 0.5, 0.95, 1.0)] == [10, 30, 50, 50]


def test_only_the_last_ones_count() -> None:
    times = Percentiles(kept=2)
    for seconds in (9.0, 0.1, 0.2):
        times.add(seconds)
    assert (times.ms(1.0), times.count) == (200, 3)
