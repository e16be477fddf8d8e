"""Active authentication (ICAO 9303-11 clause 6.1): did the chip's own key sign this?

RSA after ISO/IEC 9796-2 scheme 1 (part of the message is in the signature), or ECDSA as
plain r || s over the hash that DG14 names. Leaves to others: asking the chip, and
whether DG14 and DG15 can be believed (`examination`).
"""

import hmac

from cryptography.hazmat.primitives.asymmetric import rsa

from likeness.chip import signatures
from likeness.chip.card_access import read_dg14
from likeness.chip.curves import HASHES, EcKey
from likeness.chip.der import BadDer, Unsupported
from likeness.chip.record import ActiveProof
from likeness.chip.signatures import BadSignature
from likeness.core import data_groups
from likeness.core.data_groups import BadGroup
from likeness.core.tlv import BadTlv

# OIDs as in DER: 2.23.136.1.1.5, and 0.4.0.127.0.7.1.1.4.1 with the hash as last arm.
INFO = bytes.fromhex("678108010105")
ECDSA_PLAIN = bytes.fromhex("04007F000701010401")
PLAIN_HASHES = {1: "sha1", 2: "sha224", 3: "sha256", 4: "sha384", 5: "sha512"}

# ISO/IEC 9796-2 clause 8.1: the last byte, and the one before it if that is CC.
SHA1_TRAILER = 0xBC
LONG_TRAILER = 0xCC
TRAILERS = {
    0x33: "sha1",
    0x34: "sha256",
    0x35: "sha512",
    0x36: "sha384",
    0x38: "sha224",
}
# Clause 8.1, the first half byte: 01, then 1: a part of the message was not in it.
HEADER_MASK, PARTIAL_RECOVERY = 0xF0, 0x60
PADDING, PADDING_END = 0xB, 0xA  # half bytes before the message


def check(proof: ActiveProof, dg15: bytes, dg14: bytes | None) -> None:
    """Check that the chip with the key of DG15 signed our challenge.

    Args:
        proof: our challenge and the chip's signature.
        dg15: the file, which the security object vouches for.
        dg14: likewise; names the hash for ECDSA.

    Raises:
        BadSignature: another key signed, or something else was signed.
        BadDer: DG14 or DG15 are broken.
        Unsupported: a key or algorithm that is not computed here.
    """
    try:
        key = signatures.public_key(data_groups.content("DG15", dg15))
    except BadGroup as wrong:
        raise BadDer(str(wrong)) from wrong
    if isinstance(key, EcKey):
        _check_ecdsa(proof, key, _plain_hash(dg14))
    else:
        _check_rsa(proof, key.public_numbers())


def _plain_hash(dg14: bytes | None) -> str:
    try:
        infos = read_dg14(dg14) if dg14 is not None else ()
    except BadTlv as wrong:
        raise BadDer(f"DG14: {wrong}") from wrong
    for info in infos:
        if info.protocol == INFO and info.optional is not None:
            algorithm = info.optional.value
            arm = algorithm[-1] if algorithm[:-1] == ECDSA_PLAIN else 0
            if arm in PLAIN_HASHES:
                return PLAIN_HASHES[arm]
    raise Unsupported("DG14 names no hash for active authentication")


def _check_ecdsa(proof: ActiveProof, key: EcKey, algorithm: str) -> None:
    response = proof.response
    if len(response) != 2 * key.size:
        raise BadSignature("a plain signature of another size")
    r, s = int.from_bytes(response[: key.size]), int.from_bytes(response[key.size :])
    digest = signatures.digest(algorithm, proof.challenge)
    if not key.verifies(r, s, digest, algorithm):
        raise BadSignature("active authentication does not hold")


def _check_rsa(proof: ActiveProof, key: rsa.RSAPublicNumbers) -> None:
    opened = _open(proof.response, key)
    algorithm, trailer = _trailer(opened)
    size = HASHES[algorithm].digest_size
    start, end = _message_start(opened), len(opened) - trailer - size
    if start > end:
        raise BadSignature("a signature with no room for its hash")
    message, stated = opened[start:end], opened[end : end + size]
    digest = signatures.digest(algorithm, message + proof.challenge)
    if not hmac.compare_digest(digest, stated):
        raise BadSignature("active authentication does not hold")


def _open(signature: bytes, key: rsa.RSAPublicNumbers) -> bytes:
    """Return what the signature was made of (ISO/IEC 9796-2 clause 6.3 and annex B).

    A signer may hand out n - s for s: what ends in half a byte C is the right one.
    """
    size = (key.n.bit_length() + 7) // 8
    value = int.from_bytes(signature)
    if len(signature) != size or value >= key.n:
        raise BadSignature("a signature of another size")
    opened = pow(value, key.e, key.n)
    if opened & 0xF != LONG_TRAILER & 0xF:
        opened = key.n - opened
    return opened.to_bytes(size)


def _trailer(opened: bytes) -> tuple[str, int]:
    """Return the hash's name and how many bytes named it."""
    if opened[-1] == SHA1_TRAILER:
        return "sha1", 1
    if opened[-1] != LONG_TRAILER:
        raise BadSignature("active authentication does not hold")
    # An unknown one is no mere lack of ours: a forger finds one without the key.
    if opened[-2] not in TRAILERS:
        raise BadSignature("a signature that names no hash")
    return TRAILERS[opened[-2]], 2


def _message_start(opened: bytes) -> int:
    """Return where the message begins, after header and padding.

    Total recovery is refused: our challenge would be in no part of such a signature.
    """
    if opened[0] & HEADER_MASK != PARTIAL_RECOVERY:
        raise BadSignature("active authentication does not hold")
    for at, byte in enumerate(opened):
        first = byte >> 4 if at else PADDING
        if byte & 0xF == PADDING_END and first == PADDING:
            return at + 1
        if byte & 0xF != PADDING or first != PADDING:
            break
    raise BadSignature("active authentication does not hold")
