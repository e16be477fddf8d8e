"""Chip authentication: the chip shows that it holds the private key to its signed DG14.

ICAO 9303-11 clause 6.2: we send a public key of this talk, and the chip goes on under
session keys that only the holder of its private key can make. So a copy of the files is
told from the chip itself. Leaves to others: whether DG14 is signed (`passive`), and the
reading that shows the new keys to hold (`reading`).
"""

from collections.abc import Callable

from likeness.chip.card_access import ChipKey
from likeness.chip.channel import Channel, Talk
from likeness.chip.chip_key import UsableKey
from likeness.chip.ciphers import SessionKeys, Suite
from likeness.chip.key_agreement import size_of
from likeness.chip.secure_messaging import SecureMessaging
from likeness.core import apdu, tlv
from likeness.core.apdu import Command

SET_KEY = (0x41, 0xA6)  # MSE:Set KAT, for 3DES alone
SET_PROTOCOL = (0x41, 0xA4)  # MSE:Set AT


def authenticate_chip(
    channel: Channel, usable: UsableKey, *, random: Callable[[int], bytes]
) -> Talk[bool]:
    """Go over to new session keys; say whether the chip went along.

    Nothing is proved until the chip has answered under them.

    Raises:
        ChipTrouble: the talk broke.
    """
    group, key = usable.group, usable.key
    private = group.private(random)
    secret = group.secret(private, usable.public)
    public = group.public(private)
    sent = key.suite is Suite.TRIPLE_DES and (
        yield from _send_key(channel, key, public)
    )
    # A chip with 3DES may take either way.
    if not sent and not (yield from _send_protocol(channel, key, public)):
        return False
    channel.session = SecureMessaging(SessionKeys.derive(key.suite, secret))
    return True


def _send_key(channel: Channel, key: ChipKey, public: bytes) -> Talk[bool]:
    """Give our key in the one command of older chips (clause 6.2.4.1)."""
    data = tlv.write(0x91, public) + _key_id(key)
    answer = yield from channel.ask(Command(0x00, 0x22, *SET_KEY, data))
    return answer.ok


def _send_protocol(channel: Channel, key: ChipKey, public: bytes) -> Talk[bool]:
    """Name the protocol, then give our key (clause 6.2.4.2)."""
    data = tlv.write(0x80, key.protocol) + _key_id(key)
    answer = yield from channel.ask(Command(0x00, 0x22, *SET_PROTOCOL, data))
    if not answer.ok:
        return False
    data = tlv.write(0x7C, tlv.write(0x80, public))
    answer = yield from channel.ask(
        Command(0x00, 0x86, 0x00, 0x00, data, apdu.SHORT_EXPECTED_MOST)
    )
    return answer.ok


def _key_id(key: ChipKey) -> bytes:
    if key.key_id is None:
        return b""
    return tlv.write(0x84, key.key_id.to_bytes(size_of(key.key_id) or 1))
