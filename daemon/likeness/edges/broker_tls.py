"""The line's TLS: one CA is trusted, the host's name is checked, 1.2 or newer.

Each file is looked at by itself first, so that a wrong one is named. Leaves to others:
whether certificates are in date (`doctor` says so; the clock may not be set yet).
"""

import ssl
import stat
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import NameOID

from likeness.errors import ConfigError


def tls_context(
    *,
    name: str,
    ca_file: str,
    cert_file: str = "",
    key_file: str = "",
    part: str = "mqtt.",
) -> ssl.SSLContext:
    """Return a client's TLS context.

    Args:
        name: what our certificate's common name must be; the broker takes it for ours.
        ca_file: PEM; whom to believe about brokers. No other CA is believed, not even
            those that the one in this file was issued by or has issued beside it.
        cert_file: PEM; our certificate, then the CA that issued it. Empty: none.
        key_file: PEM; its key.
        part: what stands before these options' names in the configuration.

    Raises:
        ConfigError: with the option and the file that cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks chain and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    _certificate(f"{part}ca_file", ca_file)
    context.load_verify_locations(ca_file)
    if not cert_file and not key_file:
        return context
    if not cert_file or not key_file:
        given, missing = ("key_file", "cert_file")[:: -1 if cert_file else 1]
        raise ConfigError(f"{part}{missing} is empty, {part}{given} is not: give both")
    cert = _certificate(f"{part}cert_file", cert_file)
    common = [
        one.value for one in cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    ]
    if common != [name]:
        raise ConfigError(
            f"{part}cert_file '{cert_file}' is made out to {_said(common)}, not to"
            f" '{name}': take this one's own, see 'likeness provision'"
        )
    if _public(cert.public_key()) != _public(_key(f"{part}key_file", key_file)):
        raise ConfigError(
            f"{part}key_file '{key_file}' is not the key of {part}cert_file"
            f" '{cert_file}'"
        )
    try:
        context.load_cert_chain(cert_file, key_file)
    except OSError as problem:  # ssl.SSLError is one
        raise ConfigError(
            f"{part}cert_file '{cert_file}' cannot be used: {problem.strerror}"
        ) from problem
    return context


def _certificate(option: str, path: str) -> x509.Certificate:
    """Return a file's first certificate."""
    try:
        return x509.load_pem_x509_certificates(_read(option, path))[0]
    except ValueError as problem:
        raise ConfigError(f"{option} '{path}' holds no PEM certificate") from problem


def _key(option: str, path: str) -> PublicKeyTypes:
    """Return the public half; OpenSSL would ask for an encrypted key's password."""
    data = _read(option, path)
    if Path(path).stat().st_mode & stat.S_IRWXO:
        raise ConfigError(
            f"{option} '{path}': everybody can reach this key; chmod 600 it"
        )
    try:
        return serialization.load_pem_private_key(data, None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise ConfigError(
            f"{option} '{path}' is not an unencrypted PEM private key"
        ) from problem


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _read(option: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as problem:
        raise ConfigError(
            f"{option} '{path}' cannot be read: {problem.strerror}"
        ) from problem


def _said(names: list[str] | list[str | bytes]) -> str:
    return " and ".join(f"'{name!s}'" for name in names) or "nobody"
