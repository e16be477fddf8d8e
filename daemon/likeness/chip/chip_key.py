"""Reads the chip's public key out of DG14 and finds the group that it is of.

Curves named, spelled out, or by their number in ICAO 9303-11 clause 9.5.1; numbers
modulo a prime as X9.42 and as PKCS #3 write them. Leaves to others: the protocol.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from asn1crypto import keys

from likeness.chip.card_access import Agreement, ChipKey
from likeness.chip.curves import read_key
from likeness.chip.der import BadDer, Unsupported, reading
from likeness.chip.dh_group import DhGroup
from likeness.chip.key_agreement import (
    CURVES_BY_ID,
    BadPublicKey,
    CurveGroup,
    Group,
)
from likeness.core import tlv
from likeness.core.tlv import BadTlv, Tlv

SEQUENCE, INTEGER, BITS = 0x30, 0x02, 0x03
WHOLE_BYTES = b"\0"  # first of a BIT STRING: no bit is left over
STANDARDISED = bytes.fromhex("04007F00070102")  # 0.4.0.127.0.7.1.2
X9_42 = bytes.fromhex("2A8648CE3E0201")  # 1.2.840.10046.2.1: p, g, q
PKCS_3 = bytes.fromhex("2A864886F70D010301")  # 1.2.840.113549.1.3.1: p, g
BAD_KEYS_MOST = 4  # a DG14 that nobody signed must not keep us computing


@dataclass(frozen=True)
class UsableKey:
    """A key of the chip, and the group that it is of."""

    key: ChipKey
    group: Group
    public: bytes = field(repr=False)


def usable_key(offered: Sequence[ChipKey]) -> UsableKey | None:
    """Choose the key with the strongest cipher among those that we can use.

    A key is looked at once, with however many ciphers it is offered.
    """
    bad: set[bytes] = set()
    for key in sorted(offered, key=lambda key: key.suite.value, reverse=True):
        if key.key_info in bad:
            continue
        if len(bad) == BAD_KEYS_MOST:
            break
        try:
            group, public = _read(key)
            group.secret(1, public)  # it is a key of the group
        except (BadDer, BadPublicKey, Unsupported, BadTlv):
            bad.add(key.key_info)
            continue
        return UsableKey(key, group, public)
    return None


def _read(key: ChipKey) -> tuple[Group, bytes]:
    """Return the group of a SubjectPublicKeyInfo, and the public key in it."""
    name, parameters, public = _parts(key.key_info)
    if key.agreement is Agreement.DH:
        return _dh_group(name, parameters), _integer(tlv.one(public, INTEGER))
    if name != STANDARDISED:
        with reading("a key of chip authentication"):
            found = read_key(keys.PublicKeyInfo.load(key.key_info, strict=True))
        return CurveGroup.of(found.curve), found.point
    number = int.from_bytes(_integer(parameters))
    if number not in CURVES_BY_ID:
        raise Unsupported("domain parameters that are not known")
    return CurveGroup.of(CURVES_BY_ID[number]), public


def _parts(key_info: bytes) -> tuple[bytes, Tlv, bytes]:
    """Return the algorithm's OID, its parameters and the public key."""
    match tlv.one(key_info, SEQUENCE).children():
        case (algorithm, key) if key.tag == BITS and key.value[:1] == WHOLE_BYTES:
            match algorithm.children():
                case (name, parameters):
                    return name.value, parameters, key.value[1:]
    raise BadTlv("not a public key with its parameters")


def _dh_group(name: bytes, parameters: Tlv) -> DhGroup:
    numbers = [int.from_bytes(_integer(one)) for one in parameters.children()[:3]]
    match numbers:
        case (prime, generator, order) if name == X9_42:
            return DhGroup(prime, generator, order)
        case (prime, generator, *_) if name == PKCS_3:
            return DhGroup(prime, generator, None)
        case _:
            raise Unsupported("numbers of another kind")


def _integer(element: Tlv) -> bytes:
    if element.tag != INTEGER:
        raise BadTlv("not an integer where one belongs")
    return element.value.lstrip(b"\0")
