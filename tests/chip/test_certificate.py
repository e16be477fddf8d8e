"""Certificates by a library that is not the one that reads them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chip_states import TODAY, Chip, facts, signer, state, store
from likeness.chip.certificate import Certificate, read_certificate
from likeness.chip.der import BadDer
from likeness.chip.passive import authenticate
from likeness.chip.trust_store import load
from likeness.simulators.emrtd_authority import DocumentSigner

KEY = ec.generate_private_key(ec.SECP256R1())
BEGIN, END = (datetime(year, 5, 6, 7, 8, 9, tzinfo=UTC) for year in (2019, 2055))


def named(common: str, country: str = "UT") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def issued(
    *extensions: x509.ExtensionType, issuer: str = "CSCA", serial: int = 77
) -> bytes:
    """Issue one by its own key; dates after 2049 are written in the other form."""
    builder = x509.CertificateBuilder(
        named(issuer), named("CSCA"), KEY.public_key(), serial, BEGIN, END
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    made = builder.sign(KEY, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


AUTHORITY = x509.BasicConstraints(ca=True, path_length=0)
SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def test_the_fields() -> None:
    der = issued(
        AUTHORITY,
        x509.SubjectKeyIdentifier(b"mine"),
        x509.AuthorityKeyIdentifier(b"theirs", None, None),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
    )
    found = read_certificate(der)
    assert (found.serial, found.begin, found.end) == (77, BEGIN, END)
    assert (found.key_id, found.issuer_key_id) == (b"mine", b"theirs")
    assert found.is_authority
    assert found.usage is None
    assert found.purposes == {"1.3.6.1.5.5.7.3.1"}
    assert found.key_period == (None, None)
    assert found.subject == found.signed.issuer
    assert found.vouches_for(found.signed)


def test_names_are_compared_without_case_and_form() -> None:
    # RFC 5280 clause 7.1: issuers write one name in two ways over the years.
    found = read_certificate(issued(issuer="csca "))
    assert found.subject == found.signed.issuer
    assert read_certificate(issued(issuer="CSCB")).signed.issuer != found.subject


def test_the_time_in_which_a_key_may_sign() -> None:
    until = END - timedelta(days=9000)
    period = x509.PrivateKeyUsagePeriod(BEGIN, until)
    assert read_certificate(issued(period)).key_period == (BEGIN, until)
    open_ended = x509.PrivateKeyUsagePeriod(None, until)
    assert read_certificate(issued(open_ended)).key_period == (None, until)


def test_two_different_algorithms_are_no_certificate() -> None:
    der = state().certificate
    sha256, sha384 = (bytes.fromhex(f"2A8648CE3D04030{last}") for last in (2, 3))
    with pytest.raises(BadDer):
        read_certificate(der.replace(sha256, sha384, 1))


def test_who_is_no_authority_is_no_issuer_though_it_signs_itself() -> None:
    assert load([("a.cer", issued(SIGNS))]).issuers == ()
    assert len(load([("a.cer", issued(AUTHORITY, SIGNS))]).issuers) == 1


def test_an_authority_signs_no_chip_though_its_usage_is_not_stated() -> None:
    der = issued(AUTHORITY)
    one = DocumentSigner(replace(signer().key, private=KEY), der, _name(der), 77)
    trusted = load([("a.cer", issued(AUTHORITY, SIGNS))])
    found = Chip.signed_by(one).judged(trusted)
    assert "issuer_chain:signer_for_something_else" in facts(found)


def test_a_signature_after_the_keys_time() -> None:
    # The simulated signers state no such time, so it is put into what was read.
    period = (None, datetime(2020, 3, 1, tzinfo=UTC))
    der = issued(x509.PrivateKeyUsagePeriod(*period), serial=78)
    one = DocumentSigner(replace(signer().key, private=KEY), der, _name(der), 78)
    files = Chip.signed_by(one).files
    assert "signer_valid:signed_out_of_its_time" in facts(
        authenticate(files, store(), TODAY)
    )


def _name(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).issuer.public_bytes()


def test_it_shows_no_key_in_a_repr() -> None:
    found: Certificate = read_certificate(state().certificate)
    assert "signature" not in repr(found)
