"""What can be written in two ways is known in one, and says nothing without the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.numbering import (
    Kind,
    document_of,
    normal_number,
    number_digest,
    person_digest,
)

MOBILE, INTERNET = Kind.MOBILE, Kind.INTERNET


@pytest.mark.parametrize(
    ("number", "kind", "country", "known"),
    [
        ("13812345678", MOBILE, "", "13812345678"),
        (" 138-1234 (5678)", MOBILE, "", "13812345678"),
        ("+86 138 1234 5678", MOBILE, "86", "13812345678"),
        ("0086 138 1234 5678", MOBILE, "86", "13812345678"),
        ("+8613812345678", MOBILE, "", None),
        ("+8513812345678", MOBILE, "86", None),
        ("0044 13812345678", MOBILE, "86", None),
        ("+86", MOBILE, "86", None),
        ("+86 0013", MOBILE, "86", None),
        ("0571-88880000", MOBILE, "86", "57188880000"),
        ("+86 571 88880000", MOBILE, "86", "57188880000"),
        ("+44 (0) 7911 123456", MOBILE, "44", "7911123456"),
        ("07911 123456", MOBILE, "44", "7911123456"),
        ("0", MOBILE, "", None),
        ("", MOBILE, "", None),
        ("1" * 16, MOBILE, "", None),
        ("１３８", MOBILE, "", None),  # digits, but not ours
        ("13x", MOBILE, "", None),
        ("+86+13812345678", MOBILE, "86", None),
        (" hz-77.a_b@c ", INTERNET, "", "HZ-77.A_B@C"),
        ("HZ 77", INTERNET, "", None),
        ("", INTERNET, "", None),
        ("x" * 25, INTERNET, "", None),
        ("é", INTERNET, "", None),
    ],
)
def test_a_number_has_one_form(
    number: str, kind: Kind, country: str, known: str | None
) -> None:
    assert normal_number(number, kind, country) == known


@given(st.text(max_size=40), st.sampled_from(Kind), st.sampled_from(("", "86", "1")))
def test_that_form_is_its_own(number: str, kind: Kind, country: str) -> None:
    known = normal_number(number, kind, country)
    if known is not None:
        assert normal_number(known, kind, country) == known


def test_a_document_has_one_name() -> None:
    same = {
        document_of("cn_resident", "某局", "11010119900307123x"),
        document_of("cn_resident", "另一局", " 1101 0119900307123X"),
        document_of("cn_foreigner_2023", "", "１１０１０１１９９００３０７１２３X"),
    }
    assert len(same) == 1
    others = {
        document_of("icao_passport", "UTO", "L898902C"),
        document_of("icao_passport", "DEU", "L898902C"),
        document_of("icao_id", "UTO", "L898902C"),
        document_of("cn_resident", "UTO", "L898902C"),
    }
    assert len(others) == 4


@pytest.mark.parametrize(
    ("kind", "issuer", "number"),
    [
        ("cn_resident", "", ""),
        ("cn_resident", "", "  "),
        ("bench", "", "123"),
        ("unheard_of", "", "123"),
        ("icao_passport", "", "123"),
        ("cn_resident", "", "1\0002"),
    ],
)
def test_what_tells_nobody_has_none(kind: str, issuer: str, number: str) -> None:
    assert document_of(kind, issuer, number) is None


def test_without_the_key_it_says_nothing() -> None:
    name = document_of("cn_resident", "", "11010119900307123X")
    assert name is not None
    digests = {
        person_digest(b"k" * 32, name),
        person_digest(b"l" * 32, name),
        number_digest(b"k" * 32, MOBILE, name),
        number_digest(b"k" * 32, INTERNET, name),
    }
    assert len(digests) == 4
    assert all(len(one) == 64 for one in digests)
