"""From the parallax of turned frames to solid, flat, doubt or not measured."""

from dataclasses import replace

import pytest

from likeness.core.profile import SolidityRules
from likeness.core.seen import Parallax
from likeness.core.solidity import Shape, Solidity

RULES = SolidityRules()


def judged(*frames: Parallax | None, rules: SolidityRules = RULES) -> Shape:
    solidity = Solidity(rules)
    for parallax in frames:
        solidity.see(parallax)
    return solidity.shape


def turn(depth: float, noise: float = 0.05, to_deg: float = 18.0) -> list[Parallax]:
    return [Parallax(to_deg, depth, noise) for _ in range(4)]


def has_depth(*frames: Parallax, least: float, most: float) -> bool:
    """Say whether the depth lies between: solid by the one, not by the other."""
    low, high = replace(RULES, solid_from=least), replace(RULES, solid_from=most)
    return (
        judged(*frames, rules=low) is Shape.SOLID
        and judged(*frames, rules=high) is not Shape.SOLID
    )


@pytest.mark.parametrize(
    ("depth", "noise", "shape"),
    [
        (0.55, 0.05, Shape.SOLID),
        (0.201, 0.10, Shape.SOLID),
        (0.199, 0.10, Shape.DOUBT),
        (0.01, 0.02, Shape.FLAT),
        (-0.1, 0.10, Shape.FLAT),
        (0.15, 0.05, Shape.DOUBT),
        (0.10, 0.049, Shape.FLAT),
        (0.10, 0.051, Shape.DOUBT),  # seen too badly to be called flat
        (0.01, 0.60, Shape.NOT_MEASURED),
        (0.90, 0.249, Shape.SOLID),
        (0.90, 0.251, Shape.NOT_MEASURED),
    ],
)
def test_a_turn_is_solid_flat_or_neither(
    depth: float, noise: float, shape: Shape
) -> None:
    assert judged(*turn(depth, noise)) is shape


def test_no_turn_is_no_measurement() -> None:
    assert judged() is Shape.NOT_MEASURED
    few = turn(0.0)[: RULES.frames_at_least - 1]
    small = turn(0.0, to_deg=RULES.turn_from_deg - 1)
    assert judged(None, *few, *small) is Shape.NOT_MEASURED


def test_the_flatter_side_counts() -> None:
    left, right = turn(0.6), turn(0.0, to_deg=-18)
    assert judged(*left, *right) is Shape.FLAT
    assert has_depth(*left, *right, least=0.0, most=1e-9)
    assert judged(*left, *right[:1]) is Shape.SOLID  # one frame is no side


def test_sharp_frames_outweigh_blurred_ones() -> None:
    """Their plain mean would be 0.15."""
    assert has_depth(*turn(0.5, 0.03), *turn(-0.2, 0.2), least=0.48, most=0.52)


def test_frames_of_one_turn_err_together_so_many_are_no_surer() -> None:
    many = turn(0.1, 0.2) * 50
    assert judged(*many) is Shape.DOUBT
    # Flat only from two of one frame's errors above: 0.1 + 2 * 0.2.
    assert judged(*many, rules=replace(RULES, solid_from=0.49)) is Shape.DOUBT
    assert judged(*many, rules=replace(RULES, solid_from=0.51)) is Shape.FLAT
