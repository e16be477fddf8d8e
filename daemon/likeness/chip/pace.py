"""PACE: the way into a chip that no listener can guess (ICAO 9303-11 clause 4.4).

    1  the chip gives a nonce, encrypted with the key that MRZ or CAN stand for
    2  both agree on a point; with the nonce it maps the generator to one of their own
    3  both agree on a secret over that generator
    4  each shows by a token that it has the same secret, so knew the key

Generic mapping, over elliptic curves or modulo a prime; other mappings are
`PaceUnsupported`. A chip that can do chip authentication mapping offers one of the
others too (clause 4.4).
Leaves to others: what follows when it fails (`reading`).
"""

import hashlib
from collections.abc import Callable, Sequence
from hmac import compare_digest

from likeness.chip.card_access import Mapping, PaceInfo
from likeness.chip.channel import Channel, Talk
from likeness.chip.ciphers import KeyUse, SessionKeys, Suite
from likeness.chip.key_agreement import CURVES_BY_ID, BadPublicKey, CurveGroup, Group
from likeness.chip.rfc5114 import GROUPS_BY_ID
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
NONCE_SIZES = (16, 24, 32, 48, 64)
HOLDERS_TRIES = 1  # a chip with no more is not asked: they are for its holder
SHORT_KEY_MOST = 240  # bytes of a public key that fits a command of short lengths


class PaceUnsupported(LikenessError):
    """The chip offers PACE in no way that we know."""


class PaceFailed(LikenessError):
    """PACE ended otherwise than by a wrong key: a fault, or somebody in between."""


def best_way(
    offered: Sequence[PaceInfo], *, long_lengths: bool
) -> tuple[PaceInfo, Group]:
    """Choose the strongest way that we know; `long_lengths`: the reader carries them.

    Raises:
        PaceUnsupported: there is none.
    """
    known = [
        (way, group)
        for way in offered
        if (group := group_of(way)) is not None
        and (long_lengths or not _is_long(group))
    ]
    if not known:
        raise PaceUnsupported("no way of PACE that we know")
    return max(known, key=_strength)


def group_of(way: PaceInfo) -> Group | None:
    """Return what is agreed over; None: we do not know it."""
    if way.parameters is None:
        return None
    match way.mapping:
        case Mapping.ECDH_GENERIC:
            curve = CURVES_BY_ID.get(way.parameters)
            return CurveGroup.of(curve) if curve else None
        case Mapping.DH_GENERIC:
            return GROUPS_BY_ID.get(way.parameters)
        case _:
            return None


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
    long_lengths: bool,
) -> Talk[None]:
    """Begin the channel's protected session; `long_lengths`: the reader carries them.

    Raises:
        PaceUnsupported: nothing was sent.
        PaceFailed: no key was refused, and yet there is no session.
        ChipTrouble: ACCESS_KEY_WRONG, ACCESS_KEY_BLOCKED, or the talk broke.
    """
    way, group = best_way(offered, long_lengths=long_lengths)
    try:
        yield from _choose(channel, key, way, _named(way, offered))
        secret = password_key(key, way.suite)
        keys = yield from _agree(channel, secret, way, group, random)
    except (BadPublicKey, tlv.BadTlv) as bad:
        raise PaceFailed(str(bad)) from bad
    channel.session = SecureMessaging(keys)


def _choose(
    channel: Channel, key: AccessKey, way: PaceInfo, named: bytes
) -> Talk[None]:
    """Tell the chip which way and which key (MSE:Set AT, clause 4.4.4.1)."""
    reference = CAN_REFERENCE if key.can else MRZ_REFERENCE
    chosen = tlv.write(0x80, way.protocol) + tlv.write(0x83, bytes([reference]))
    begun = yield from channel.ask(Command(0x00, 0x22, 0xC1, 0xA4, chosen + named))
    left = 0 if begun.status == apdu.BLOCKED else begun.tries_left
    if left is not None and left <= HOLDERS_TRIES:
        detail = f"the chip takes {left} more keys, and that is its holder's"
        raise ChipTrouble(Trouble.ACCESS_KEY_BLOCKED, detail, tries_left=left)
    if key.can and begun.status == apdu.NO_REFERENCE:
        raise ChipTrouble(Trouble.ACCESS_KEY_OF_MRZ, "the chip knows no CAN")
    if not begun.ok and begun.tries_left is None:
        raise PaceFailed(f"PACE was refused, {begun.status:04X}")


def _agree(
    channel: Channel,
    secret: bytes,
    way: PaceInfo,
    group: Group,
    random: Callable[[int], bytes],
) -> Talk[SessionKeys]:
    """Take steps 1 to 4; return the keys that both sides showed to have."""
    sealed = yield from _step(channel, b"", 0x80)
    if len(sealed) not in NONCE_SIZES or len(sealed) % way.suite.block:
        raise PaceFailed("a nonce of another size")
    nonce = way.suite.decrypt(secret, sealed)

    private = group.private(random)
    theirs = yield from _exchanged(channel, group.public(private), 0x81)
    group = group.mapped(nonce, private, theirs)

    private = group.private(random)
    ours = group.public(private)
    theirs = yield from _exchanged(channel, ours, 0x83)
    keys = SessionKeys.derive(way.suite, group.secret(private, theirs))

    expected = _token(keys, way, group, ours)
    yield from _prove(channel, _token(keys, way, group, theirs), expected)
    return keys


def _step(channel: Channel, data: bytes, answered: int) -> Talk[bytes]:
    """Send one part of the exchange; return the object with that tag."""
    sent = tlv.write(DYNAMIC_DATA, data)
    # Keys modulo a long prime come back as long as they were sent.
    long = len(sent) > apdu.SHORT_DATA_MOST
    most = apdu.EXPECTED_MOST if long else apdu.SHORT_EXPECTED_MOST
    given = yield from channel.ask(Command(CHAINED, 0x86, 0x00, 0x00, sent, most))
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
    sent = tlv.write(DYNAMIC_DATA, tlv.write(0x85, shown))
    given = yield from channel.ask(
        Command(0x00, 0x86, 0x00, 0x00, sent, apdu.SHORT_EXPECTED_MOST)
    )
    if not given.ok:
        raise refused_key(given) or PaceFailed(f"PACE ended by {given.status:04X}")
    token = tlv.one(given.data, DYNAMIC_DATA).child(0x86).value
    if not compare_digest(token, expected):
        raise PaceFailed("the chip's token is not by our common secret")


def _token(keys: SessionKeys, way: PaceInfo, group: Group, public: bytes) -> bytes:
    """Return what vouches for the public key of the other side (clause 4.4.3.4)."""
    named = tlv.write(0x06, way.protocol) + tlv.write(group.key_tag, public)
    return keys.suite.mac(keys.authentication, tlv.write(PUBLIC_KEY, named))


def _named(way: PaceInfo, offered: Sequence[PaceInfo]) -> bytes:
    """Say which group, where the chip has more than one (clause 4.4.4.1)."""
    if len({other.parameters for other in offered}) == 1:
        return b""
    return tlv.write(0x84, bytes([way.parameters or 0]))


def _strength(known: tuple[PaceInfo, Group]) -> tuple[bool, int, int]:
    """Curves first, then by cipher, then by size."""
    way, group = known
    return way.mapping is Mapping.ECDH_GENERIC, way.suite.value, group.bits


def _is_long(group: Group) -> bool:
    return len(group.public(1)) > SHORT_KEY_MOST
