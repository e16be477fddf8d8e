import time
from collections.abc import Callable
from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.card_frames import Damage, FalseStart, Frame, Noise
from likeness.core.stx_frames import HEADER_SIZE, TAIL_SIZE, StxCutter, encode

NO_CARD = bytes.fromhex("02 00 02 80 00 80 03")
RECORD = b"\x90\0\x01\0\x04\0" + bytes(1280)


# card-readers A.11.
@pytest.mark.parametrize(
    ("data", "frame"),
    [("CA 01 00", "02 00 03 CA 01 00 CB 03"), ("CA 01 02", "02 00 03 CA 01 02 C9 03")],
)
def test_published_commands(data: str, frame: str) -> None:
    assert encode(bytes.fromhex(data)) == bytes.fromhex(frame)


def test_published_size_of_an_answer() -> None:
    frame = encode(RECORD)
    assert len(frame) == 1291
    assert StxCutter().feed(frame) == [Frame(RECORD)]


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_slices_do_not_matter(size: int) -> None:
    cutter, stream = StxCutter(), NO_CARD + encode(RECORD) + NO_CARD
    parts = [stream[at : at + size] for at in range(0, len(stream), size)]
    found = [one for part in parts for one in cutter.feed(part)]
    assert found == [Frame(b"\x80\0"), Frame(RECORD), Frame(b"\x80\0")]
    assert not cutter.waiting


def test_a_body_may_hold_a_whole_frame() -> None:
    body = b"\x90\0" + NO_CARD
    assert StxCutter().feed(encode(body)) == [Frame(body)]


def test_noise_before_a_frame_is_passed_over() -> None:
    assert StxCutter().feed(b"\xaa\x69" + NO_CARD) == [Noise(2), Frame(b"\x80\0")]


@pytest.mark.parametrize(
    ("wrong", "damage"),
    [
        (bytes.fromhex("02 00 02 80 00 81 03"), Damage.CHECK),
        (bytes.fromhex("02 00 02 80 00 80 04"), Damage.CHECK),
        (bytes.fromhex("02 00 01 80 80 03"), Damage.LENGTH),
        (bytes.fromhex("02 FF FF 80 80 03"), Damage.LENGTH),
        (bytes.fromhex("02 0F FF 80 80 03"), Damage.LENGTH),
    ],
)
def test_damage_is_named_and_the_next_frame_found(wrong: bytes, damage: Damage) -> None:
    found = StxCutter().feed(wrong + NO_CARD)
    assert found[0] == FalseStart(damage)
    assert found[-1] == Frame(b"\x80\0")


def test_a_false_start_holds_what_follows_until_its_end() -> None:
    cutter = StxCutter()
    assert cutter.feed(b"\x02\x00\x20" + NO_CARD) == []
    assert cutter.waiting  # so a new cutter is made for each command
    assert StxCutter().feed(NO_CARD) == [Frame(b"\x80\0")]


@given(st.binary(min_size=1, max_size=50))
def test_the_check_is_the_xor_of_all_bytes(data: bytes) -> None:
    assert encode(data)[-2] == reduce(xor, data)


def test_noise_full_of_starts_costs_little() -> None:
    """Each start asks for a check over what may be its frame: it took seconds.

    In units of one look at each byte: 50 to 110, and 1,000 when each start took one.
    """
    noise = b"\x02\x0f\x03" * 8_000 + b"\x02\x03" * 12_000

    def took_s(work: Callable[[], object]) -> float:
        began = time.process_time()  # processor time: others do not count
        work()
        return time.process_time() - began

    unit = min(took_s(lambda: reduce(xor, noise)) for _ in range(5))
    # The quickest: in a long run the collector of garbage looks at all tests' things.
    took = min(took_s(lambda: StxCutter().feed(noise)) for _ in range(3))
    assert took < 500 * unit


@given(st.binary(max_size=400))
def test_every_byte_is_accounted_for(stream: bytes) -> None:
    cutter, count = StxCutter(), 0
    for found in cutter.feed(stream):
        match found:
            case Noise(size):
                count += size
            case FalseStart():
                count += 1
            case Frame(body):
                count += HEADER_SIZE + len(body) + TAIL_SIZE
    assert count == len(stream) or cutter.waiting
