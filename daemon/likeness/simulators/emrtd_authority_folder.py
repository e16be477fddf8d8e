"""Keeps a simulated state's keys in a folder, and writes what its verifiers trust.

    KEYS/csca.key csca.cer       the state itself: whoever has these can issue cards
    TRUST/csca.cer csca.crl      what an operator would put into a trust store
    TRUST/master-list.ml         the same, as a state publishes it

The key lies there in clear: never a field's authority. Leaves to others: signing.
"""

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from likeness.errors import UsageError
from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_keys import Scheme, SigningKey
from likeness.simulators.emrtd_personalise import REVOKED_SERIAL

KEY, CERTIFICATE, CRL, MASTER_LIST = (
    "csca.key",
    "csca.cer",
    "csca.crl",
    "master-list.ml",
)


def open_authority(folder: Path) -> CountryAuthority:
    """Load the state that is kept in a folder, or make one.

    Raises:
        UsageError: the folder cannot be read or written, or holds something else.
    """
    try:
        if (folder / CERTIFICATE).exists():
            return _loaded(folder)
        folder.mkdir(exist_ok=True)
        state = CountryAuthority()
        key = folder / KEY
        key.touch(mode=0o600)
        key.write_bytes(
            state.key.private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / CERTIFICATE).write_bytes(state.certificate)
    except OSError as problem:
        raise UsageError(f"{folder}: cannot be used: {problem.strerror}") from problem
    return state


def write_trust(state: CountryAuthority, folder: Path) -> None:
    """Write what a verifier needs; its list revokes the signer of `revoked-signer`.

    Raises:
        UsageError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CERTIFICATE).write_bytes(state.certificate)
        (folder / CRL).write_bytes(state.crl(REVOKED_SERIAL, at=datetime.now(UTC)))
        (folder / MASTER_LIST).write_bytes(state.master_list())
    except OSError as problem:
        raise UsageError(
            f"{folder}: cannot be written: {problem.strerror}"
        ) from problem


def _loaded(folder: Path) -> CountryAuthority:
    try:
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
    except ValueError as problem:
        raise UsageError(f"{folder / KEY}: holds no private key in PEM") from problem
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise UsageError(f"{folder / KEY}: is not a key of a simulated state")
    certificate = (folder / CERTIFICATE).read_bytes()
    return CountryAuthority(key=SigningKey(key, Scheme.ECDSA), certificate=certificate)
