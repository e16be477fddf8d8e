"""What cannot be read of a certificate; good and wrong ones: `test_provisioning`."""

import base64
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from likeness.edges import certificates
from likeness.errors import ConfigError
from likeness.simulators.authority import Authority

BASIC, USAGE = bytes.fromhex("0603551d13"), bytes.fromhex("0603551d25")


@pytest.fixture(scope="module")
def der(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    cert, *_ = certificates.load(authority.devices.read_bytes(), "ca")
    return cert.public_bytes(serialization.Encoding.DER)


def pem(der: bytes) -> bytes:
    text = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"


# All found by fuzzing: the library reads a part when it is asked for it, and has an
# error of its own for each.
@pytest.mark.parametrize(
    ("part", "other"),
    [
        pytest.param("a003020102", "a003020107", id="version"),
        pytest.param("06082a8648ce3d030107", "06082a8648ce3d030177", id="curve"),
        pytest.param("06072a8648ce3d0201", "06072a8648ce3d0277", id="kind of key"),
        pytest.param("0603551d0f", "0603551d13", id="an extension twice"),
        pytest.param("06035504030c", "06035504031e", id="a name in odd bytes"),
        pytest.param("06035504030c", "060355040303", id="a name of bits"),
    ],
)
def test_a_part_that_cannot_be_read_is_one_clear_line(
    der: bytes, part: str, other: str
) -> None:
    broken = der.replace(bytes.fromhex(part), bytes.fromhex(other))
    assert broken != der
    with pytest.raises(ConfigError, match=r"^tried: holds "):
        certificates.load(pem(broken), "tried")


def test_a_whole_one_is_read(der: bytes) -> None:
    (cert,) = certificates.load(pem(der), "tried")
    assert isinstance(cert, x509.Certificate)


def test_no_certificate_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no PEM certificate"):
        certificates.load(b"", "tried")
    (tmp_path / "cert.pem").write_bytes(b"-----BEGIN CERTIFICATE-----")
    with pytest.raises(ConfigError, match="no PEM certificate"):
        certificates.refuse_shared(tmp_path / "cert.pem", "kid")
