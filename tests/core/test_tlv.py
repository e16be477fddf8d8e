"""BER-TLV: what is written is read again, what is broken is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.tlv import BadTlv, Head, Tlv, elements, head, one, write

TAGS = st.sampled_from([0x04, 0x30, 0x61, 0x7F61, 0x5F2E, 0x5F1F, 0x7F4C])


@given(st.lists(st.tuples(TAGS, st.binary(max_size=400)), max_size=5))
def test_what_is_written_is_read_again(pairs: list[tuple[int, bytes]]) -> None:
    written = b"".join(write(tag, value) for tag, value in pairs)
    assert [(e.tag, e.value) for e in elements(written)] == pairs


@pytest.mark.parametrize("size", [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000])
def test_a_length_is_as_short_as_can_be(size: int) -> None:
    written = write(0x75, bytes(size))
    count = 1 if size < 0x80 else 1 + (size.bit_length() + 7) // 8
    assert len(written) == 1 + count + size
    assert head(written) == Head(0x75, 1 + count, size)


def test_a_file_is_sized_by_its_first_bytes() -> None:
    # EF.COM of ICAO 9303-11 appendix D.4: the first four bytes.
    assert head(bytes.fromhex("60145F01")).whole == 0x16


def test_zeros_between_elements_are_padding() -> None:
    assert [e.tag for e in elements(bytes.fromhex("0000040100000005000000"))] == [4, 5]


def test_children() -> None:
    outer = one(write(0x7F61, write(0x02, b"\1"), write(0x7F60, b"")), 0x7F61)
    assert outer.child(0x02) == Tlv(0x02, b"\1")
    with pytest.raises(BadTlv):
        outer.child(0x5F2E)


@pytest.mark.parametrize(
    "broken",
    [
        "04",  # no length
        "0405010203",  # longer than there is
        "0480",  # indefinite
        "0485000000000100",  # a length of five bytes
        "0482",  # ends within its length
        "1F",  # a tag that ends
        "1F81",  # another
        "1F8181810100",  # a tag of four bytes
    ],
)
def test_what_is_broken_is_refused(broken: str) -> None:
    with pytest.raises(BadTlv):
        tuple(elements(bytes.fromhex(broken)))


def test_one_is_one_with_its_tag() -> None:
    with pytest.raises(BadTlv):
        one(write(4, b"") * 2, 4)
    with pytest.raises(BadTlv):
        one(write(4, b""), 5)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = tuple(elements(data))
    except BadTlv:
        return
    # Nothing is made up: all values together are no longer than the data.
    assert sum(len(e.value) + 2 for e in found) <= len(data)


def test_a_value_never_shows_in_a_repr() -> None:
    assert "SECRET" not in repr(Tlv(4, b"SECRET"))
