"""What speaks against a start or cancel."""

from typing import Any

import msgspec
import pytest

from likeness.core import messages, orders, visit_orders
from likeness.core.command_doubts import Why
from likeness.core.vocabulary import Purpose
from likeness.errors import Untrusted

NOW = 1_795_000_000
GOOD = visit_orders.Start(
    aud="shop-17",
    jti="j",
    iat=NOW,
    exp=NOW + 60,
    counter=7,
    transaction="t-1",
    purpose=Purpose.NEW_NUMBER,
)


def doubt(
    order: visit_orders.VisitOrder, *, counter: int = 6, believed_s: int | None = NOW
) -> Why | None:
    return visit_orders.doubt(
        order,
        device="shop-17",
        counter=counter,
        earliest_s=NOW,
        believed_s=believed_s,
    )


def test_a_good_one_is_not_doubted() -> None:
    assert doubt(GOOD) is None
    cancel = visit_orders.Cancel(
        aud="shop-17", jti="j", iat=NOW, exp=NOW + 60, counter=7, transaction="t-1"
    )
    assert doubt(cancel) is None


@pytest.mark.parametrize("name", ["..", "a b", "", "x" * 65, "t/1", "t-1\n"])
def test_what_the_desk_could_not_address_is_no_name(name: str) -> None:
    claims = messages.to_json(msgspec.structs.replace(GOOD, transaction=name))
    with pytest.raises(Untrusted, match="transaction"):
        messages.from_json(claims, visit_orders.Start)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"aud": "shop-18"}, Why.WRONG_DEVICE),
        ({"exp": NOW - 1}, Why.MALFORMED),
        ({"iat": NOW - 60, "exp": NOW - 1}, Why.EXPIRED),
        ({"iat": NOW + 3600, "exp": NOW + 3660}, Why.NOT_YET),
        ({"exp": NOW + visit_orders.LIFE_AT_MOST_S + 1}, Why.LIVES_TOO_LONG),
        ({"counter": 6}, Why.REPLAYED),
        ({"counter": 7 + orders.STEP_AT_MOST}, Why.TOO_FAR),
    ],
)
def test_what_speaks_against_it(other: dict[str, Any], why: Why) -> None:
    assert doubt(msgspec.structs.replace(GOOD, **other)) is why


def test_without_a_clock_none_is_refused_for_want_of_one() -> None:
    ahead = msgspec.structs.replace(GOOD, iat=NOW + 3600, exp=NOW + 3660)
    assert doubt(ahead, believed_s=None) is None


@pytest.mark.parametrize(
    "other",
    [
        {"transaction": ""},
        {"transaction": "t" * 129},
        {"purpose": "sell_it"},
        {"counter": 0},
        {"counter": 1.5},
    ],
)
def test_a_claim_out_of_its_bounds_is_refused(other: dict[str, Any]) -> None:
    claims = {**msgspec.to_builtins(GOOD), **other}
    with pytest.raises(Untrusted):
        messages.from_json(msgspec.json.encode(claims), visit_orders.Start)
