"""BER-TLV as identity chips write it: tag, length, value; both ways, nothing guessed.

Definite lengths only, tags of up to three bytes, lengths of up to four (ISO/IEC 7816-4
clause 6.3 allows no more for a chip's files). A length may be longer than it had to be,
since BER allows it; what is written here is as short as can be. Leaves to others: what
a tag means.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from likeness.errors import LikenessError

TAG_MOST_BYTES = 3
LENGTH_MOST_BYTES = 4
LONG_TAG = 0x1F
LONG_LENGTH = 0x80


class BadTlv(LikenessError):
    """These bytes are no TLV, or not the one that was asked for."""


@dataclass(frozen=True, slots=True)
class Tlv:
    """One element; `tag` is its bytes as a number, e.g. 0x5F1F."""

    tag: int
    value: bytes = field(repr=False)

    def children(self) -> tuple["Tlv", ...]:
        """Return the elements of the value, whole.

        Raises:
            BadTlv: the value is not made of elements.
        """
        return tuple(elements(self.value))

    def child(self, tag: int) -> "Tlv":
        """Return the first child with this tag.

        Raises:
            BadTlv: there is none.
        """
        for element in self.children():
            if element.tag == tag:
                return element
        raise BadTlv(f"no element {tag:X} in {self.tag:X}")


@dataclass(frozen=True, slots=True)
class Head:
    """The tag and length at the beginning of a file that is not read yet."""

    tag: int
    size: int  # of tag and length, bytes
    length: int  # of the value, bytes

    @property
    def whole(self) -> int:
        """How many bytes the element has, with its tag and length."""
        return self.size + self.length


def head(data: bytes, at: int = 0) -> Head:
    """Read tag and length.

    Raises:
        BadTlv: there are too few bytes, or the form is not allowed.
    """
    tag, after_tag = _tag(data, at)
    if after_tag >= len(data):
        raise BadTlv("ends before its length")
    first = data[after_tag]
    if first < LONG_LENGTH:
        return Head(tag, after_tag + 1 - at, first)
    count = first & 0x7F
    if not 1 <= count <= LENGTH_MOST_BYTES:
        raise BadTlv("a length of no definite form")
    end = after_tag + 1 + count
    if end > len(data):
        raise BadTlv("ends within its length")
    return Head(tag, end - at, int.from_bytes(data[after_tag + 1 : end]))


def elements(data: bytes) -> Iterator[Tlv]:
    """Yield one element after the other; zeros between and behind them are passed over.

    Raises:
        BadTlv: the bytes end within an element.
    """
    at = 0
    while at < len(data):
        if data[at] == 0:  # padding of a file, ISO/IEC 7816-4 clause 6.3
            at += 1
            continue
        found = head(data, at)
        if at + found.whole > len(data):
            raise BadTlv(f"element {found.tag:X} is longer than what holds it")
        yield Tlv(found.tag, data[at + found.size : at + found.whole])
        at += found.whole


def one(data: bytes, tag: int) -> Tlv:
    """Return the only element of `data`, which must have this tag.

    Raises:
        BadTlv: it has another, or there is not exactly one.
    """
    found = tuple(elements(data))
    if len(found) != 1 or found[0].tag != tag:
        raise BadTlv(f"is not one element {tag:X}")
    return found[0]


def write(tag: int, *values: bytes) -> bytes:
    """Return an element with the values one behind the other, shortest length."""
    value = b"".join(values)
    name = tag.to_bytes((tag.bit_length() + 7) // 8 or 1)
    size = len(value)
    if size < LONG_LENGTH:
        return name + bytes([size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return name + bytes([LONG_LENGTH | len(length)]) + length + value


def _tag(data: bytes, at: int) -> tuple[int, int]:
    """Return a tag and where it ends."""
    if at >= len(data):
        raise BadTlv("ends before its tag")
    end = at + 1
    if data[at] & LONG_TAG == LONG_TAG:
        while True:
            if end >= len(data) or end - at >= TAG_MOST_BYTES:
                raise BadTlv("a tag without an end")
            end += 1
            if not data[end - 1] & 0x80:
                break
    return int.from_bytes(data[at:end]), end
