"""Each doubt by itself, over facts that leave none otherwise."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.binding import (
    CONFIRMS,
    Doubt,
    Holding,
    Nonce,
    Rules,
    Seen,
    Wanted,
    doubt_binding,
    doubt_result,
    doubt_transfer,
)
from likeness.core.numbering import Kind
from likeness.core.vocabulary import Purpose

NEW = Purpose.NEW_NUMBER
WANTED = Wanted("t-1", NEW, "shop-17", opened_s=100, expires_s=200)
NONCE = Nonce("t-1", NEW, given_s=100, used_here=True)
SEEN = Seen(
    device="shop-17",
    transaction="t-1",
    purpose=NEW,
    environment="production",
    verdict="accepted",
    is_refused=False,
    key_is_good=True,
    device_is_productive=True,
    is_contiguous=True,
    chain_alarm=False,
    nonce_alarm=False,
    nonce_source="carrier",
    nonce=NONCE,
    decided="",
    has_consent=True,
    has_person=True,
    kept_s=150,
    used_by="",
)
RULES = Rules(fresh_s=60, at_most={Kind.MOBILE: 2, Kind.INTERNET: 1}, decided=False)


def doubt(
    now_s: int = 160,
    wanted: Wanted = WANTED,
    rules: Rules = RULES,
    purposes: tuple[Purpose, ...] = (NEW,),
    **seen: Any,
) -> Doubt | None:
    return doubt_result(wanted, replace(SEEN, **seen), rules, now_s, purposes)


def test_what_leaves_no_doubt_may_be_used() -> None:
    assert doubt() is None
    assert doubt(used_by="t-1") is None  # by itself
    assert doubt(wanted=replace(WANTED, device="")) is None
    assert doubt(now_s=210) is None
    assert doubt(nonce_source="pool") is None  # given ahead, by us


WRONG: list[tuple[dict[str, Any], Doubt]] = [
    ({"environment": "test"}, Doubt.NOT_PRODUCTION),
    ({"environment": "bench"}, Doubt.NOT_PRODUCTION),
    ({"environment": ""}, Doubt.NOT_PRODUCTION),
    ({"environment": "Production"}, Doubt.NOT_PRODUCTION),
    ({"device_is_productive": False}, Doubt.NOT_PRODUCTION),
    ({"is_refused": True}, Doubt.RESULT_REFUSED),
    ({"key_is_good": False}, Doubt.KEY_REVOKED),
    ({"is_contiguous": False}, Doubt.NOT_CONTIGUOUS),
    ({"chain_alarm": True}, Doubt.CHAIN_IN_DOUBT),
    ({"transaction": "t-2"}, Doubt.OTHER_TRANSACTION),
    ({"transaction": ""}, Doubt.OTHER_TRANSACTION),
    ({"nonce": replace(NONCE, transaction="t-2")}, Doubt.OTHER_TRANSACTION),
    ({"device": "shop-18"}, Doubt.OTHER_DEVICE),
    ({"purpose": Purpose.REPLACE_SIM}, Doubt.OTHER_PURPOSE),
    ({"nonce": replace(NONCE, purpose="replace_sim")}, Doubt.OTHER_PURPOSE),
    ({"used_by": "t-2"}, Doubt.USED_BEFORE),
    ({"verdict": "refused"}, Doubt.REFUSED),
    ({"verdict": ""}, Doubt.REFUSED),
    ({"verdict": "referred"}, Doubt.REFERRED_UNDECIDED),
    ({"verdict": "referred", "decided": "accept"}, Doubt.REFERRED_UNDECIDED),
    ({"verdict": "referred", "decided": "refuse"}, Doubt.REFUSED),
    ({"nonce": None}, Doubt.NONCE_IN_DOUBT),
    ({"nonce_alarm": True}, Doubt.NONCE_IN_DOUBT),
    ({"nonce_source": "device"}, Doubt.NONCE_IN_DOUBT),
    ({"nonce": replace(NONCE, used_here=False)}, Doubt.NONCE_IN_DOUBT),
    ({"nonce": replace(NONCE, given_s=99)}, Doubt.OLDER_THAN_TRANSACTION),
    ({"has_consent": False}, Doubt.CONSENT_MISSING),
    ({"has_person": False}, Doubt.NO_PERSON),
    ({"now_s": 211}, Doubt.STALE),
    ({"now_s": 89}, Doubt.STALE),  # by a clock that was set back
    ({"kept_s": 201, "now_s": 202}, Doubt.STALE),
    ({"purposes": ()}, Doubt.OTHER_PURPOSE),
]


@pytest.mark.parametrize(("wrong", "name"), WRONG)
def test_each_fact_that_is_wrong_is_a_doubt_of_its_own(
    wrong: dict[str, Any], name: Doubt
) -> None:
    assert doubt(**wrong) is name


@given(st.lists(st.sampled_from(WRONG), min_size=1, max_size=6))
def test_no_wrong_fact_is_outweighed_by_another(
    several: list[tuple[dict[str, Any], Doubt]],
) -> None:
    assert doubt(**{name: at for wrong, _ in several for name, at in wrong.items()})


def test_without_a_result_there_is_no_result() -> None:
    assert doubt_result(WANTED, None, RULES, 160, (NEW,)) is Doubt.NO_RESULT


def test_attendants_decide_only_where_the_carrier_lets_them() -> None:
    lets = replace(RULES, decided=True)
    assert doubt(rules=lets, verdict="referred", decided="accept") is None
    for decided, name in (("", Doubt.REFERRED_UNDECIDED), ("refuse", Doubt.REFUSED)):
        assert doubt(rules=lets, verdict="referred", decided=decided) is name
    assert doubt(rules=lets, verdict="refused", decided="accept") is Doubt.REFUSED


# --- numbers ------------------------------------------------------------------------
ADA, BEN = "a" * 64, "b" * 64
HELD = Holding(Kind.MOBILE, "13800000000", ADA)
DISPUTED = replace(HELD, is_disputed=True)


@pytest.mark.parametrize(
    ("purpose", "kind", "person", "holding", "count", "name"),
    [
        (NEW, Kind.MOBILE, ADA, None, 1, None),
        (NEW, Kind.MOBILE, ADA, None, 2, Doubt.TOO_MANY_NUMBERS),
        (NEW, Kind.MOBILE, ADA, None, 3, Doubt.TOO_MANY_NUMBERS),
        (NEW, Kind.MOBILE, BEN, HELD, 0, Doubt.NUMBER_TAKEN),
        (NEW, Kind.MOBILE, ADA, HELD, 1, Doubt.NUMBER_TAKEN),
        (NEW, Kind.INTERNET, ADA, None, 0, Doubt.OTHER_PURPOSE),
        (Purpose.NEW_INTERNET, Kind.MOBILE, ADA, None, 0, Doubt.OTHER_PURPOSE),
        (Purpose.NEW_INTERNET, Kind.INTERNET, ADA, None, 0, None),
        (Purpose.NEW_INTERNET, Kind.INTERNET, ADA, None, 1, Doubt.TOO_MANY_NUMBERS),
        (Purpose.CHECK_NUMBERS, Kind.MOBILE, ADA, None, 0, Doubt.OTHER_PURPOSE),
        (Purpose.REPLACE_SIM, Kind.MOBILE, ADA, HELD, 2, None),
        (Purpose.REPLACE_SIM, Kind.MOBILE, BEN, HELD, 0, Doubt.OTHER_PERSON),
        (Purpose.REPLACE_SIM, Kind.MOBILE, ADA, DISPUTED, 1, Doubt.DISPUTED),
        (Purpose.REPLACE_SIM, Kind.MOBILE, ADA, None, 0, Doubt.NUMBER_FREE),
        (Purpose.REVERIFY_OWNER, Kind.MOBILE, ADA, HELD, 2, None),
        (Purpose.REVERIFY_OWNER, Kind.MOBILE, BEN, HELD, 0, Doubt.OTHER_PERSON),
        (Purpose.REVERIFY_OWNER, Kind.MOBILE, ADA, DISPUTED, 1, None),
        (Purpose.REVERIFY_OWNER, Kind.MOBILE, ADA, None, 0, Doubt.NUMBER_FREE),
    ],
)
def test_whose_a_number_may_be(
    purpose: Purpose,
    kind: Kind,
    person: str,
    holding: Holding | None,
    count: int,
    name: Doubt | None,
) -> None:
    assert doubt_binding(purpose, kind, person, holding, count, RULES) is name


@pytest.mark.parametrize(
    ("holder", "successor", "holding", "count", "name"),
    [
        (ADA, BEN, HELD, 1, None),
        (ADA, BEN, HELD, 2, Doubt.TOO_MANY_NUMBERS),
        (BEN, ADA, HELD, 0, Doubt.OTHER_PERSON),
        (BEN, BEN, HELD, 0, Doubt.OTHER_PERSON),
        (ADA, ADA, HELD, 0, Doubt.SAME_PERSON),
        (ADA, BEN, DISPUTED, 0, Doubt.DISPUTED),
        (ADA, BEN, None, 0, Doubt.NUMBER_FREE),
    ],
)
def test_to_whom_it_may_go(
    holder: str, successor: str, holding: Holding | None, count: int, name: Doubt | None
) -> None:
    found = doubt_transfer(Kind.MOBILE, holder, successor, holding, count, RULES)
    assert found is name


def test_nothing_is_shown_of_whose_a_number_is() -> None:
    assert HELD.number not in repr(HELD)
    assert ADA not in repr(HELD)
    assert NEW not in CONFIRMS
