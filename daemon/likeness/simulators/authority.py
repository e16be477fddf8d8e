"""A small certificate authority for bench and tests: a root, and one CA per kind.

    FOLDER/root.pem                        the anchor
    FOLDER/device-ca.pem carrier-ca.pem server-ca.pem
    FOLDER/devices.pem carriers.pem        a CA with the root: a broker's `cafile`
    FOLDER/devices-crl.pem carriers-crl.pem  what is revoked: a broker's `crlfile`
    FOLDER/issued/NAME.pem NAME.key        what `make` gave out, the CA after the leaf

One CA for each kind, so that whoever issues to terminals can make no carrier and no
broker. All keys lie here in clear: never a field's authority. Certificates begin long
ago, for terminals that start without a clock. Leaves to others: who deserves one.
"""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from likeness.errors import UsageError

ROOT = "root"
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
CA_GOOD_FOR = 20 * YEAR
LEAF_GOOD_FOR = 5 * YEAR

_PEM = serialization.Encoding.PEM


class Kind(StrEnum):
    """Whom a certificate is for; the value names the CA that issues it."""

    DEVICE = "device-ca"
    CARRIER = "carrier-ca"
    SERVER = "server-ca"

    @property
    def usage(self) -> x509.ObjectIdentifier:
        """What its holder may be in TLS (RFC 5280, 4.2.1.12)."""
        if self is Kind.SERVER:
            return ExtendedKeyUsageOID.SERVER_AUTH
        return ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, slots=True)
class Issued:
    """Where a certificate with its CA, and its key, were written."""

    cert: Path
    key: Path


