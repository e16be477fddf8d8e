"""Which signer a configured value means: a file, a systemd credential, or a token.

    /etc/likeness/pki/device.key    `FileSigner`, tier "file"
    credential:device.key           `FileSigner`, tier "credential"
    pkcs11:token=…;object=…?…       `Pkcs11Signer`, tier "tpm2", "secure_element", …

Leaves to others: what is signed, which of a terminal's keys is in use (`key_ring`).
"""

from typing import TYPE_CHECKING, TypeAlias

from likeness.core import pkcs11_uri
from likeness.core.pkcs11_uri import Pkcs11Uri
from likeness.edges import credentials, key_files
from likeness.edges.signer import FileSigner
from likeness.errors import ConfigError

if TYPE_CHECKING:
    from likeness.edges.signer_pkcs11 import Pkcs11Signer

AnySigner: TypeAlias = "FileSigner | Pkcs11Signer"


def open_signer(value: str) -> AnySigner:
    """Open the key that a value means, and try it.

    Raises:
        ConfigError: in one line, what is missing or wrong.
    """
    if not is_token(value):
        tier = "credential" if value.startswith(credentials.PREFIX) else "file"
        return FileSigner(credentials.path_of(value), key_tier=tier)
    uri = _uri(value)
    try:
        from likeness.edges.signer_pkcs11 import Pkcs11Signer  # noqa: PLC0415
    except ImportError as problem:
        raise _no_package() from problem
    return Pkcs11Signer(uri)


def make_key(value: str) -> None:
    """Make a key where the value says; never overwrite one.

    Raises:
        ConfigError: it cannot be made, or is there already.
    """
    if is_token(value):
        _make_in_token(_uri(value))
        return
    path = credentials.path_of(value)
    try:
        key_files.make_private(path)
    except FileExistsError as problem:
        raise ConfigError(
            f"{path}: a key is here already; no key is ever overwritten"
        ) from problem
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be written: {problem.strerror}") from problem


def _make_in_token(uri: Pkcs11Uri) -> None:
    try:
        from likeness.edges import signer_pkcs11  # noqa: PLC0415
    except ImportError as problem:
        raise _no_package() from problem
    signer_pkcs11.make_key(uri)


def is_token(value: str) -> bool:
    """Say whether the key lives in a token."""
    return value.startswith(pkcs11_uri.SCHEME)


def _uri(value: str) -> Pkcs11Uri:
    try:
        return pkcs11_uri.parse(value)
    except ConfigError as fault:
        raise ConfigError(f"keys.device_key: {fault}") from fault


def _no_package() -> ConfigError:
    return ConfigError(
        "keys.device_key: a key in a token needs the package python-pkcs11; install"
        " likeness with the extra 'pkcs11'"
    )
