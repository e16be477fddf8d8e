"""Signatures by each scheme; a key, hash or parameter that is another does not hold."""

import pytest
from asn1crypto import algos

from likeness.chip.der import BadDer, Unsupported
from likeness.chip.signatures import BadSignature, check, digest, public_key
from likeness.simulators.emrtd_der import NULL, explicit, integer, oid, sequence, tlv
from likeness.simulators.emrtd_keys import Scheme, SigningKey, digest_algorithm

DATA = b"what was signed"
KEYS = {scheme: SigningKey.make(scheme) for scheme in Scheme}
DIGESTS = ["sha1", "sha224", "sha256", "sha384", "sha512"]
PSS = "1.2.840.113549.1.1.10"
MGF1 = oid("1.2.840.113549.1.1.8")


def with_digest(scheme: Scheme, digest: str) -> SigningKey:
    return SigningKey(KEYS[scheme].private, scheme, digest)


def judge(
    key: SigningKey, signature: bytes, data: bytes = DATA, hint: str = ""
) -> None:
    check(public_key(key.public_info()), key.algorithm(), signature, data, hint)


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("digest", DIGESTS)
def test_each_scheme_and_hash(scheme: Scheme, digest: str) -> None:
    key = with_digest(scheme, digest)
    judge(key, key.sign(DATA))
    with pytest.raises(BadSignature):
        judge(key, key.sign(DATA), DATA + b".")
    with pytest.raises(BadSignature):
        judge(SigningKey.make(scheme, digest), key.sign(DATA))


@pytest.mark.parametrize("scheme", Scheme)
def test_a_signature_over_another_hash(scheme: Scheme) -> None:
    signature = with_digest(scheme, "sha256").sign(DATA)
    with pytest.raises(BadSignature):
        judge(with_digest(scheme, "sha512"), signature)


@pytest.mark.parametrize("curve", ["secp192r1", "secp224r1", "secp521r1"])
@pytest.mark.parametrize("digest", DIGESTS)
def test_a_hash_longer_or_shorter_than_the_curve(curve: str, digest: str) -> None:
    key = SigningKey.make(Scheme.ECDSA_EXPLICIT, digest, curve)
    judge(key, key.sign(DATA))


def test_the_two_ways_of_rsa_are_two() -> None:
    one, other = (with_digest(s, "sha256") for s in (Scheme.RSA, Scheme.RSA_PSS))
    for signing, judging in ((one, other), (other, one)):
        public = public_key(judging.public_info())
        with pytest.raises(BadSignature):
            check(public, judging.algorithm(), signing.sign(DATA), DATA)


def test_a_key_of_another_kind() -> None:
    ec, rsa_ = KEYS[Scheme.ECDSA], KEYS[Scheme.RSA]
    with pytest.raises(Unsupported):
        check(public_key(rsa_.public_info()), ec.algorithm(), ec.sign(DATA), DATA)
    with pytest.raises(Unsupported):
        check(public_key(ec.public_info()), rsa_.algorithm(), rsa_.sign(DATA), DATA)


def test_a_signature_that_is_no_pair_of_numbers() -> None:
    for signature in (b"", b"\x30\x00", bytes(64), b"\x30\x03\x02\x01\x05"):
        with pytest.raises((BadDer, BadSignature)):
            judge(KEYS[Scheme.ECDSA], signature)


@pytest.mark.parametrize("bare", ["1.2.840.10045.2.1", "1.2.840.113549.1.1.1"])
def test_an_algorithm_that_leaves_the_hash_to_the_message(bare: str) -> None:
    scheme = Scheme.ECDSA if "10045" in bare else Scheme.RSA
    key = KEYS[scheme]
    algorithm = sequence(oid(bare), b"" if scheme is Scheme.ECDSA else NULL)
    public = public_key(key.public_info())
    check(public, algorithm, key.sign(DATA), DATA, hint="sha256")
    with pytest.raises(BadSignature):
        check(public, algorithm, key.sign(DATA), DATA, hint="sha512")
    for hint in ("", "md5"):
        with pytest.raises(Unsupported):
            check(public, algorithm, key.sign(DATA), DATA, hint=hint)


def pss(hashed: str, mask: str, salt: int, trailer: int | None = None) -> bytes:
    parameters = sequence(
        explicit(0, digest_algorithm(hashed)),
        explicit(1, sequence(MGF1, digest_algorithm(mask))),
        explicit(2, integer(salt)),
        b"" if trailer is None else explicit(3, integer(trailer)),
    )
    return sequence(oid(PSS), parameters)


def test_the_parameters_of_pss_are_kept_to() -> None:
    key = KEYS[Scheme.RSA_PSS]
    public, signature = public_key(key.public_info()), key.sign(DATA)
    check(public, pss("sha256", "sha256", 32), signature, DATA)
    check(public, pss("sha256", "sha256", 32, 1), signature, DATA)
    for other in (pss("sha256", "sha1", 32), pss("sha256", "sha256", 20)):
        with pytest.raises(BadSignature):
            check(public, other, signature, DATA)
    for strange in (pss("sha256", "sha256", 9000), pss("sha256", "sha256", 32, 2)):
        with pytest.raises((BadDer, Unsupported)):
            check(public, strange, signature, DATA)
    with pytest.raises((BadDer, Unsupported)):
        check(public, sequence(oid(PSS)), signature, DATA)


def test_a_key_that_names_pss_itself() -> None:
    key = KEYS[Scheme.RSA_PSS]
    plain = oid("1.2.840.113549.1.1.1") + NULL
    info = key.public_info()
    named = info.replace(plain, oid(PSS) + NULL)  # the same length: one arm differs
    assert named != info
    check(public_key(named), key.algorithm(), key.sign(DATA), DATA)


def test_keys_that_are_not_taken() -> None:
    with pytest.raises(Unsupported):
        public_key(sequence(sequence(oid("1.3.101.112")), b"\x03\x21" + bytes(33)))
    for broken in (b"", b"\x30\x00", KEYS[Scheme.RSA].public_info()[:-1]):
        with pytest.raises(BadDer):
            public_key(broken)


def rsa_info(modulus: int, exponent: int) -> bytes:
    """Lay out an RSA key of any numbers, negative ones too."""
    numbers = sequence(
        *(
            tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, signed=True))
            for number in (modulus, exponent)
        )
    )
    body = tlv(0x03, b"\0" + numbers)
    return sequence(sequence(oid("1.2.840.113549.1.1.1"), NULL), body)


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [(2**2047 + 1, 4), (-(2**2046) - 1, 65537), (2**2047 + 1, -65537)],
)
def test_numbers_that_are_no_key(modulus: int, exponent: int) -> None:
    with pytest.raises(BadDer):
        public_key(rsa_info(modulus, exponent))


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [(2**511 + 1, 65537), (2**8200 + 1, 65537), (2**2047 + 1, 2**64 + 1)],
)
def test_numbers_of_a_size_that_is_not_taken(modulus: int, exponent: int) -> None:
    with pytest.raises(Unsupported):
        public_key(rsa_info(modulus, exponent))


def test_hashes_that_are_not_taken() -> None:
    assert digest("sha1", b"").hex().startswith("da39a3ee")
    for name in ("md5", "sha3_256", "", "1.2.3"):
        with pytest.raises(Unsupported):
            digest(name, b"")


def test_md5_is_refused_as_an_algorithm() -> None:
    key = KEYS[Scheme.RSA]
    md5 = algos.SignedDigestAlgorithm({"algorithm": "md5_rsa"}).dump()
    with pytest.raises(Unsupported):
        check(public_key(key.public_info()), md5, key.sign(DATA), DATA)
