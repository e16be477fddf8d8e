from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from likeness.__main__ import main
from likeness.simulators.authority import Authority, Kind


def authority(*arguments: object) -> int:
    return main(["keys", "authority", *map(str, arguments)])


def leaf(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def request(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    common = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(common)
    path = folder / "request.csr"
    path.write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_it_issues_to_each_kind(tmp_path: Path) -> None:
    pki = tmp_path / "pki"
    assert authority("issue", "device", "shop-1", "--dir", pki) == 0
    assert authority("issue", "carrier", "likeness-carrier", "--dir", pki) == 0
    to = ("--host", "localhost", "--host", "127.0.0.1")
    assert authority("issue", "broker", "broker", "--dir", pki, *to) == 0
    by = {
        path.stem: leaf(path).issuer.rfc4514_string()
        for path in (pki / "issued").glob("*.pem")
    }
    assert by == {
        "shop-1": "CN=likeness test device-ca",
        "likeness-carrier": "CN=likeness test carrier-ca",
        "broker": "CN=likeness test server-ca",
    }
    names = leaf(pki / "issued/broker.pem").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]


def test_it_answers_a_request(tmp_path: Path) -> None:
    pki, asked = tmp_path / "pki", request(tmp_path, "shop-2")
    given = ("issue", "device", "shop-2", "--dir", pki, "--request", asked)
    assert authority(*given) == 0
    assert not (pki / "issued/shop-2.key").exists()
    key = x509.load_pem_x509_csr(asked.read_bytes()).public_key()
    assert leaf(pki / "issued/shop-2.pem").public_key() == key


def test_it_revokes(tmp_path: Path) -> None:
    pki = Authority(tmp_path / "pki")
    cert = pki.make("shop-3", Kind.DEVICE).cert
    assert authority("revoke", cert, "--dir", pki.folder) == 0
    crl = x509.load_pem_x509_crl((pki.folder / "device-ca.crl").read_bytes())
    revoked = {entry.serial_number for entry in crl}
    assert revoked == {leaf(cert).serial_number}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("issue", "device", "a/b"), "letters, digits"),
        (("issue", "device", "a" * 65), "64 at most"),
        (("issue", "broker", "broker", "--host", "lädchen"), "neither a host name"),
        (("issue", "broker", "broker"), "--host is what a broker needs"),
        (("issue", "device", "shop-1", "--host", "x"), "--host is what a broker needs"),
        (("issue", "device", "shop-1", "--request", "none"), "none: cannot be read"),
        (("revoke", "none"), "none: cannot be read"),
    ],
)
def test_wrong_use_is_one_line(
    tmp_path: Path,
    arguments: tuple[str, ...],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert authority(*arguments, "--dir", tmp_path / "pki") == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_another_name_and_anothers_certificate_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pki, asked = tmp_path / "pki", request(tmp_path, "shop-2")
    given = ("issue", "device", "shop-9", "--dir", pki, "--request", asked)
    assert authority(*given) == 2
    assert "for CN=shop-2, not for CN=shop-9" in capsys.readouterr().err
    (tmp_path / "nonsense").write_text("nonsense")
    assert authority("revoke", tmp_path / "nonsense", "--dir", pki) == 2
    assert "holds no certificate" in capsys.readouterr().err
    other = Authority(tmp_path / "other").make("shop-1", Kind.DEVICE).cert
    assert authority("revoke", other, "--dir", pki) == 2
    assert "has not issued it" in capsys.readouterr().err
