"""The files of a simulated chip: EF.COM and the data groups (ICAO 9303-10).

What a file says is given in by the caller. Leaves to others: the security object
(emrtd_signed_data), pictures (emrtd_pictures), the chip that hands files out.
"""

from collections.abc import Sequence
from enum import StrEnum

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from likeness.simulators.emrtd_crypto import SUITES, Suite
from likeness.simulators.emrtd_curves import CURVES, curve_of
from likeness.simulators.emrtd_der import integer, oid, sequence, set_of, tlv
from likeness.simulators.emrtd_keys import PrivateKey

CARD_ACCESS, ATR_INFO = 0x011C, 0x2F01  # in the master file
COM, SOD = 0x011E, 0x011D
DG1, DG2, DG11, DG14, DG15 = 0x0101, 0x0102, 0x010B, 0x010E, 0x010F
GROUP_TAGS = {1: 0x61, 2: 0x75, 11: 0x6B, 14: 0x6E, 15: 0x6F}
NAMES = {
    CARD_ACCESS: "CardAccess",
    ATR_INFO: "ATR",
    COM: "COM",
    SOD: "SOD",
    DG1: "DG1",
    DG2: "DG2",
    DG11: "DG11",
    DG14: "DG14",
    DG15: "DG15",
}

_BSI = "0.4.0.127.0.7"
PACE_ECDH_GM = f"{_BSI}.2.2.4.2"
CHIP_AUTHENTICATION_ECDH = f"{_BSI}.2.2.3.2"
_PUBLIC_KEY_ECDH = f"{_BSI}.2.2.1.2"
_ACTIVE_AUTHENTICATION = "2.23.136.1.1.5"
_ECDSA_PLAIN = f"{_BSI}.1.1.4.1"
_PLAIN_NUMBER = {"sha1": 1, "sha224": 2, "sha256": 3, "sha384": 4, "sha512": 5}
PACE_VERSION = 2

_FACE, _NO_SUBTYPE = b"\x02", b"\x00"
_FORMAT_OWNER = b"\x01\x01"  # ISO/IEC JTC 1/SC 37
_FORMAT_19794, _FORMAT_39794 = b"\x00\x08", b"\x00\x29"


class ImageForm(StrEnum):
    """How the portrait is encoded."""

    JPEG = "jpeg"
    JP2 = "jp2"
    J2K = "j2k"  # the bare codestream

    @property
    def data_type(self) -> int:
        """The image data type of ISO/IEC 19794-5, clause 5.7.2."""
        return 0 if self is ImageForm.JPEG else 1


def common(groups: Sequence[int]) -> bytes:
    """Return EF.COM: LDS 1.7, Unicode 4.0, the tags of these groups."""
    tags = bytes(GROUP_TAGS[number] for number in sorted(groups))
    return tlv(0x60, tlv(0x5F01, b"0107"), tlv(0x5F36, b"040000"), tlv(0x5C, tags))


def group_1(lines: Sequence[str]) -> bytes:
    """Return DG1: the machine readable zone."""
    return tlv(0x61, tlv(0x5F1F, "".join(lines).encode("ascii")))


def group_2(
    image: bytes, form: ImageForm, size: tuple[int, int], *, count: int = 1
) -> bytes:
    """Return DG2: the portrait, `count` times, in ISO/IEC 19794-5:2005 records.

    Args:
        image: as it is encoded.
        form: said by the image data type.
        size: width and height in pixels.
        count: of biometric templates.
    """
    width, height = size
    information = (
        (20 + 12 + len(image)).to_bytes(4)  # this block, with its image
        + bytes(2)  # no feature points
        + bytes(3)  # gender, eye and hair colour: not stated
        + bytes(3 + 2 + 3 + 3)  # no properties, expression, pose or its uncertainty
    )
    about_image = (
        bytes([1, form.data_type])  # full frontal
        + width.to_bytes(2)
        + height.to_bytes(2)
        + bytes([1, 2])  # sRGB, a static photograph by a digital camera
        + bytes(4)  # device and quality: not stated
    )
    face = information + about_image + image
    record = b"FAC\x00010\x00" + (14 + len(face)).to_bytes(4) + (1).to_bytes(2) + face
    return _templates([_template(_FORMAT_19794, tlv(0x5F2E, record))] * count)


