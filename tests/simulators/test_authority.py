import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from likeness.errors import UsageError
from likeness.simulators.authority import Authority, Kind

PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "pki")


def openssl(anchors: Path, cert: Path, purpose: str, *more: object) -> str:
    """Judge a certificate by another make of code; say what is wrong."""
    command = ["openssl", "verify", "-CAfile", anchors, "-purpose", purpose, *more]
    said = subprocess.run(
        [*map(str, command), str(cert)], capture_output=True, text=True, check=False
    )
    return "" if said.returncode == 0 else said.stderr


def request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str) -> bytes:
    common = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(common)
    return builder.sign(key, hashes.SHA256()).public_bytes(PEM)


def test_each_kind_is_good_for_its_own_purpose_only(authority: Authority) -> None:
    crl = ("-crl_check_all", "-CRLfile", authority.devices_crl)
    other = ("-crl_check_all", "-CRLfile", authority.carriers_crl)
    device = authority.make("shop-1", Kind.DEVICE).cert
    carrier = authority.make("carrier", Kind.CARRIER).cert
    server = authority.make("broker", Kind.SERVER, hosts=("localhost",)).cert
    assert openssl(authority.devices, device, "sslclient", *crl) == ""
    assert openssl(authority.carriers, carrier, "sslclient", *other) == ""
    assert openssl(authority.servers, server, "sslserver", "-partial_chain") == ""
    assert "issuer" in openssl(authority.devices, carrier, "sslclient", *crl)
    assert "issuer" in openssl(authority.carriers, device, "sslclient", *crl)
    assert "issuer" in openssl(authority.servers, device, "any", "-partial_chain")
    # Not even with the whole chain in hand: then the list of its CA is missing.
    whole = ("-untrusted", authority.ca(Kind.CARRIER))
    said = openssl(authority.devices, carrier, "sslclient", *crl, *whole)
    assert "unable to get certificate CRL" in said
    assert "purpose" in openssl(authority.devices, device, "sslserver")


def test_revoked_ones_stay_revoked_when_more_are(authority: Authority) -> None:
    names = ("thief-1", "thief-2")
    thieves = [authority.make(name, Kind.DEVICE).cert for name in names]
    for cert in thieves:
        authority.revoke(cert)
    again = Authority(authority.folder)  # opened anew, not made anew
    crl = ("-crl_check_all", "-CRLfile", again.devices_crl)
    for cert in thieves:
        assert "revoked" in openssl(again.devices, cert, "sslclient", *crl)
    good = again.make("shop-2", Kind.DEVICE).cert
    assert openssl(again.devices, good, "sslclient", *crl) == ""


def test_a_request_gets_a_certificate_for_its_key_and_name(
    authority: Authority,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = authority.issue(request(key, "shop-3"), Kind.DEVICE)
    leaf, ca = x509.load_pem_x509_certificates(pem)
    assert leaf.public_key() == key.public_key()
    assert leaf.subject.rfc4514_string() == "CN=shop-3"
    assert ca.public_bytes(PEM) == authority.ca(Kind.DEVICE).read_bytes()
    assert leaf.not_valid_before_utc < datetime.now(UTC) - timedelta(days=365)


def test_what_is_no_request_is_refused(authority: Authority) -> None:
    with pytest.raises(UsageError, match="not a signing request"):
        authority.issue(b"nonsense", Kind.DEVICE)
    other = rsa.generate_private_key(65537, 2048)
    with pytest.raises(UsageError, match="P-256"):
        authority.issue(request(other, "shop-4"), Kind.DEVICE)
    key = ec.generate_private_key(ec.SECP256R1())
    der = bytearray(
        x509.load_pem_x509_csr(request(key, "shop-4")).public_bytes(
            serialization.Encoding.DER
        )
    )
    der[-1] ^= 1
    broken = ssl.DER_cert_to_PEM_cert(bytes(der)).replace(
        "CERTIFICATE", "CERTIFICATE REQUEST"
    )
    with pytest.raises(UsageError, match="by its own key"):
        authority.issue(broken.encode(), Kind.DEVICE)


def test_a_key_is_for_its_owner_alone(authority: Authority) -> None:
    made = authority.make("shop-5", Kind.DEVICE)
    keys = [made.key, *authority.folder.glob("*.key")]
    assert len(keys) == 5
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        Authority(tmp_path / "file" / "pki")
