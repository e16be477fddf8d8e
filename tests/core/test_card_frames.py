import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from likeness.core import card_frames
from likeness.core.card_frames import (
    ANSWER_LENGTH_MIN,
    COMMAND_LENGTH_MIN,
    HEADER_SIZE,
    LENGTH_MAX,
    START,
    Damage,
    FalseStart,
    Found,
    Frame,
    FrameCutter,
    Noise,
    encode,
)

# Whole frames as card-readers A.4 to A.6 give them.
COMMANDS = [
    "AA AA AA 96 69 00 03 10 FF EC",
    "AA AA AA 96 69 00 03 11 FF ED",
    "AA AA AA 96 69 00 03 12 FF EE",
    "AA AA AA 96 69 00 03 20 01 22",
    "AA AA AA 96 69 00 03 20 02 21",
    "AA AA AA 96 69 00 03 30 01 32",
    "AA AA AA 96 69 00 03 30 03 30",
    "AA AA AA 96 69 00 03 30 05 36",
    "AA AA AA 96 69 00 03 30 10 23",
    "AA AA AA 96 69 00 03 60 00 63",
    "AA AA AA 96 69 00 03 60 04 67",
    "AA AA AA 96 69 00 04 61 FF 50 CA",
    "AA AA AA 96 69 00 04 61 FF 58 C2",
]
ANSWERS = [
    "AA AA AA 96 69 00 04 00 00 90 94",
    "AA AA AA 96 69 00 08 00 00 9F 00 00 00 00 97",
    "AA AA AA 96 69 00 04 00 00 80 84",
    "AA AA AA 96 69 00 0C 00 00 90 00 00 00 00 00 00 00 00 9C",
    "AA AA AA 96 69 00 04 00 00 81 85",
    "AA AA AA 96 69 00 04 00 00 41 45",
    "AA AA AA 96 69 00 04 00 00 91 95",
    "AA AA AA 96 69 00 14 00 00 90 05 00 01 00 AF DC 32 01 87 D6 12 00 B1 68 DE 3A BE",
]


def three_feeds(stream: bytes, length_min: int = ANSWER_LENGTH_MIN) -> list[Found]:
    """Whole, byte by byte, and with a byte more: each must find the same."""
    whole = merged(FrameCutter(length_min).feed(stream))
    dripping = FrameCutter(length_min)
    drops = [found for byte in stream for found in dripping.feed(bytes([byte]))]
    assert merged(drops) == whole
    assert merged(FrameCutter(length_min).feed(stream + b"\xaa")) == whole
    return whole


def merged(found: list[Found]) -> list[Found]:
    out: list[Found] = []
    for item in found:
        if out and isinstance(item, Noise) and isinstance(last := out[-1], Noise):
            out[-1] = Noise(last.count + item.count)
        else:
            out.append(item)
    return out


def size(item: Found) -> int:
    match item:
        case Frame(body):
            return len(encode(body))
        case Noise(count):
            return count
        case FalseStart():
            return 1


@pytest.mark.parametrize("text", COMMANDS)
def test_published_commands(text: str) -> None:
    stream = bytes.fromhex(text)
    body = stream[HEADER_SIZE:-1]
    assert encode(body) == stream
    assert three_feeds(stream, COMMAND_LENGTH_MIN) == [Frame(body)]


@pytest.mark.parametrize("text", ANSWERS)
def test_published_answers(text: str) -> None:
    stream = bytes.fromhex(text)
    body = stream[HEADER_SIZE:-1]
    assert encode(body) == stream
    assert three_feeds(stream) == [Frame(body)]


def test_published_sizes_of_a_read() -> None:
    base = bytes.fromhex("00 00 90 01 00 04 00") + bytes(256 + 1024)
    assert len(encode(base)) == 1295
    assert encode(base).startswith(bytes.fromhex("AA AA AA 96 69 05 08 00 00 90 01 00"))
    finger = bytes.fromhex("00 00 90 01 00 04 00 04 00") + bytes(256 + 1024 + 1024)
    assert len(encode(finger)) == 2321
    assert len(encode(finger[:-512])) == 1809
    assert len(encode(finger[:-1024])) == 1297


@pytest.mark.parametrize("extra", range(1, 9))
def test_a_run_of_more_than_three_start_bytes(extra: int) -> None:
    stream = b"\xaa" * extra + encode(b"\x00\x00\x90")
    assert three_feeds(stream) == [Noise(extra), Frame(b"\x00\x00\x90")]


