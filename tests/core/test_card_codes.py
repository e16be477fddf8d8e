from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import card_codes as codes
from likeness.core.vocabulary import Sex

# card-readers A.10, public samples.
NUMBERS = [
    "11010519491231002X",
    "440524188001010014",
    "931586198001010028",
    "810000199001010019",
    "830000199001010012",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_published_numbers_hold(number: str) -> None:
    assert codes.citizen_number_holds(number)


@pytest.mark.parametrize("number", NUMBERS)
def test_one_wrong_digit_is_always_seen(number: str) -> None:
    for at in range(17):
        for digit in set("0123456789") - {number[at]}:
            assert not codes.citizen_number_holds(
                number[:at] + digit + number[at + 1 :]
            )


@given(st.text(max_size=20))
def test_any_text_is_judged_without_raising(number: str) -> None:
    codes.citizen_number_holds(number)
    codes.citizen_sex(number)
    codes.foreigner_2017_number_holds(number)
    codes.parse_day(number)


@pytest.mark.parametrize(
    "number",
    ["", "11010519491231002x", "1101051949123100²X", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X"],
)
def test_other_forms_do_not_hold(number: str) -> None:
    assert not codes.citizen_number_holds(number)


def test_sex_and_birth_in_a_number() -> None:
    assert codes.citizen_sex("11010519491231002X") is Sex.FEMALE
    assert codes.citizen_sex("440524188001010014") is Sex.MALE
    assert codes.citizen_sex("4405") is None
    assert codes.citizen_birth("11010519491231002X") == "19491231"
    assert codes.foreigner_2017_birth("CAN110081080319") == "810803"


def test_the_public_2017_sample_is_not_doubted_for_its_unknown_check() -> None:
    assert codes.foreigner_2017_number_holds("CAN110081080319")
    assert not codes.foreigner_2017_number_holds("CA1110081080319")


def test_sexes() -> None:
    assert codes.SEXES["1"] is Sex.MALE
    assert codes.SEXES["2"] is Sex.FEMALE
    assert codes.SEXES["9"] is Sex.NOT_STATED
    assert "3" not in codes.SEXES


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20240229", date(2024, 2, 29)),
        ("20230229", None),
        ("2024022", None),
        ("2024 229", None),
        ("２０２４０２２９", None),
        ("00000101", None),
    ],
)
def test_days(text: str, day: date | None) -> None:
    assert codes.parse_day(text) == day
