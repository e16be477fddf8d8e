import numpy as np
import pytest

from likeness.bench.det import Floats, Scores
from likeness.bench.promise import PROMISED, promises, shipped_profiles
from likeness.core import profile

STANDARD = profile.named("standard")
GENUINE = np.array([0.9])


def impostors(matching: int, of: int) -> Floats:
    """So many of so many pairs reach the threshold of acceptance, exactly."""
    scores = np.zeros(of)
    scores[:matching] = STANDARD.accept_score
    return scores


def kept(matching: int, of: int) -> tuple[str, bool]:
    scores = Scores(GENUINE, impostors(matching, of))
    accept, _ = promises({"group": scores}, [STANDARD])
    assert (accept["group"], accept["kind"]) == ("group", "accept")
    assert (accept["fmr"]["hits"], accept["fmr"]["tries"]) == (matching, of)
    return accept["kept"], accept["certain"]


@pytest.mark.parametrize(
    ("matching", "of", "expected"),
    [
        (0, 100_000, ("yes", True)),
        (5, 100_000, ("yes", False)),  # 5 of 100,000 may be 11 another time
        (10, 100_000, ("yes", False)),
        (11, 100_000, ("no", False)),
        (0, 9_999, ("not measurable", False)),
        (1, 9_999, ("no", False)),
    ],
)
def test_a_promise_is_kept_up_to_its_rate(
    matching: int, of: int, expected: tuple[str, bool]
) -> None:
    assert PROMISED["accept"] == 1e-4
    assert kept(matching, of) == expected


def test_each_group_profile_and_threshold_has_its_row() -> None:
    one = Scores(GENUINE, np.linspace(-1, 1, 2001))
    rows = promises({"east": one, "west": one}, shipped_profiles())
    assert len({(row["group"], row["profile"], row["kind"]) for row in rows}) == 8
    refer = next(row for row in rows if row["kind"] == "refer")
    assert refer["threshold"] == STANDARD.refer_score
    assert refer["promised"] == 1e-3


def test_the_profile_of_the_demonstration_does_not_ship() -> None:
    assert [one.name for one in shipped_profiles()] == ["standard", "strict"]
