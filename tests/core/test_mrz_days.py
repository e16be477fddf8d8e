"""Centuries of two-digit years."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.mrz_days import birth_day, expiry_day, is_unknown

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("signs", "day"),
    [
        ("740812", date(1974, 8, 12)),
        ("261122", date(2026, 11, 22)),  # born today
        ("261123", date(1926, 11, 23)),  # not to come
        ("000229", date(2000, 2, 29)),
        ("300229", None),  # neither 1930 nor 2030 has that day
        ("280229", date(1928, 2, 29)),
        ("741301", None),
        ("7408<<", None),
        ("<<<<<<", None),
    ],
)
def test_a_birth_is_the_latest_that_is_not_to_come(
    signs: str, day: date | None
) -> None:
    assert birth_day(signs, TODAY) == day


@pytest.mark.parametrize(
    ("signs", "day"),
    [
        ("120415", date(2012, 4, 15)),
        ("361231", date(2036, 12, 31)),
        ("761231", date(2076, 12, 31)),
        ("770101", date(1977, 1, 1)),
        ("991231", date(1999, 12, 31)),
        ("<<<<<<", None),
        ("120432", None),
    ],
)
def test_an_expiry_is_of_this_century_unless_too_far(
    signs: str, day: date | None
) -> None:
    assert expiry_day(signs, TODAY) == day


def test_unknown_parts() -> None:
    assert is_unknown("7408<<")
    assert is_unknown("<<<<<<")
    assert not is_unknown("740812")
    assert not is_unknown("7408<1")


@given(st.text(max_size=8), st.dates(date(1970, 1, 1), date(2100, 1, 1)))
def test_any_signs_are_a_day_or_none(signs: str, today: date) -> None:
    found = birth_day(signs, today)
    assert found is None or (found <= today and f"{found:%y%m%d}" == signs)
    assert expiry_day(signs, today) is None or signs.isdigit()
