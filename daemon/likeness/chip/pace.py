"""PACE: the way into a chip that no listener can guess (ICAO 9303-11 clause 4.4).

    1  the chip gives a nonce, encrypted with the key that MRZ or CAN stand for
    2  both agree on a point; with the nonce it maps the generator to one of their own
    3  both agree on a secret over that generator
    4  each shows by a token that it has the same secret, so knew the key

Generic mapping over elliptic curves; other mappings are `PaceUnsupported`. A chip that
can do chip authentication mapping offers one of the others too (clause 4.4).
Leaves to others: what follows when it fails (`reading`).
"""

import hashlib
from collections.abc import Callable, Sequence
from hmac import compare_digest

from likeness.chip.card_access import Mapping, PaceInfo
from likeness.chip.channel import Channel, Talk
from likeness.chip.ciphers import KeyUse, SessionKeys, Suite
from likeness.chip.key_agreement import CURVES_BY_ID, BadPublicKey, CurveGroup
from likeness.chip.secure_messaging import SecureMessaging
from likeness.chip.trouble import ChipTrouble, refused_key
from likeness.core import apdu, tlv
from likeness.core.apdu import Command
from likeness.core.card_trouble import Trouble
from likeness.core.mrz import AccessKey
from likeness.errors import LikenessError

MRZ_REFERENCE = 1
CAN_REFERENCE = 2
CHAINED = 0x10  # class: more of the same exchange follows
DYNAMIC_DATA = 0x7C
PUBLIC_KEY = 0x7F49
POINT = 0x86
NONCE_SIZES = (16, 24, 32, 48, 64)
TOKEN_SIZE = 8


class PaceUnsupported(LikenessError):
    """The chip offers PACE in no way that we know."""


class PaceFailed(LikenessError):
    """PACE ended otherwise than by a wrong key: a fault, or somebody in between."""


def best_way(offered: Sequence[PaceInfo]) -> PaceInfo:
    """Choose the strongest way that we know.

    Raises:
        PaceUnsupported: there is none.
    """
    known = [
        way
        for way in offered
        if way.mapping is Mapping.ECDH_GENERIC and way.parameters in CURVES_BY_ID
    ]
    if not known:
        raise PaceUnsupported("no way of PACE that we know")
    return max(known, key=_strength)


def password_key(key: AccessKey, suite: Suite) -> bytes:
    """Return the key that MRZ or CAN stand for (clause 4.4.3.2 and 9.7.3)."""
    if key.can:
        secret = key.can.encode("latin-1")
    else:
        information = key.mrz_information.encode("latin-1")
        secret = hashlib.sha1(information, usedforsecurity=False).digest()
    return suite.derive(secret, KeyUse.PASSWORD)


def open_by_pace(
    channel: Channel,
    key: AccessKey,
    offered: Sequence[PaceInfo],
    *,
    random: Callable[[int], bytes],
) -> Talk[None]:
    """Begin the channel's protected session.

    Raises:
        PaceUnsupported: nothing was sent.
        PaceFailed: no key was refused, and yet there is no session.
        ChipTrouble: ACCESS_KEY_WRONG, ACCESS_KEY_BLOCKED, or the talk broke.
    """
    way = best_way(offered)
    try:
        keys = yield from _agree(channel, key, way, _named(way, offered), random)
    except (BadPublicKey, tlv.BadTlv) as bad:
        raise PaceFailed(str(bad)) from bad
    channel.session = SecureMessaging(keys)


