"""Says which data groups a chip has, by EF.COM and EF.SOD together.

EF.COM is not signed, so it alone could hide a group. Leaves to others: whether EF.SOD
is right (`passive`); a group that is listed and not there is for `examination`.
"""

from likeness.core import data_groups, tlv
from likeness.core.tlv import BadTlv

SOD = 0x77
SEQUENCE, INTEGER, OCTETS = 0x30, 0x02, 0x04
EXPLICIT = 0xA0
GROUPS = range(1, 17)


def listed_groups(com: bytes | None, sod: bytes | None) -> frozenset[str] | None:
    """Return names such as DG14; None: EF.SOD cannot be read, so nothing is known."""
    try:
        signed = _of_sod(sod or b"")
    except BadTlv:
        return None
    return signed | _of_com(com or b"")


def _of_com(com: bytes) -> frozenset[str]:
    try:
        return frozenset(data_groups.read_com(com))
    except data_groups.BadGroup:
        return frozenset()


def _of_sod(sod: bytes) -> frozenset[str]:
    """Return the numbers in LDSSecurityObject (ICAO 9303-10 clause 4.6.2.3).

    CMS SignedData around it: version, digests, { type, [0] { octets } }, ...
    """
    content = tlv.one(tlv.one(sod, SOD).value, SEQUENCE).child(EXPLICIT)
    wrapped = content.child(SEQUENCE).child(SEQUENCE).child(EXPLICIT).child(OCTETS)
    match tlv.one(wrapped.value, SEQUENCE).children():
        case (_version, _digest, hashes, *_):
            numbers = (one.child(INTEGER).value for one in hashes.children())
            found = (int.from_bytes(number) for number in numbers)
            return frozenset(f"DG{number}" for number in found if number in GROUPS)
        case _:
            raise BadTlv("no hashes in a security object")
