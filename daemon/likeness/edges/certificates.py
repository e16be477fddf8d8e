"""A terminal's certificate: asks for one, and checks the one that came (RFC 5280).

A certificate is taken when it is for our key and our name, was issued by the CA we were
told, is in date, and may be used by a client. Leaves to others: files, when to renew.
"""

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from likeness.edges import key_files
from likeness.errors import ConfigError

DEEPEST = 4  # certificates between ours and the CA that we were told
_PEM = serialization.Encoding.PEM
# What cryptography raises for a part of a certificate that it does not understand.
_BROKEN = (
    ValueError,
    TypeError,  # a name that is a bit string
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


def request(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    """Return a signing request (PKCS#10, RFC 2986) as PEM, for this common name."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return asked.sign(key, hashes.SHA256()).public_bytes(_PEM)


def load(data: bytes, where: str) -> list[x509.Certificate]:
    """Read one or several certificates as PEM; ours stands first.

    Raises:
        ConfigError: there is none, or one that cannot be read to its end.
    """
    try:
        found = x509.load_pem_x509_certificates(data)
    except (ValueError, x509.InvalidVersion) as problem:
        raise ConfigError(f"{where}: holds no PEM certificate") from problem
    for one in found:
        try:
            _read_whole(one)
        except _BROKEN as problem:
            raise ConfigError(
                f"{where}: holds a broken certificate, or one of a kind that we do not"
                " know: take it anew from where it came"
            ) from problem
    return found


def check(
    chain: list[x509.Certificate],
    *,
    key: ec.EllipticCurvePublicKey,
    name: str,
    issuers: list[x509.Certificate],
    now: datetime,
) -> x509.Certificate:
    """Return our certificate if it is good.

    Args:
        chain: ours, then what leads to an issuer, in any order.
        key: our own.
        name: what its common name must be: the broker takes it for ours.
        issuers: whose word we were told to take.
        now: an aware time.

    Raises:
        ConfigError: with what is wrong, and what to do.
    """
    ours = chain[0]
    if key_id(ours) != key_files.public_jwk(key)["kid"]:
        raise ConfigError(
            "the certificate is for another key: send this terminal's own request to"
            " the carrier, and take the answer to it"
        )
    if (said := common_names(ours)) != [name]:
        raise ConfigError(
            f"the certificate is made out to {' and '.join(said) or 'nobody'}, not to"
            f" '{name}': ask for one with this terminal's name"
        )
    _check_issuer(chain, issuers, now)
    _check_dates(ours, now)
    _check_usage(ours)
    return ours


def _read_whole(cert: x509.Certificate) -> None:
    """Read each part now: the library does so only when it is asked for the part."""
    cert.public_key()
    _ = cert.subject, cert.issuer, cert.extensions, cert.signature_hash_algorithm
    _ = cert.not_valid_before_utc, cert.not_valid_after_utc


def key_id(cert: x509.Certificate) -> str:
    """Return the JWK thumbprint of a certificate's key; "" if it is not P-256."""
    key = cert.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return ""
    if not isinstance(key.curve, ec.SECP256R1):
        return ""
    return key_files.public_jwk(key)["kid"]


def refuse_shared(path: Path, device_kid: str) -> None:
    """See that the certificate's key is not the one that signs results.

    Raises:
        ConfigError: it is, or there is no certificate.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from problem
    if key_id(load(data, str(path))[0]) == device_kid:
        raise ConfigError(
            f"{path}: its key is keys.device_key as well; results and TLS need two, so"
            " that each can be replaced alone"
        )


def refuse_own_ca(
    chain: list[x509.Certificate],
    *,
    issuers: list[x509.Certificate],
    brokers: list[x509.Certificate],
    where: str,
) -> None:
    """See that whom we believe to be a broker is vouched for by another CA than we are.

    Args:
        chain: ours, then what leads to an issuer.
        issuers: whose word for terminals we were told to take.
        brokers: whose word for brokers we are to take.
        where: the file that holds those.

    Raises:
        ConfigError: one of them leads to our own certificate too, so that any other
            terminal could pass for the broker.
    """
    one: x509.Certificate | None = chain[0]
    for _ in range(DEEPEST + 1):
        if one is None:
            return
        if _issuer_of(one, brokers) or set(brokers) & set(issuers):
            raise ConfigError(
                f"{where}: this CA vouches for terminals too, so each could pass for"
                " the broker; --broker-ca: give the CA that issues to brokers, alone"
            )
        one = _issuer_of(one, [*chain[1:], *issuers])


def common_names(cert: x509.Certificate) -> list[str]:
    """Return the common names of a certificate."""
    names = cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [str(one.value) for one in names]


def _check_issuer(
    chain: list[x509.Certificate], issuers: list[x509.Certificate], now: datetime
) -> None:
    """Walk from ours to an issuer that we were told, over what came with it."""
    one = chain[0]
    for _ in range(DEEPEST):
        if (told := _issuer_of(one, issuers)) is not None:
            _check_dates(told, now)
            return
        between = _issuer_of(one, chain[1:])
        if between is None:
            break
        _check_dates(between, now)
        one = between
    raise ConfigError(
        "the certificate was not issued by the CA that --issuer names: take the one"
        " from your carrier, or its right CA"
    )


def _issuer_of(
    one: x509.Certificate, among: list[x509.Certificate]
) -> x509.Certificate | None:
    for other in among:
        try:
            one.verify_directly_issued_by(other)
        except (*_BROKEN, InvalidSignature):
            continue
        if _is_ca(other):
            return other
    return None


def _is_ca(cert: x509.Certificate) -> bool:
    try:
        basic = cert.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return basic.ca


def _check_dates(cert: x509.Certificate, now: datetime) -> None:
    begins, ends = cert.not_valid_before_utc, cert.not_valid_after_utc
    whose = " and ".join(common_names(cert)) or "nobody"
    if now > ends:
        raise ConfigError(
            f"the certificate of {whose} ended on {ends:%Y-%m-%d}: ask for a new one"
        )
    if now < begins:
        raise ConfigError(
            f"the certificate of {whose} begins only on {begins:%Y-%m-%d}, and this"
            f" machine's clock says {now:%Y-%m-%d}: set the clock, or ask for one that"
            " begins earlier"
        )


def _check_usage(cert: x509.Certificate) -> None:
    """4.2.1.12; without the extension it may be used for all, which we do not take."""
    try:
        usage = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        raise ConfigError(
            "the certificate is not for a client (extended key usage clientAuth): ask"
            " for one that is"
        )