def test_a_body_may_hold_a_whole_frame() -> None:
    body = b"\x00\x00\x90" + encode(b"\x00\x00\x41") + b"\xaa\xaa"
    assert three_feeds(encode(body)) == [Frame(body)]


def test_two_frames_in_one_slice() -> None:
    stream = encode(b"\x00\x00\x80") + encode(b"\x00\x00\x9f")
    assert three_feeds(stream) == [Frame(b"\x00\x00\x80"), Frame(b"\x00\x00\x9f")]


@pytest.mark.parametrize("length", [0, 3, 4097, 0xFFFF])
def test_a_length_outside_the_limits_is_a_false_start(length: int) -> None:
    good = encode(b"\x00\x00\x90")
    found = three_feeds(START + length.to_bytes(2, "big") + good)
    assert found[0] == FalseStart(Damage.LENGTH)
    assert found[-1] == Frame(b"\x00\x00\x90")


@pytest.mark.parametrize("length", [4, 4096])
def test_the_limits_themselves_are_accepted(length: int) -> None:
    body = bytes(length - 1)
    assert three_feeds(encode(body)) == [Frame(body)]


def test_a_wrong_check_loses_only_its_own_frame() -> None:
    bad = bytearray(encode(b"\x00\x00\x90"))
    bad[-1] ^= 1
    found = three_feeds(bytes(bad) + encode(b"\x00\x00\x41"))
    assert found[0] == FalseStart(Damage.CHECK)
    assert found[-1] == Frame(b"\x00\x00\x41")


def test_a_false_start_does_not_swallow_the_next_frame() -> None:
    cutter = FrameCutter()
    assert cutter.feed(START + b"\x0f\xff" + encode(b"\x00\x00\x90")) == []
    assert cutter.waiting
    found = cutter.quiet()
    assert found[0] == FalseStart(Damage.CUT_SHORT)
    assert found[-1] == Frame(b"\x00\x00\x90")
    assert not cutter.waiting


def test_a_body_never_shows_in_a_repr() -> None:
    assert "secret" not in repr(Frame(b"secret name"))


bodies = st.binary(min_size=ANSWER_LENGTH_MIN - 1, max_size=60)
# Noise that likes the start bytes, so that false starts really happen.
noise = st.lists(
    st.sampled_from([b"\xaa", b"\x96", b"\x69", START, b"\x00", b"\x04"])
    | st.binary(max_size=3),
    max_size=20,
).map(b"".join)
streams = st.lists(bodies.map(encode) | noise, max_size=8).map(b"".join)


@given(st.binary(min_size=3, max_size=LENGTH_MAX - 1))
def test_round_trip(body: bytes) -> None:
    assert FrameCutter().feed(encode(body)) == [Frame(body)]


@given(streams, st.data())
def test_slicing_never_matters(stream: bytes, data: st.DataObject) -> None:
    whole = FrameCutter()
    expected = merged(whole.feed(stream))
    cutter, sliced, rest = FrameCutter(), list[Found](), stream
    while rest:
        count = data.draw(st.integers(1, len(rest)))
        sliced += cutter.feed(rest[:count])
        rest = rest[count:]
    assert merged(sliced) == expected
    assert cutter.quiet() == whole.quiet()


@given(streams)
def test_every_byte_is_accounted_for(stream: bytes) -> None:
    cutter = FrameCutter()
    found = cutter.feed(stream) + cutter.quiet()
    assert sum(map(size, found)) == len(stream)


@given(noise, bodies)
def test_noise_without_a_start_never_hides_a_frame(before: bytes, body: bytes) -> None:
    assume(START not in before + START[:-1])
    found = merged(FrameCutter().feed(before + encode(body)))
    assert found == ([Noise(len(before))] if before else []) + [Frame(body)]


def test_dripping_checks_each_byte_once(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0

    def counting_xor(one: int, other: int) -> int:
        nonlocal steps
        steps += 1
        return one ^ other

    stream = encode(bytes(4000))
    monkeypatch.setattr(card_frames, "xor", counting_xor)
    cutter = FrameCutter()
    for byte in stream:
        cutter.feed(bytes([byte]))
    assert 0 < steps < len(stream)
