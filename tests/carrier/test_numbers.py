"""How much of a number leaves the carrier, and what its file may hold."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.carrier.numbers import NumberFile, Registered, masked
from likeness.core.messages import Person
from likeness.errors import ConfigError
from talks import number_file


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+86 138-1234-5678", "861******5678"),
        ("021876543", "021****43"),
        ("62345678", "******78"),
        ("12345", "*****"),
        ("", "*"),
    ],
)
def test_a_number_is_masked(number: str, shown: str) -> None:
    assert masked(number) == shown


@given(st.text(st.sampled_from("0123456789+- "), max_size=24))
def test_at_least_four_digits_of_each_number_are_hidden(number: str) -> None:
    digits = [sign for sign in number if sign.isdecimal()]
    shown = masked(number)
    assert sum(sign.isdecimal() for sign in shown) <= max(len(digits) - 4, 0)
    assert len(shown) <= 24
    assert not shown.strip("*")[3:-4].strip("*")


def person(number: str) -> Person:
    return Person(number=number, name="n", salt="s")


def test_a_card_is_found_whatever_its_spaces_and_the_case_of_its_x(
    tmp_path: Path,
) -> None:
    text = (
        '[[holder]]\ndocument = "11 0x"\n[[holder.number]]\nnumber = "1"\n'
        '[[holder]]\ndocument = "110X"\n[[holder.number]]\nnumber = "2"\n'
        "since = 2024-02-29\n"
    )
    known = NumberFile(number_file(tmp_path, text))
    assert list(known.numbers_of(person("110x"))) == [
        Registered("1"),
        Registered("2", since=date(2024, 2, 29)),
    ]
    assert not known.numbers_of(person("110"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", r"names no \[\[holder\]\]"),
        ('[[holder]]\ndocument = ""\n', "document"),
        ('[[holder]]\ndocument = "1"\nnumbr = []\n', "numbr"),
        (
            '[[holder]]\ndocument = "1"\n[[holder.number]]\nnumber = "call me"\n',
            "number",
        ),
    ],
)
def test_a_file_that_is_wrong_is_told_without_what_it_holds(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(ConfigError, match=why) as fault:
        NumberFile(number_file(tmp_path, text))
    assert "call me" not in str(fault.value)


def test_a_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    path = number_file(tmp_path)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="everybody can reach this file of numbers"):
        NumberFile(path)


def test_a_number_shows_in_no_repr() -> None:
    assert "138" not in repr(Registered("13812345678", "杭州", date(2024, 1, 1)))
