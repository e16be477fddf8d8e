"""What a short text chooses, and what it may not be."""

import pytest

from likeness.core import labels
from likeness.errors import UsageError

FLEET = {
    "a": {"region": "south", "ring": "canary"},
    "b": {"region": "south"},
    "c": {"region": "north", "ring": "wide"},
    "d": {},
}


@pytest.mark.parametrize(
    ("where", "chosen"),
    [
        ([], ["a", "b", "c", "d"]),
        (["region=south"], ["a", "b"]),
        (["ring!=canary"], ["b", "c", "d"]),  # who has no ring is no canary
        (["region=south", "ring!=canary"], ["b"]),
        (["region=south", "region=north"], []),
        ([" region=south "], ["a", "b"]),
        (["region=west"], []),
    ],
)
def test_who_is_chosen(where: list[str], chosen: list[str]) -> None:
    assert labels.choose(FLEET, where) == chosen


def test_a_label_that_nobody_has_is_a_typing_error() -> None:
    """Under != it would choose everybody."""
    for text in ("rnig!=canary", "rnig=canary"):
        with pytest.raises(UsageError, match="no device has the label 'rnig'; known:"):
            labels.choose(FLEET, [text])
    with pytest.raises(UsageError, match="none is known"):
        labels.choose({"d": {}}, ["ring=canary"])


def test_a_value_that_nobody_has_leaves_out_nobody_and_is_a_typing_error() -> None:
    with pytest.raises(UsageError, match=r"no device has ring=canray, .* canary, wide"):
        labels.choose(FLEET, ["region=south", "ring!=canray"])


@pytest.mark.parametrize(
    "text",
    ["", "region", "region=", "=south", "Region=south", "region=a b", "region==south",
     "region=south,ring=x", "region=süd", "region=south\n1", "region>south"],
)  # fmt: skip
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(UsageError, match="chooses nothing: write label=value"):
        labels.choose(FLEET, [text])
