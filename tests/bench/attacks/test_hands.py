import dataclasses

from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.hands import Hands
from likeness.bench.attacks.scene import Pose


def parts(pose: Pose) -> tuple[float, ...]:
    return dataclasses.astuple(pose)


def test_hands_are_never_quite_still_and_never_far_off() -> None:
    hands = Hands(Draws("hands"))
    places = [parts(hands.at(step / 30)) for step in range(300)]
    for values in zip(*places, strict=True):
        assert len(set(values)) > 290
        assert max(map(abs, values)) < 20


def test_they_move_little_within_a_frame() -> None:
    hands = Hands(Draws("hands"))
    for step in range(300):
        one, two = parts(hands.at(step / 30)), parts(hands.at((step + 1) / 30))
        assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 2.5


def test_a_screen_on_a_table_is_steadier() -> None:
    held, stood = Hands(Draws("a")), Hands(Draws("a"), steadiness=0.05)
    assert abs(stood.at(0.4).x_mm) < abs(held.at(0.4).x_mm) / 10