class Authority:
    """Issues and revokes; everything is kept in one folder."""

    def __init__(self, folder: Path) -> None:
        """Open the authority in this folder, or make one.

        Raises:
            UsageError: the folder cannot be written.
        """
        self.folder = folder
        if self.carriers_crl.exists():  # written last
            return
        try:
            (folder / "issued").mkdir(parents=True, exist_ok=True)
            self._make_cas()
        except OSError as problem:
            raise UsageError(
                f"{folder}: cannot be written: {problem.strerror}"
            ) from problem

    @property
    def root(self) -> Path:
        """The root's certificate."""
        return self._file(ROOT, "pem")

    @property
    def devices(self) -> Path:
        """What a broker must trust to let terminals in."""
        return self._file("devices", "pem")

    @property
    def carriers(self) -> Path:
        """What a broker must trust to let the carrier's programs in."""
        return self._file("carriers", "pem")

    @property
    def servers(self) -> Path:
        """What a client must trust to know a broker: the server CA alone."""
        return self.ca(Kind.SERVER)

    @property
    def devices_crl(self) -> Path:
        """What is revoked by the root and by the terminals' CA.

        A chain over another CA of this root is refused for want of that CA's list: this
        is what keeps the doors of terminals and carriers apart.
        """
        return self._file("devices-crl", "pem")

    @property
    def carriers_crl(self) -> Path:
        """The same for the carrier's programs."""
        return self._file("carriers-crl", "pem")

    def ca(self, kind: Kind) -> Path:
        """One CA's certificate."""
        return self._file(kind, "pem")

    def make(
        self,
        name: str,
        kind: Kind,
        *,
        hosts: tuple[str, ...] = (),
        begin: datetime = BEGIN,
        end: datetime | None = None,
        common_name: str = "",
    ) -> Issued:
        """Make a key and its certificate; an earlier one of this name is replaced.

        Args:
            name: of the files, and the common name unless that is given.
            kind: whom it is for.
            hosts: a broker's names or addresses.
            begin: from when it is good.
            end: until when; not given, five years from now.
            common_name: what the certificate says, where no file may be named so.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(_name(common_name or name))
            .sign(key, hashes.SHA256())
        )
        issued = self.folder / "issued"
        cert, path = issued / f"{name}.pem", issued / f"{name}.key"
        _write_key(path, key)
        pem = request.public_bytes(_PEM)
        cert.write_bytes(self.issue(pem, kind, hosts=hosts, begin=begin, end=end))
        return Issued(cert, path)

    def issue(
        self,
        request: bytes,
        kind: Kind,
        *,
        name: str = "",
        hosts: tuple[str, ...] = (),
        begin: datetime = BEGIN,
        end: datetime | None = None,
    ) -> bytes:
        """Answer a signing request (PEM, PKCS#10): the certificate, then its CA.

        Only name and key are taken from the request; what the certificate may be used
        for is ours to say. `name`, if given, must be the common name asked for.

        Raises:
            UsageError: not a request, not signed by its own key, or for another name.
        """
        try:
            asked = x509.load_pem_x509_csr(request)
        except ValueError as problem:
            raise UsageError("not a signing request in PEM") from problem
        if not asked.is_signature_valid:
            raise UsageError("the signing request is not signed by its own key")
        if name and asked.subject != _name(name):
            said = asked.subject.rfc4514_string()
            raise UsageError(f"the signing request is for {said}, not for CN={name}")
        ca, key = self._load(kind)
        builder = (
            _builder(asked.subject, asked.public_key(), ca.subject)
            .not_valid_before(begin)
            .not_valid_after(end or _now() + LEAF_GOOD_FOR)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(_usage(leaf=True), True)
            .add_extension(x509.ExtendedKeyUsage([kind.usage]), False)
            .add_extension(_issued_by(ca), False)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_host(one) for one in hosts])
            builder = builder.add_extension(names, False)
        leaf = builder.sign(key, hashes.SHA256())
        return leaf.public_bytes(_PEM) + ca.public_bytes(_PEM)

    def revoke(self, cert: Path) -> None:
        """Revoke a file's first certificate; brokers must read their list again."""
        try:
            leaf = x509.load_pem_x509_certificate(cert.read_bytes())
        except ValueError as problem:
            raise UsageError(f"{cert}: holds no certificate in PEM") from problem
        if not any(_has_issued(self._load(kind)[0], leaf) for kind in Kind):
            raise UsageError(f"{cert}: this authority has not issued it")
        self.renew_crls(revoked=leaf)

    def renew_crls(
        self, revoked: x509.Certificate | None = None, *, end: datetime | None = None
    ) -> None:
        """Write the lists anew, good until `end`; an old one keeps everybody out."""
        for name in (ROOT, Kind.DEVICE, Kind.CARRIER):
            ca, key = self._load(name)
            path = self._file(name, "crl")
            builder = (
                x509.CertificateRevocationListBuilder()
                .issuer_name(ca.subject)
                .last_update(BEGIN)
                .next_update(end or _now() + YEAR)
            )
            before = (
                list(x509.load_pem_x509_crl(path.read_bytes())) if path.exists() else []
            )
            for entry in before:
                builder = builder.add_revoked_certificate(entry)
            if revoked is not None and revoked.issuer == ca.subject:
                builder = builder.add_revoked_certificate(
                    x509.RevokedCertificateBuilder()
                    .serial_number(revoked.serial_number)
                    .revocation_date(_now())
                    .build()
                )
            path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(_PEM))
        for kind, both in (
            (Kind.DEVICE, self.devices_crl),
            (Kind.CARRIER, self.carriers_crl),
        ):
            lists = [self._file(name, "crl").read_bytes() for name in (ROOT, kind)]
            both.write_bytes(b"".join(lists))

    # --- inside ---------------------------------------------------------------------
    def _make_cas(self) -> None:
        root_key = ec.generate_private_key(ec.SECP256R1())
        name = _name("likeness test root")
        self._write_ca(ROOT, root_key, name, root_key)
        for kind in Kind:
            self._write_ca(
                kind, root_key, name, ec.generate_private_key(ec.SECP256R1())
            )
        root = self.root.read_bytes()
        self.devices.write_bytes(self.ca(Kind.DEVICE).read_bytes() + root)
        self.carriers.write_bytes(self.ca(Kind.CARRIER).read_bytes() + root)
        self.renew_crls()

    def _write_ca(
        self,
        name: str,
        issuer_key: ec.EllipticCurvePrivateKey,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
    ) -> None:
        subject = issuer if name == ROOT else _name(f"likeness test {name}")
        deep = None if name == ROOT else 0  # a CA below the root makes no further CA
        cert = (
            _builder(subject, key.public_key(), issuer)
            .not_valid_before(BEGIN)
            .not_valid_after(BEGIN + CA_GOOD_FOR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=deep), True)
            .add_extension(_usage(leaf=False), True)
            .sign(issuer_key, hashes.SHA256())
        )
        _write_key(self._file(name, "key"), key)
        self._file(name, "pem").write_bytes(cert.public_bytes(_PEM))

    def _load(self, name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        cert = x509.load_pem_x509_certificate(self._file(name, "pem").read_bytes())
        pem = self._file(name, "key").read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we made it
        return cert, key

    def _file(self, name: str, kind: str) -> Path:
        return self.folder / f"{name}.{kind}"


def _now() -> datetime:
    return datetime.now(UTC)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ip_address(name))
    try:
        return x509.DNSName(name)
    except ValueError as problem:
        why = f"'{name}': neither a host name in ASCII nor an address"
        raise UsageError(why) from problem


def _builder(
    subject: x509.Name, key: object, issuer: x509.Name
) -> x509.CertificateBuilder:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise UsageError("the signing request's key is not an EC key; P-256 is right")
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )


def _has_issued(ca: x509.Certificate, leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _issued_by(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _usage(*, leaf: bool) -> x509.KeyUsage:
    """A leaf signs handshakes; a CA signs certificates and lists (4.2.1.3)."""
    return x509.KeyUsage(
        digital_signature=leaf,
        key_cert_sign=not leaf,
        crl_sign=not leaf,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            _PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
