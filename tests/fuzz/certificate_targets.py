"""Certificates that a terminal is handed: PEM around DER that was changed inside.

Leaves to others: TLS itself, which is OpenSSL's.
"""

import base64
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fuzz.engine import Subject, Target
from fuzz.mutate import Dice, any_bytes
from likeness.edges import certificates, key_files
from likeness.errors import ConfigError

NAME = "shop-7"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
BEGIN, END = b"-----BEGIN CERTIFICATE-----\n", b"\n-----END CERTIFICATE-----\n"
# DER: tags, lengths, the object identifiers of other curves and of odd extensions.
PIECES = (
    *(b"\x30\x80", b"\x02\x01\xff", b"\x05\x00", b"\x17\x0d", b"\x18\x0f", b"\x0c\x00"),
    *(b"\x06\x05\x2b\x81\x04\x00\x22", b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
    *(b"\x06\x03\x55\x1d\x25", b"\x06\x03\x55\x1d\x13", b"\x06\x03\x55\x1d\x11"),
    *(b"991231235959Z", b"00000000000000Z", b"\xff\xff", b"\x1e\x02\xd8\x00", b"\x84"),
)


def _made(
    key: ec.EllipticCurvePrivateKey,
    issuer: ec.EllipticCurvePrivateKey,
    names: tuple[str, str],
    *,
    is_ca: bool,
) -> bytes:
    subject, by = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in names
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(issuer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def _pem(der: bytes) -> bytes:
    return BEGIN + base64.b64encode(der) + END


def _certificates(folder: Path) -> Subject:
    device, ca = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _made(ca, ca, ("root", "root"), is_ca=True)
    ours = _made(device, ca, (NAME, "root"), is_ca=False)
    issuers = certificates.load(_pem(root), "root")
    kid = key_files.public_jwk(device.public_key())["kid"]
    path = folder / "tried.pem"

    def run(data: bytes) -> str:
        path.write_bytes(data)
        with contextlib.suppress(ConfigError):
            certificates.refuse_shared(path, kid)
        chain = certificates.load(data, "tried")
        more = {"key": device.public_key(), "name": NAME, "now": NOW}
        # As an issuer, too: a person may name the wrong file.
        with contextlib.suppress(ConfigError):
            good = certificates.load(_pem(ours), "ours")
            certificates.check(good, issuers=chain, **more)  # type: ignore[arg-type]
        certificates.check(chain, issuers=issuers, **more)  # type: ignore[arg-type]
        certificates.refuse_own_ca(
            chain, issuers=issuers, brokers=chain[1:], where="tried"
        )
        return "certificate"

    return Subject([_pem(ours), _pem(root), _pem(ours) + _pem(root)], _changed, run)


def _changed(dice: Dice, data: bytes, other: bytes) -> bytes:
    if dice.random() < 0.2:
        return any_bytes(dice, data, other)
    try:
        ders = [
            bytearray(base64.b64decode(one.partition(END)[0]))
            for one in data.split(BEGIN)[1:]
        ]
    except ValueError:
        return any_bytes(dice, data, other)
    if not ders:
        return any_bytes(dice, data, other)
    der = dice.choice(ders)
    for _ in range(dice.choice((1, 1, 2))):
        at, piece = dice.randint(0, len(der)), dice.choice(PIECES)
        match dice.randrange(4):
            case 0:
                der[at : at + len(piece)] = piece
            case 1 if der:
                der[at % len(der)] = dice.randrange(256)
            case 2 if der:
                der[at % len(der)] ^= 1 << dice.randrange(8)
            case _:
                der[:] = any_bytes(dice, bytes(der), piece)
    return b"".join(_pem(bytes(one)) for one in ders)


TARGETS = (Target("certificates", _certificates, (ConfigError,), share=2),)
