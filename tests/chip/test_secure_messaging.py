"""Protected talk: the worked example of ICAO 9303-11 appendix D.4, and each fault."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.chip.ciphers import SessionKeys, Suite, pad
from likeness.chip.secure_messaging import SecureMessaging
from likeness.chip.trouble import ChipTrouble
from likeness.core import tlv
from likeness.core.apdu import Command, Response
from likeness.core.card_trouble import Trouble

KEYS = SessionKeys(
    Suite.TRIPLE_DES,
    bytes.fromhex("979EC13B1CBFE9DCD01AB0FED307EAE5"),
    bytes.fromhex("F1CB1F1FB5ADF208806B89DC579DC1F8"),
)
COUNTER = 0x887022120C06C226
EXAMPLE = [  # plain command, protected, protected answer, plain answer
    (
        Command(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("011E")),
        "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800",
        "990290008E08FA855A5D4C50A8ED9000",
        "",
    ),
    (
        Command(0x00, 0xB0, 0x00, 0x00, expected=4),
        "0CB000000D9701048E08ED6705417E96BA5500",
        "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000",
        "60145F01",
    ),
    (
        Command(0x00, 0xB0, 0x00, 0x04, expected=0x12),
        "0CB000040D9701128E082EA28A70F3C7B53500",
        "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A"
        "990290008E08C8B2787EAEA07D749000",
        "04303130365F36063034303030305C026175",
    ),
]
SUITES = {suite: SessionKeys.derive(suite, b"a secret of this test") for suite in Suite}
READ = Command(0x00, 0xB0, 0x00, 0x00, expected=223)


def answer_of(
    keys: SessionKeys,
    counter: int,
    data: bytes,
    status: int = 0x9000,
    *,
    tag: int = 0x87,
) -> Response:
    """Answer as a chip does, each step written out (clause 9.8.4)."""
    suite, block = keys.suite, keys.suite.block
    number = counter.to_bytes(block)
    start = (
        bytes(8)
        if suite is Suite.TRIPLE_DES
        else suite.encrypt(keys.encryption, number)
    )
    body = b""
    if data:
        sealed = suite.encrypt(keys.encryption, pad(data, block), start)
        body = tlv.write(tag, (b"\1" if tag == 0x87 else b"") + sealed)
    body += tlv.write(0x99, status.to_bytes(2))
    mac = suite.mac_blocks(keys.authentication, pad(number + body, block))
    return Response(body + tlv.write(0x8E, mac), status)


def asked(keys: SessionKeys, command: Command = READ) -> SecureMessaging:
    session = SecureMessaging(keys)
    session.protect(command)
    return session


def test_the_worked_example() -> None:
    session = SecureMessaging(KEYS, COUNTER)
    for command, sent, given_back, plain in EXAMPLE:
        assert session.protect(command).encode() == bytes.fromhex(sent)
        answer = session.unprotect(Response.decode(bytes.fromhex(given_back)))
        assert answer == Response(bytes.fromhex(plain), 0x9000)


@pytest.mark.parametrize("keys", SUITES.values(), ids=lambda keys: keys.suite.name)
@given(data=st.binary(max_size=300))
def test_every_cipher_opens_what_the_chip_sealed(
    keys: SessionKeys, data: bytes
) -> None:
    session = asked(keys)
    assert session.unprotect(answer_of(keys, 2, data)) == Response(data, 0x9000)
    session.protect(READ)
    assert session.unprotect(answer_of(keys, 4, b"", 0x6282)).status == 0x6282


@pytest.mark.parametrize("keys", SUITES.values(), ids=lambda keys: keys.suite.name)
def test_an_odd_instruction_has_its_own_object(keys: SessionKeys) -> None:
    odd = Command(0x00, 0xB1, 0x00, 0x00, bytes.fromhex("54028000"), expected=100)
    session = SecureMessaging(keys)
    objects = tlv.elements(session.protect(odd).data)
    sealed, expected, mac = objects
    assert (sealed.tag, expected.tag, mac.tag) == (0x85, 0x97, 0x8E)
    assert len(sealed.value) == keys.suite.block
    answer = session.unprotect(answer_of(keys, 2, b"\x53\x01\x07", tag=0x85))
    assert answer.data == b"\x53\x01\x07"


def test_a_long_command_gets_long_lengths() -> None:
    long = Command(0x00, 0x86, 0x00, 0x00, bytes(250), expected=256)
    sent = SecureMessaging(SUITES[Suite.AES_128]).protect(long)
    assert sent.is_extended
    assert sent.expected == 65536


def test_a_long_answer_is_asked_for_with_long_lengths() -> None:
    long = Command(0x00, 0x88, 0x00, 0x00, bytes(8), expected=65536)
    sent = SecureMessaging(SUITES[Suite.AES_128]).protect(long)
    assert sent.is_extended
    assert tlv.write(0x97, b"\0\0") in sent.data


Twist = Callable[[Response], Response]
TWISTS: dict[str, Twist] = {
    "plain status": lambda _: Response(b"", 0x6988),
    "plain success": lambda _: Response(b"", 0x9000),
    "plain data": lambda _: Response(b"\x60\x14\x5f\x01", 0x9000),
    "wrong mac": lambda good: Response(
        good.data[:-1] + bytes([good.data[-1] ^ 1]), good.status
    ),
    "changed data": lambda good: Response(
        good.data[:3] + bytes([good.data[3] ^ 1]) + good.data[4:], good.status
    ),
    "mac left out": lambda good: Response(good.data[:-10], good.status),
    "mac of seven bytes": lambda good: Response(
        good.data[:-10] + b"\x8e\x07" + good.data[-8:-1], good.status
    ),
    "status outside changed": lambda good: Response(good.data, 0x6282),
    "something behind the mac": lambda good: Response(good.data + b"\0", good.status),
}


@pytest.mark.parametrize("keys", SUITES.values(), ids=lambda keys: keys.suite.name)
@pytest.mark.parametrize("twist", TWISTS.values(), ids=TWISTS)
def test_a_fault_ends_the_session(keys: SessionKeys, twist: Twist) -> None:
    session, good = asked(keys), answer_of(keys, 2, b"sixteen bytes in")
    assert asked(keys).unprotect(good).ok  # it is the twist that breaks it
    with pytest.raises(ChipTrouble) as caught:
        session.unprotect(twist(good))
    assert caught.value.kind is Trouble.CARD_COMM
    with pytest.raises(ChipTrouble, match="has ended"):
        session.unprotect(good)
    with pytest.raises(ChipTrouble, match="has ended"):
        session.protect(READ)


@pytest.mark.parametrize("keys", SUITES.values(), ids=lambda keys: keys.suite.name)
@pytest.mark.parametrize("counter", [0, 1, 3, 4])
def test_an_answer_out_of_its_turn(keys: SessionKeys, counter: int) -> None:
    with pytest.raises(ChipTrouble, match="turn"):
        asked(keys).unprotect(answer_of(keys, counter, b"data"))


def vouched(keys: SessionKeys, body: bytes) -> Response:
    number = (2).to_bytes(keys.suite.block)
    mac = keys.suite.mac_blocks(
        keys.authentication, pad(number + body, keys.suite.block)
    )
    return Response(body + tlv.write(0x8E, mac), 0x9000)


STATUS = tlv.write(0x99, b"\x90\x00")


@pytest.mark.parametrize("keys", SUITES.values(), ids=lambda keys: keys.suite.name)
def test_data_that_is_filled_up_in_another_way_is_refused(keys: SessionKeys) -> None:
    """The byte before it says which way; all else is right."""
    good = answer_of(keys, 2, b"data").data
    sealed = tlv.one(good[: good.index(STATUS)], 0x87).value
    other = tlv.write(0x87, b"\2" + sealed[1:]) + STATUS
    with pytest.raises(ChipTrouble, match="unknown kind"):
        asked(keys).unprotect(vouched(keys, other))


@pytest.mark.parametrize("keys", SUITES.values(), ids=lambda keys: keys.suite.name)
@pytest.mark.parametrize(
    "body",
    [
        b"",  # no status inside
        tlv.write(0x99, b"\x90"),
        tlv.write(0x87, b"\2" + bytes(16)) + STATUS,  # filled up in an unknown way
        tlv.write(0x87, b"") + STATUS,
        tlv.write(0x87, b"\1") + STATUS,
        tlv.write(0x87, b"\1" + bytes(15)) + STATUS,  # no whole block
        tlv.write(0x87, b"\1" + bytes(16)) + STATUS,  # no end mark in it
        STATUS + b"\x87\x7f",  # ends within
    ],
    ids=range(8),
)
def test_what_the_chip_vouches_for_must_make_sense(
    keys: SessionKeys, body: bytes
) -> None:
    with pytest.raises(ChipTrouble) as caught:
        asked(keys).unprotect(vouched(keys, body))
    assert caught.value.kind is Trouble.CARD_COMM


@given(st.sampled_from(sorted(SUITES, key=lambda suite: suite.value)), st.binary())
def test_any_bytes_are_no_answer(suite: Suite, data: bytes) -> None:
    with pytest.raises(ChipTrouble):
        asked(SUITES[suite]).unprotect(Response(data, 0x9000))