def group_2_of_2019(image: bytes) -> bytes:
    """Return DG2 with a block of ISO/IEC 39794-5:2019: only its outer shape."""
    block = tlv(0x65, tlv(0xA0, integer(3)), tlv(0xA1, tlv(0x80, image)))
    return _templates([_template(_FORMAT_39794, tlv(0x7F2E, tlv(0xA1, block)))])


def group_11(full_name: str, personal_number: str, birth: str) -> bytes:
    """Return DG11: name in national signs, number, birth as yyyymmdd; empty: absent."""
    stated = [(0x5F0E, full_name), (0x5F10, personal_number), (0x5F2B, birth)]
    fields = [(tag, text) for tag, text in stated if text]
    tags = b"".join(tag.to_bytes(2) for tag, _ in fields)
    return tlv(
        0x6B, tlv(0x5C, tags), *(tlv(tag, text.encode()) for tag, text in fields)
    )


def group_14(*infos: bytes) -> bytes:
    """Return DG14: a set of security infos."""
    return tlv(0x6E, set_of(*infos))


def group_15(key: PrivateKey) -> bytes:
    """Return DG15: the public key of active authentication."""
    return tlv(0x6F, _public_info(key))


def card_access(*infos: bytes) -> bytes:
    """Return EF.CardAccess: what ways of PACE are offered."""
    return set_of(*infos)


def atr_info(most_bytes: int) -> bytes:
    """Return EF.ATR/INFO of a chip that takes extended lengths (9303-10, 3.11.1)."""
    capabilities = tlv(0x47, b"\x00\x00\x40")  # b7: extended Lc and Le
    sizes = tlv(0x7F66, integer(most_bytes), integer(most_bytes))
    return capabilities + sizes


def pace_info(suite: Suite, curve: str) -> bytes:
    """Return a PACEInfo for ECDH with generic mapping."""
    number = SUITES.index(suite) + 1
    return sequence(
        oid(f"{PACE_ECDH_GM}.{number}"),
        integer(PACE_VERSION),
        integer(CURVES[curve].pace_id),
    )


def chip_authentication_infos(
    suite: Suite, key: ec.EllipticCurvePrivateKey, key_id: int | None = None
) -> tuple[bytes, ...]:
    """Return what DG14 says of chip authentication: the way, and the key."""
    number = SUITES.index(suite) + 1
    named = [] if key_id is None else [integer(key_id)]
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    # Spelled out, as chips commonly have it (TR-03110-3 clause A.4.1.2).
    public = curve_of(key).public_key_info(point, spelled_out=True)
    return (
        sequence(oid(f"{CHIP_AUTHENTICATION_ECDH}.{number}"), integer(1), *named),
        sequence(oid(_PUBLIC_KEY_ECDH), public, *named),
    )


def active_authentication_info(digest: str) -> bytes:
    """Return what DG14 says of active authentication with ECDSA."""
    algorithm = f"{_ECDSA_PLAIN}.{_PLAIN_NUMBER[digest]}"
    return sequence(oid(_ACTIVE_AUTHENTICATION), integer(1), oid(algorithm))


def _templates(templates: Sequence[bytes]) -> bytes:
    return tlv(0x75, tlv(0x7F61, tlv(0x02, bytes([len(templates)])), *templates))


def _template(form: bytes, data: bytes) -> bytes:
    header = tlv(
        0xA1,
        tlv(0x81, _FACE),
        tlv(0x82, _NO_SUBTYPE),
        tlv(0x87, _FORMAT_OWNER),
        tlv(0x88, form),
    )
    return tlv(0x7F60, header, data)


def _public_info(key: PrivateKey) -> bytes:
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey = key.public_key()
    return public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
