"""Every published frame, in any slices, and what noise makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.pn532_frames import (
    ACK,
    DATA_MOST,
    NACK,
    Ack,
    ErrorFrame,
    Found,
    Frame,
    FrameCutter,
    Nack,
    Noise,
    encode,
)

ERROR = bytes.fromhex("0000FF01FF7F8100")


def from_chip(body: bytes) -> bytes:
    """Build a frame as the chip does, without the code under test."""
    data = b"\xd5" + body
    size = len(data)
    if size < 255:
        length = bytes([size, (256 - size) % 256])
    else:
        high, low = divmod(size, 256)
        length = b"\xff\xff" + bytes([high, low, (256 - (high + low) % 256) % 256])
    check = bytes([(256 - sum(data) % 256) % 256])
    return b"\x00\x00\xff" + length + data + check + b"\x00"


def feed(data: bytes, slices: int) -> list[Found]:
    cutter = FrameCutter()
    found: list[Found] = []
    for at in range(0, len(data), slices):
        found += cutter.feed(data[at : at + slices])
    return found


@pytest.mark.parametrize(
    ("body", "frame"),
    [
        ("02", "0000FF02FED4022A00"),  # get version
        ("14010000", "0000FF05FBD41401000017 00"),  # SAM configuration
    ],
)
def test_the_published_commands(body: str, frame: str) -> None:
    assert encode(bytes.fromhex(body)) == bytes.fromhex(frame)


def test_a_long_command_is_an_extended_frame() -> None:
    body = b"\x40\x01" + bytes(260)
    frame = encode(body)
    assert frame[:8] == bytes.fromhex("0000FFFFFF0107F8")
    assert len(frame) == 8 + 1 + len(body) + 2
    with pytest.raises(ValueError, match="2 to 264"):
        encode(bytes(DATA_MOST))


@pytest.mark.parametrize("slices", [1, 2, 7, 1000])
def test_every_kind_in_any_slices(slices: int) -> None:
    big = b"\x41\x00" + bytes(range(256)) + b"\x90\x00"
    line = ACK + from_chip(b"\x03\x32\x01\x06\x07") + NACK + ERROR + from_chip(big)
    assert feed(line, slices) == [
        Ack(),
        Frame(b"\x03\x32\x01\x06\x07"),
        Nack(),
        ErrorFrame(),
        Frame(big),
    ]


@pytest.mark.parametrize("slices", [1, 1000])
def test_noise_before_between_and_behind(slices: int) -> None:
    line = b"\x55\x00\xff\x13" + ACK + b"\xff\xff" + from_chip(b"\x15") + b"\x00\x00"
    found = feed(line, slices)
    assert [one for one in found if not isinstance(one, Noise)] == [
        Ack(),
        Frame(b"\x15"),
    ]
    assert sum(one.count for one in found if isinstance(one, Noise)) == 5


def test_wrong_sums_are_noise() -> None:
    for at, broken in ((4, 0x55), (-2, 0x00), (6, 0xFF)):
        line = bytearray(from_chip(b"\x03\x32\x01\x06\x07"))
        line[at] ^= broken or 0x01
        found = feed(bytes(line) + ACK, 1)
        assert [one for one in found if not isinstance(one, Noise)] == [Ack()]


def test_a_frame_of_our_own_is_no_answer() -> None:
    assert not any(isinstance(one, Frame) for one in feed(encode(b"\x02"), 3))


def test_a_half_frame_can_be_forgotten() -> None:
    cutter = FrameCutter()
    assert cutter.feed(from_chip(bytes(40))[:30]) == []
    assert cutter.waiting
    cutter.clear()
    assert not cutter.waiting
    assert cutter.feed(ACK) == [Ack()]


@given(st.binary(max_size=600), st.integers(1, 40))
def test_any_bytes_and_any_slices_give_the_same(data: bytes, slices: int) -> None:
    def whole(found: list[Found]) -> list[Found]:
        return [one for one in found if not isinstance(one, Noise)]

    assert whole(feed(data, slices)) == whole(feed(data, len(data) or 1))
    cutter = FrameCutter()
    cutter.feed(data)
    cutter.clear()
    assert cutter.feed(from_chip(b"\x03")) == [Frame(b"\x03")]


def test_personal_data_shows_nowhere() -> None:
    assert "ERIKSSON" not in repr(Frame(b"ERIKSSON"))
