"""Buckets and waits: how often somebody may ask, with time as an argument."""

from likeness.core.throttle import Buckets, GrowingWaits


def test_a_bucket_is_emptied_and_fills_with_time() -> None:
    buckets = Buckets(per_s=2, most=3)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b", 0.0)  # each has its own
    assert not buckets.take("a", 0.4)
    assert buckets.take("a", 0.5)
    assert [buckets.take("a", 1000.0) for _ in range(4)] == [True, True, True, False]


def test_the_one_heard_of_longest_ago_is_forgotten() -> None:
    buckets = Buckets(per_s=0.001, most=1, names=2)
    for name in ("a", "b", "c"):
        assert buckets.take(name, 0.0)
    assert not buckets.take("c", 0.0)
    assert buckets.take("a", 0.0)


def test_waits_double_up_to_a_limit_and_are_forgotten() -> None:
    waits = GrowingWaits(from_s=0.25, to_s=1.5, forget_s=60.0, names=2)
    assert [waits.fault("a", 0.0) for _ in range(5)] == [0.25, 0.5, 1.0, 1.5, 1.5]
    assert waits.fault("b", 0.0) == 0.25
    assert waits.fault("a", 61.0) == 0.25
    waits.good("a")
    assert waits.fault("a", 61.0) == 0.25
    for name in ("b", "c", "d"):
        waits.fault(name, 61.0)
    assert waits.fault("b", 61.0) == 0.25
    for _ in range(2000):
        assert waits.fault("b", 61.0) <= 1.5
