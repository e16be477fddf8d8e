"""Checks one signature: RSA PKCS#1 v1.5, RSA-PSS or ECDSA, as ICAO 9303-12 allows.

Keys and algorithms come as they stand in a certificate. Leaves to others: whose key it
is, and what was signed (`certificate`, `signed_data`).
"""

import hashlib

from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from likeness.chip.curves import HASHES, EcKey, read_key
from likeness.chip.der import BadDer, Unsupported, reading
from likeness.errors import LikenessError

RSA_BITS = range(1024, 8193)
EXPONENT_BITS = range(2, 65)  # a longer one only costs time
RSA_ALGORITHMS = ("rsa", "rsassa_pss")
MGF1 = "mgf1"
PSS_TRAILER = "trailer_field_bc"
# Some issuers name the key's algorithm where the signature's should stand.
BARE_ECDSA = "1.2.840.10045.2.1"


class BadSignature(LikenessError):
    """A signature does not hold."""


PublicKey = EcKey | rsa.RSAPublicKey


def public_key(der: bytes) -> PublicKey:
    """Read a SubjectPublicKeyInfo.

    Raises:
        BadDer: it is broken.
        Unsupported: a kind, size or curve of key that is not computed here.
    """
    with reading("a public key"):
        info = keys.PublicKeyInfo.load(der, strict=True)
        kind = info.algorithm
        numbers = info["public_key"].parsed if kind in RSA_ALGORITHMS else None
        if numbers is not None:
            modulus = int(numbers["modulus"].native)
            exponent = int(numbers["public_exponent"].native)
    if kind == "ec":
        return read_key(info)
    if numbers is None:
        raise Unsupported("a public key of a kind that is not taken")
    if modulus < 0 or exponent < 0:
        raise BadDer("an RSA key that cannot be")
    sizes = modulus.bit_length(), exponent.bit_length()
    if sizes[0] not in RSA_BITS or sizes[1] not in EXPONENT_BITS:
        raise Unsupported("an RSA key of a size that is not taken")
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        raise BadDer("an RSA key that cannot be") from None


def digest(algorithm: str, data: bytes) -> bytes:
    """Hash; `algorithm` as asn1crypto names it.

    Raises:
        Unsupported: it is none of SHA-1 and SHA-2.
    """
    if algorithm not in HASHES:
        raise Unsupported("a hash that is not SHA-1 or SHA-2")
    return hashlib.new(algorithm, data, usedforsecurity=False).digest()


def check(
    key: PublicKey, algorithm: bytes, signature: bytes, data: bytes, hint: str = ""
) -> None:
    """Check the signature of `data`.

    Args:
        key: of the signer.
        algorithm: an AlgorithmIdentifier, DER.
        signature: as it stands; ECDSA in DER.
        data: what was signed.
        hint: the hash, where the algorithm does not name one.

    Raises:
        BadSignature: it does not hold.
        BadDer: algorithm, key or signature are broken.
        Unsupported: the algorithm is not computed here.
    """
    with reading("a signature's algorithm"):
        named = algos.SignedDigestAlgorithm.load(algorithm, strict=True)
        dotted = named["algorithm"].dotted
        kind = "ecdsa" if dotted == BARE_ECDSA else _kind(named)
        hashed = _hash(named, kind) or hint
    if hashed not in HASHES:
        raise Unsupported("a signature over a hash that is not SHA-1 or SHA-2")
    if kind == "ecdsa" and isinstance(key, EcKey):
        with reading("an ECDSA signature"):
            pair = algos.DSASignature.load(signature, strict=True)
            r, s = int(pair["r"].native), int(pair["s"].native)
        if not key.verifies(r, s, digest(hashed, data), hashed):
            raise BadSignature("an ECDSA signature does not hold")
    elif kind in ("rsassa_pkcs1v15", "rsassa_pss") and isinstance(
        key, rsa.RSAPublicKey
    ):
        form = _pss(named) if kind == "rsassa_pss" else padding.PKCS1v15()
        try:
            key.verify(signature, data, form, HASHES[hashed])
        except InvalidSignature:
            raise BadSignature("an RSA signature does not hold") from None
    else:
        raise Unsupported("a signature that is not RSA or ECDSA, or not of this key")


def _kind(named: algos.SignedDigestAlgorithm) -> str:
    try:
        return str(named.signature_algo)
    except ValueError:
        return ""


def _hash(named: algos.SignedDigestAlgorithm, kind: str) -> str:
    if kind == "rsassa_pss":
        return str(named["parameters"]["hash_algorithm"]["algorithm"].native)
    try:
        return str(named.hash_algo)
    except ValueError:
        return ""


def _pss(named: algos.SignedDigestAlgorithm) -> padding.PSS:
    with reading("the parameters of RSA-PSS"):
        parameters = named["parameters"]
        mask = parameters["mask_gen_algorithm"]
        inner = mask["parameters"]["algorithm"].native
        salt = int(parameters["salt_length"].native)
        usual = mask["algorithm"].native == MGF1
        usual &= parameters["trailer_field"].native == PSS_TRAILER
    if not usual or inner not in HASHES or not 0 <= salt <= max(RSA_BITS):
        raise Unsupported("RSA-PSS with unusual parameters")
    return padding.PSS(padding.MGF1(HASHES[inner]), salt)
