"""So many pass in so long; the next one when the first has left the window."""

from likeness.core.brake import Brake


def test_so_many_pass_and_more_as_the_first_ones_leave() -> None:
    brake = Brake(3, 60.0)
    passed = [now for now in range(200) if brake.lets(float(now))]
    assert passed == [0, 1, 2, 60, 61, 62, 120, 121, 122, 180, 181, 182]


def test_what_did_not_pass_does_not_count() -> None:
    brake = Brake(1, 10.0)
    assert brake.lets(0.0)
    assert not any(brake.lets(now) for now in (1.0, 5.0, 9.0, 9.9))
    assert brake.lets(10.0)