def _agree(
    channel: Channel,
    key: AccessKey,
    way: PaceInfo,
    named: bytes,
    random: Callable[[int], bytes],
) -> Talk[SessionKeys]:
    """Take all steps; return the keys that both sides showed to have."""
    reference = CAN_REFERENCE if key.can else MRZ_REFERENCE
    chosen = tlv.write(0x80, way.protocol) + tlv.write(0x83, bytes([reference]))
    begun = yield from channel.ask(Command(0x00, 0x22, 0xC1, 0xA4, chosen + named))
    if begun.tries_left == 0 or begun.status == apdu.BLOCKED:
        detail = "the chip takes no key any more"
        raise ChipTrouble(Trouble.ACCESS_KEY_BLOCKED, detail, tries_left=0)
    if key.can and begun.status == apdu.NO_REFERENCE:
        raise ChipTrouble(Trouble.ACCESS_KEY_OF_MRZ, "the chip knows no CAN")
    if not begun.ok and begun.tries_left is None:
        raise PaceFailed(f"PACE was refused, {begun.status:04X}")

    sealed = yield from _step(channel, b"", 0x80)
    if len(sealed) not in NONCE_SIZES or len(sealed) % way.suite.block:
        raise PaceFailed("a nonce of another size")
    nonce = way.suite.decrypt(password_key(key, way.suite), sealed)

    group = CurveGroup.of(CURVES_BY_ID[way.parameters or 0])
    private = group.private(random)
    theirs = yield from _exchanged(channel, group.public(private), 0x81)
    group = group.mapped(nonce, private, theirs)

    private = group.private(random)
    ours = group.public(private)
    theirs = yield from _exchanged(channel, ours, 0x83)
    keys = SessionKeys.derive(way.suite, group.secret(private, theirs))

    shown = tlv.write(0x85, _token(keys, way, theirs))
    yield from _prove(channel, shown, _token(keys, way, ours))
    return keys


def _step(channel: Channel, data: bytes, answered: int) -> Talk[bytes]:
    """Send one part of the exchange; return the object with that tag."""
    sent = tlv.write(DYNAMIC_DATA, data)
    given = yield from channel.ask(
        Command(CHAINED, 0x86, 0x00, 0x00, sent, apdu.SHORT_EXPECTED_MOST)
    )
    if not given.ok:
        raise PaceFailed(f"PACE ended by {given.status:04X}")
    return tlv.one(given.data, DYNAMIC_DATA).child(answered).value


def _exchanged(channel: Channel, ours: bytes, tag: int) -> Talk[bytes]:
    """Give our public key, return the chip's."""
    theirs = yield from _step(channel, tlv.write(tag, ours), tag + 1)
    if theirs == ours:
        raise PaceFailed("our own public key came back")
    return theirs


def _prove(channel: Channel, shown: bytes, expected: bytes) -> Talk[None]:
    """Exchange the tokens: the chip says whether ours is right, we whether its is."""
    sent = tlv.write(DYNAMIC_DATA, shown)
    given = yield from channel.ask(
        Command(0x00, 0x86, 0x00, 0x00, sent, apdu.SHORT_EXPECTED_MOST)
    )
    if not given.ok:
        raise refused_key(given) or PaceFailed(f"PACE ended by {given.status:04X}")
    token = tlv.one(given.data, DYNAMIC_DATA).child(0x86).value
    if not compare_digest(token, expected):
        raise PaceFailed("the chip's token is not by our common secret")


def _token(keys: SessionKeys, way: PaceInfo, public: bytes) -> bytes:
    """Return what vouches for the public key of the other side (clause 4.4.3.4)."""
    named = tlv.write(0x06, way.protocol) + tlv.write(POINT, public)
    return keys.suite.mac(keys.authentication, tlv.write(PUBLIC_KEY, named))


def _named(way: PaceInfo, offered: Sequence[PaceInfo]) -> bytes:
    """Return which curve, where the protocol alone leaves it open (clause 4.4.4.1)."""
    if sum(other.protocol == way.protocol for other in offered) == 1:
        return b""
    return tlv.write(0x84, bytes([way.parameters or 0]))


def _strength(way: PaceInfo) -> tuple[int, int]:
    """Order by cipher, then by the size of the curve."""
    curve = CURVES_BY_ID[way.parameters or 0]
    return way.suite.value, int(curve.order).bit_length()
