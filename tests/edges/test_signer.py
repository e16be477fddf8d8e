import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from joserfc import jws as jose
from joserfc.jwk import ECKey
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS, InvalidJWSSignature

from likeness.core import jws
from likeness.edges import key_files
from likeness.edges.signer import FileSigner
from likeness.errors import ConfigError

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
CLEAR = serialization.NoEncryption()


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    key_files.make_private(tmp_path / "device.key")
    return FileSigner(tmp_path / "device.key")


def signed(signer: FileSigner, payload: bytes = b'{"seq":1}') -> str:
    return jws.compact(
        payload, alg=signer.alg, kid=signer.kid, typ="t", sign=signer.sign
    )


def test_two_other_libraries_verify_it(signer: FileSigner) -> None:
    for _ in range(20):  # r and s with leading zeros come up sooner or later
        token = signed(signer)
        key = ECKey.import_key({**signer.public_jwk()})
        assert jose.deserialize_compact(token, key, algorithms=["ES256"]).payload
        other = JWS()
        other.allowed_algs = ["ES256"]
        other.deserialize(token, JWK(**signer.public_jwk()))
        assert other.payload == b'{"seq":1}'


def test_another_library_refuses_an_altered_one(signer: FileSigner) -> None:
    head, _, signature = signed(signer).split(".")
    altered = f"{head}.{jws.encode(b'{}')}.{signature}"
    with pytest.raises(InvalidJWSSignature):
        JWS().deserialize(altered, JWK(**signer.public_jwk()))


def test_the_thumbprint_is_the_one_of_the_standard(signer: FileSigner) -> None:
    assert signer.kid == JWK(**signer.public_jwk()).thumbprint()


def test_a_key_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    key_files.make_private(path)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        FileSigner(path)
    path.chmod(0o640)  # a group of its own is how a service reads its credential
    assert FileSigner(path).alg == "ES256"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            ec.generate_private_key(ec.SECP384R1()).private_bytes(PEM, PKCS8, CLEAR),
            "not a P-256 key",
        ),
        (
            ed25519.Ed25519PrivateKey.generate().private_bytes(PEM, PKCS8, CLEAR),
            "not a P-256 key",
        ),
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                PEM, PKCS8, serialization.BestAvailableEncryption(b"secret")
            ),
            "not an unencrypted PEM",
        ),
        (b"not a key", "not a PEM private key"),
        (None, "cannot be read"),
    ],
)
def test_any_other_key_is_one_clear_line(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "device.key"
    if content is not None:
        path.touch(mode=0o600)
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        FileSigner(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    key_files.make_private(tmp_path / "device.key")
    with pytest.raises(FileExistsError):
        key_files.make_private(tmp_path / "device.key")


def test_public_keys_as_jwk_and_as_pem(tmp_path: Path, signer: FileSigner) -> None:
    key = key_files.load_private(tmp_path / "device.key").public_key()
    jwk, pem = tmp_path / "a.jwk", tmp_path / "a.pem"
    jwk.write_text(json.dumps(signer.public_jwk()))
    pem.write_bytes(
        key.public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    for path in (jwk, pem):
        assert key_files.public_jwk(key_files.load_public(path)) == signer.public_jwk()


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "RSA"},
        {"kty": "EC", "crv": "P-384"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43, "d": "A" * 43},
        [],
        "x",
    ],
)
def test_any_other_jwk_is_one_clear_line(tmp_path: Path, jwk: object) -> None:
    path = tmp_path / "a.jwk"
    path.write_text(json.dumps(jwk))
    with pytest.raises(ConfigError, match="not a public P-256 key"):
        key_files.load_public(path)
