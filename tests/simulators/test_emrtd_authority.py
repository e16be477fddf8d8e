"""What the simulated state issues, looked at by libraries that did not write it."""

import hashlib
from pathlib import Path

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtensionOID

from likeness.simulators.emrtd_authority import LONG_PAST, CountryAuthority
from likeness.simulators.emrtd_der import find
from likeness.simulators.emrtd_keys import DIGESTS, Scheme
from likeness.simulators.emrtd_signed_data import security_object
from openssl_cms import openssl_complaint

GROUPS = {2: b"two", 1: b"one"}


@pytest.fixture(scope="module")
def state() -> CountryAuthority:
    return CountryAuthority()


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.RSA_PSS, Scheme.ECDSA])
def test_a_chain_of_certificates_holds(scheme: Scheme) -> None:
    state = CountryAuthority(scheme=scheme, curve="secp384r1", digest="sha384")
    root = x509.load_der_x509_certificate(state.certificate)
    leaf = x509.load_der_x509_certificate(state.signer(scheme).certificate)
    root.verify_directly_issued_by(root)
    leaf.verify_directly_issued_by(root)
    own = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    named = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert named.key_identifier == own.digest
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    marked = {one.oid: one.critical for one in root.extensions}
    assert marked[ExtensionOID.BASIC_CONSTRAINTS]
    assert marked[ExtensionOID.KEY_USAGE]
    assert not marked[ExtensionOID.SUBJECT_KEY_IDENTIFIER]
    assert usage.digital_signature
    assert not usage.key_cert_sign
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS)


def test_another_state_of_the_same_name_does_not_vouch(state: CountryAuthority) -> None:
    root = x509.load_der_x509_certificate(CountryAuthority().certificate)
    leaf = x509.load_der_x509_certificate(state.signer().certificate)
    assert root.subject == leaf.issuer
    with pytest.raises(InvalidSignature):
        leaf.verify_directly_issued_by(root)


def test_a_link_certificate_passes_trust_on(state: CountryAuthority) -> None:
    successor = CountryAuthority(number=2)
    link = x509.load_der_x509_certificate(state.link_to(successor))
    link.verify_directly_issued_by(x509.load_der_x509_certificate(state.certificate))
    new = x509.load_der_x509_certificate(successor.certificate)
    assert link.subject == new.subject
    assert link.public_key() == new.public_key()


def test_an_expired_signer_says_so(state: CountryAuthority) -> None:
    signer = x509.load_der_x509_certificate(state.signer(end=LONG_PAST).certificate)
    assert signer.not_valid_after_utc == LONG_PAST


def test_a_list_names_the_revoked_and_only_them(state: CountryAuthority) -> None:
    revoked, other = state.signer(), state.signer()
    crl = x509.load_der_x509_crl(state.crl(revoked.serial))
    assert crl.get_revoked_certificate_by_serial_number(revoked.serial) is not None
    assert crl.get_revoked_certificate_by_serial_number(other.serial) is None
    root = x509.load_der_x509_certificate(state.certificate)
    public = root.public_key()
    assert crl.is_signature_valid(public)  # type: ignore[arg-type]
    assert len(x509.load_der_x509_crl(state.crl())) == 0


def test_a_spelled_out_curve_is_the_curve(state: CountryAuthority) -> None:
    signer = state.signer(Scheme.ECDSA_EXPLICIT, curve="secp256r1")
    parsed = asn1_x509.Certificate.load(signer.certificate)
    info = parsed["tbs_certificate"]["subject_public_key_info"]
    parameters = info["algorithm"]["parameters"]
    assert parameters.name == "specified"
    assert parameters.chosen["order"].native == (
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    )
    # cryptography takes spelled-out NIST curves, and then it is the same key
    loaded = x509.load_der_x509_certificate(signer.certificate).public_key()
    assert loaded == signer.key.private.public_key()


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("version", [0, 1])
def test_a_security_object_states_the_digests(
    state: CountryAuthority, digest: str, version: int
) -> None:
    sod = security_object(GROUPS, state.signer(), digest=digest, version=version)
    inner = find(sod, 0x77)
    assert inner is not None
    message = cms.ContentInfo.load(inner)["content"]
    content = message["encap_content_info"]["content"].native
    first, second = (hashlib.new(digest, GROUPS[number]).digest() for number in (1, 2))
    assert 0 < content.index(first) < content.index(second)
    assert (b"040000" in content) == bool(version)
    assert message["encap_content_info"]["content_type"].native == "2.23.136.1.1.1"


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_openssl_verifies_a_security_object(
    tmp_path: Path, scheme: Scheme, digest: str
) -> None:
    state = CountryAuthority(scheme=scheme)
    sod = find(security_object(GROUPS, state.signer(scheme, digest)), 0x77)
    assert sod is not None
    # Its chains never hold spelled-out curves; with this it verifies the signature.
    spelled_out = ["-noverify"] if scheme is Scheme.ECDSA_EXPLICIT else []
    assert openssl_complaint(tmp_path, state.certificate, sod, *spelled_out) == ""
    spoiled = bytearray(sod)
    spoiled[sod.index(hashlib.sha256(b"two").digest())] ^= 1
    assert "verification failure" in openssl_complaint(
        tmp_path, state.certificate, bytes(spoiled), *spelled_out
    )


def test_openssl_verifies_a_master_list(
    tmp_path: Path, state: CountryAuthority
) -> None:
    others = [CountryAuthority("XX"), CountryAuthority("YY", Scheme.RSA)]
    listed = state.master_list(*others)
    assert openssl_complaint(tmp_path, state.certificate, listed) == ""
    content = (tmp_path / "content").read_bytes()
    assert all(other.certificate in content for other in (state, *others))
