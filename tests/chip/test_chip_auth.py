"""Chip authentication modulo a prime, which the simulated chips do not have."""

import pytest

from chip_talks import Drawn, hold
from likeness.chip.card_access import Agreement, ChipKey
from likeness.chip.channel import Channel, ReadingStats
from likeness.chip.chip_auth import authenticate_chip
from likeness.chip.chip_key import UsableKey
from likeness.chip.ciphers import SessionKeys, Suite
from likeness.chip.rfc5114 import GROUPS_BY_ID
from likeness.chip.secure_messaging import SecureMessaging
from likeness.core import tlv
from likeness.core.apdu import Command

GROUP = GROUPS_BY_ID[1]
CHIP_PRIVATE = 987_654_321
OURS = 123_456_789
PROTOCOL = bytes.fromhex("04007F00070202030102")
READ = Command(0x00, 0xB0, 0x00, 0x00, expected=8)


def usable(suite: Suite, key_id: int | None = None) -> UsableKey:
    key = ChipKey(Agreement.DH, PROTOCOL, suite, b"", key_id)
    return UsableKey(key, GROUP, GROUP.public(CHIP_PRIVATE))


def held(
    suite: Suite, key_id: int | None, *answers: str
) -> tuple[Channel, list[bytes]]:
    """Return the channel afterwards, and what was sent."""
    channel, sent = Channel(ReadingStats(), most_commands=9), list[bytes]()
    left = list(answers)

    def answer(command: bytes) -> bytes:
        sent.append(command)
        return bytes.fromhex(left.pop(0))

    drawn = Drawn((OURS - 1).to_bytes(28 + 8))
    talk = authenticate_chip(channel, usable(suite, key_id), random=drawn)
    assert hold(talk, answer) is (channel.session is not None)
    assert not left
    return channel, sent


def of_the_chip(suite: Suite) -> SecureMessaging:
    """Make the session as the chip does."""
    secret = GROUP.secret(CHIP_PRIVATE, GROUP.public(OURS))
    return SecureMessaging(SessionKeys.derive(suite, secret))


@pytest.mark.parametrize("suite", [Suite.AES_128, Suite.AES_256])
def test_the_protocol_is_named_then_the_key_given(suite: Suite) -> None:
    channel, sent = held(suite, 5, "9000", "7C009000")
    chosen = tlv.write(0x80, PROTOCOL) + tlv.write(0x84, b"\x05")
    assert sent[0] == Command(0x00, 0x22, 0x41, 0xA4, chosen).encode()
    given = tlv.write(0x7C, tlv.write(0x80, GROUP.public(OURS)))
    assert sent[1] == Command(0x00, 0x86, 0x00, 0x00, given, 256).encode()
    assert channel.session is not None
    assert channel.session.protect(READ) == of_the_chip(suite).protect(READ)


def test_older_chips_take_the_key_at_once() -> None:
    channel, sent = held(Suite.TRIPLE_DES, None, "9000")
    given = tlv.write(0x91, GROUP.public(OURS))
    assert sent == [Command(0x00, 0x22, 0x41, 0xA6, given).encode()]
    assert channel.session is not None
    expected = of_the_chip(Suite.TRIPLE_DES).protect(READ)
    assert channel.session.protect(READ) == expected


def test_an_older_chip_that_wants_it_the_newer_way_gets_it() -> None:
    channel, sent = held(Suite.TRIPLE_DES, None, "6A86", "9000", "7C009000")
    assert [command[1] for command in sent] == [0x22, 0x22, 0x86]
    assert channel.session is not None
    expected = of_the_chip(Suite.TRIPLE_DES).protect(READ)
    assert channel.session.protect(READ) == expected


@pytest.mark.parametrize(
    ("suite", "answers"),
    [
        (Suite.AES_192, ("6A80",)),
        (Suite.AES_192, ("9000", "6300")),
        (Suite.TRIPLE_DES, ("6A80", "6A80")),
    ],
)
def test_a_refusal_leaves_the_session_as_it_was(
    suite: Suite, answers: tuple[str, ...]
) -> None:
    channel, _ = held(suite, None, *answers)
    assert channel.session is None
