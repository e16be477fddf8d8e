"""From the parallax of turned frames to solid, flat, doubt or not measured."""

import pytest

from likeness.core.profile import SolidityRules
from likeness.core.solidity import Shape, Solidity, SolidityFinding
from likeness.core.vocabulary import Parallax

RULES = SolidityRules()


def judged(*frames: Parallax | None) -> SolidityFinding:
    solidity = Solidity(RULES)
    for parallax in frames:
        solidity.see(parallax)
    return solidity.finding


def turn(depth: float, noise: float = 0.05, to_deg: float = 18.0) -> list[Parallax]:
    return [Parallax(to_deg, depth, noise) for _ in range(4)]


@pytest.mark.parametrize(
    ("depth", "noise", "shape"),
    [
        (0.55, 0.05, Shape.SOLID),
        (0.21, 0.10, Shape.SOLID),
        (0.01, 0.02, Shape.FLAT),
        (-0.1, 0.10, Shape.FLAT),
        (0.15, 0.05, Shape.DOUBT),
        (0.10, 0.15, Shape.DOUBT),  # seen too badly to be called flat
        (0.01, 0.60, Shape.NOT_MEASURED),
        (0.90, 0.60, Shape.NOT_MEASURED),
    ],
)
def test_a_turn_is_solid_flat_or_neither(
    depth: float, noise: float, shape: Shape
) -> None:
    finding = judged(*turn(depth, noise))
    assert finding.shape is shape
    assert finding.threshold == RULES.solid_from


def test_no_turn_is_no_measurement() -> None:
    assert judged() == SolidityFinding(Shape.NOT_MEASURED, None, None, RULES.solid_from)
    few = turn(0.0)[: RULES.frames_at_least - 1]
    small = turn(0.0, to_deg=RULES.turn_from_deg - 1)
    assert judged(None, *few, *small).shape is Shape.NOT_MEASURED


def test_the_flatter_side_counts() -> None:
    left, right = turn(0.6), turn(0.0, to_deg=-18)
    finding = judged(*left, *right)
    assert (finding.shape, finding.depth) == (Shape.FLAT, 0.0)
    assert judged(*left, *right[:1]).shape is Shape.SOLID  # one frame is no side


def test_sharp_frames_outweigh_blurred_ones() -> None:
    finding = judged(*turn(0.5, 0.03), *turn(-0.2, 0.2))
    assert finding.depth == pytest.approx(0.5, abs=0.02)


def test_frames_of_one_turn_err_together_so_many_are_no_surer() -> None:
    assert judged(*turn(0.1, 0.2) * 50).shape is Shape.DOUBT
