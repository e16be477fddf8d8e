"""Writes DER and BER-TLV for simulated chips and their authorities, and reads it back.

The reader has a TLV of its own (`core.tlv`); the two must agree on bytes, not on
functions. Written shortest, as DER wants it (X.690 clause 10). Leaves to others: what
a tag means.
"""

from collections.abc import Iterator
from datetime import datetime

SHORT = 0x80  # a length below this is one byte
FIRST_GENERALIZED = 2050  # RFC 5280 clause 4.1.2.5: earlier years are UTCTime
NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"


def tlv(tag: int, *values: bytes) -> bytes:
    """Return tag, length and the values one behind the other."""
    value = b"".join(values)
    name = tag.to_bytes(max(1, (tag.bit_length() + 7) // 8))
    if len(value) < SHORT:
        return name + bytes([len(value)]) + value
    length = len(value).to_bytes((len(value).bit_length() + 7) // 8)
    return name + bytes([SHORT | len(length)]) + length + value


def read(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and value of each element.

    Raises:
        ValueError: the bytes are not whole elements.
    """
    rest = memoryview(data)
    while rest:
        tag, length, start = _head(rest)
        if start + length > len(rest):
            raise ValueError("an element is longer than what holds it")
        yield tag, bytes(rest[start : start + length])
        rest = rest[start + length :]


def find(data: bytes, tag: int) -> bytes | None:
    """Return the value of the first element with this tag, or None.

    Raises:
        ValueError: the bytes are not whole elements.
    """
    return next((value for found, value in read(data) if found == tag), None)


def sequence(*values: bytes) -> bytes:
    """Return a SEQUENCE."""
    return tlv(0x30, *values)


def set_of(*values: bytes) -> bytes:
    """Return a SET OF, in DER's order."""
    return tlv(0x31, *sorted(values))


def explicit(number: int, *values: bytes) -> bytes:
    """Return a constructed, context-specific element."""
    return tlv(0xA0 | number, *values)


def integer(value: int) -> bytes:
    """Return a non-negative INTEGER."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def octets(value: bytes) -> bytes:
    """Return an OCTET STRING."""
    return tlv(0x04, value)


def bits(value: bytes, unused: int = 0) -> bytes:
    """Return a BIT STRING."""
    return tlv(0x03, bytes([unused]), value)


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    return tlv(0x06, oid_value(dotted))


def oid_value(dotted: str) -> bytes:
    """Return an identifier's bytes without tag and length."""
    first, second, *rest = map(int, dotted.split("."))
    return b"".join(_base_128(arc) for arc in (first * 40 + second, *rest))


def printable(text: str) -> bytes:
    """Return a PrintableString."""
    return tlv(0x13, text.encode("ascii"))


def utf8(text: str) -> bytes:
    """Return a UTF8String."""
    return tlv(0x0C, text.encode())


def moment(at: datetime) -> bytes:
    """Return a time (UTC) in the form that certificates want for its year."""
    if at.year < FIRST_GENERALIZED:
        return tlv(0x17, f"{at:%y%m%d%H%M%SZ}".encode())
    return tlv(0x18, f"{at:%Y%m%d%H%M%SZ}".encode())


def _base_128(arc: int) -> bytes:
    low = [arc & 0x7F]
    while arc := arc >> 7:
        low.append(0x80 | arc & 0x7F)
    return bytes(reversed(low))


def _head(data: memoryview) -> tuple[int, int, int]:
    """Return tag, length and where the value begins."""
    try:
        start = 1
        if data[0] & 0x1F == 0x1F:  # noqa: PLR2004 - a tag of more bytes
            while data[start] & 0x80:
                start += 1
            start += 1
        tag, first = int.from_bytes(data[:start]), data[start]
        start += 1
        if first < SHORT:
            return tag, first, start
        count = first & 0x7F
        length = data[start : start + count]
    except IndexError:
        raise ValueError("ends within a tag or length") from None
    if not count or len(length) < count:
        raise ValueError("a length of no definite form")
    return tag, int.from_bytes(length), start + count
