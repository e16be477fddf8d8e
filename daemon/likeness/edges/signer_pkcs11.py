"""Signs with a P-256 key that stays in a token, through its PKCS#11 module.

For a TPM 2.0 (tpm2-pkcs11), a secure element (cryptoauthlib's ATECC608) or SoftHSM in
tests; mechanism CKM_ECDSA over our own SHA-256, the one that all of them have. The
module is opened anew when a signature fails, so that a token that was pulled out and
put back serves again. Leaves to others: what is signed; `core.pkcs11_uri` reads the
configured name.

The sessions of a module belong to the whole process, and a signature takes two calls;
results are signed on the store's thread and questions on the loop: hence the one lock.
"""

import hashlib
import threading
from typing import Protocol

import pkcs11
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, PKCS11Error
from pkcs11.util.ec import encode_named_curve_parameters

from likeness.core import jws
from likeness.core.pkcs11_uri import Pkcs11Uri
from likeness.edges import credentials, key_files
from likeness.errors import ConfigError, KeyLost

P256 = "1.2.840.10045.3.1.7"  # SEC 2, A.2
UNCOMPRESSED = 4  # SEC 1, 2.3.3: 04 ‖ x ‖ y
POINT_BYTES = 65
LONGEST_PIN = 255
# What a module calls itself (C_GetInfo, libraryDescription) → what its keys live in.
# SoftHSM and all others stay "pkcs11": a token, but nothing says that it is hardware.
TIERS = {"TPM2": "tpm2", "Cryptoauthlib": "secure_element"}
OTHER_TIER = "pkcs11"

_modules = threading.Lock()


class _Module(Protocol):
    """What we use of a loaded module."""

    library_description: str

    def reinitialize(self) -> None:
        """Let go of all sessions and begin anew."""

    def get_token(
        self, *, token_label: str | None, token_serial: bytes | None
    ) -> pkcs11.Token:
        """Find the one token."""


class Pkcs11Signer:
    """`Signer` of `service.ports_carrier`, ES256."""

    alg = jws.ES256

    def __init__(self, uri: Pkcs11Uri) -> None:
        """Find the key and try it.

        Raises:
            ConfigError: the module, token, PIN or key is not there, or the key could
                be copied out of the token.
        """
        self._uri = uri
        with _modules:
            self._library = _library(uri)
            self._key: pkcs11.SignMixin | None = None
            try:
                session = _session(self._library, uri)
                self._key = _private_key(session, uri)
                public = _public_key(session, uri)
                self._refuse_what_can_be_copied(self._key)
                _refuse_a_strange_pair(self._key, public, uri)
            except PKCS11Error as problem:
                raise ConfigError(
                    f"{_where(uri)}: the token says {_plain(problem)}"
                ) from problem
        self._jwk = key_files.public_jwk(public)
        self.key_tier = tier_of(self._library.library_description)

    @property
    def kid(self) -> str:
        """Thumbprint of the public key."""
        return self._jwk["kid"]

    def public_jwk(self) -> dict[str, str]:
        """Return the public key."""
        return dict(self._jwk)

    def sign(self, data: bytes) -> bytes:
        """Return r ‖ s, each 32 bytes, big-endian.

        Raises:
            KeyLost: the token does not sign; the next call opens it anew.
        """
        with _modules:
            try:
                if self._key is None:
                    self._library.reinitialize()
                    session = _session(self._library, self._uri)
                    self._key = _private_key(session, self._uri)
                return _sign(self._key, data)
            except (PKCS11Error, ConfigError) as problem:
                self._key = None
                why = (
                    str(problem)
                    if isinstance(problem, ConfigError)
                    else f"{_where(self._uri)}: the token says {_plain(problem)}"
                )
                raise KeyLost(
                    f"nothing can be signed: {why}; put the token back, or see"
                    " 'likeness doctor'"
                ) from problem

    def _refuse_what_can_be_copied(self, key: pkcs11.SignMixin) -> None:
        if key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]:
            raise ConfigError(
                f"{_where(self._uri)}: this key can be copied out of its token; make"
                " one in the token with 'likeness provision make'"
            )


def make_key(uri: Pkcs11Uri) -> None:
    """Make a key in the token, that never leaves it; never overwrite one.

    Raises:
        ConfigError: the module, token or PIN is not there, the token cannot make the
            key, or one of this name exists.
    """
    if not uri.object:
        raise ConfigError(f"{_where(uri)}: a new key needs a name; give 'object'")
    with _modules:
        library = _library(uri)
        try:
            session = _session(library, uri, write=True)
            try:
                _make_key(session, uri)
            finally:
                session.close()
        except PKCS11Error as problem:
            raise ConfigError(
                f"{_where(uri)}: no key can be made: the token says {_plain(problem)}"
            ) from problem


def tier_of(description: str) -> str:
    """Return what a module's keys live in, as far as its own name tells."""
    for word, tier in TIERS.items():
        if word.lower() in description.lower():
            return tier
    return OTHER_TIER


def _make_key(session: pkcs11.Session, uri: Pkcs11Uri) -> None:
    taken = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: uri.object}
    if any(True for _ in session.get_objects(taken)):
        raise ConfigError(
            f"{_where(uri)}: this key is here already; no key is ever overwritten"
        )
    curve = session.create_domain_parameters(
        KeyType.EC,
        {Attribute.EC_PARAMS: encode_named_curve_parameters(P256)},
        local=True,
    )
    curve.generate_keypair(
        store=True,
        label=uri.object,
        id=uri.id or hashlib.sha256(uri.object.encode()).digest()[:8],
        private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
    )


def _library(uri: Pkcs11Uri) -> _Module:
    try:
        module: _Module = pkcs11.lib(uri.module_path)
    except PKCS11Error as problem:
        raise ConfigError(
            f"{uri.module_path}: not a PKCS#11 module that can be loaded; install the"
            " token's package, or mend 'module-path'"
        ) from problem
    return module


def _session(
    library: _Module, uri: Pkcs11Uri, *, write: bool = False
) -> pkcs11.Session:
    try:
        token = library.get_token(
            token_label=uri.token or None, token_serial=uri.serial.encode() or None
        )
    except (pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned) as problem:
        many = isinstance(problem, pkcs11.MultipleTokensReturned)
        raise ConfigError(
            f"{_where(uri)}: {'more than one' if many else 'no'} such token is here;"
            " plug it in, or mend 'token' and 'serial'"
        ) from problem
    try:
        return token.open(rw=write, user_pin=_pin(uri))
    except pkcs11.UserAlreadyLoggedIn:  # by another key of ours in this process
        return token.open(rw=write)
    except pkcs11.PinLocked as problem:
        raise ConfigError(
            f"{_where(uri)}: the token's PIN is locked; unlock it with its SO PIN"
        ) from problem
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as problem:
        raise ConfigError(
            f"{_where(uri)}: the PIN in {uri.pin_source} is wrong; mend it before the"
            " token locks itself"
        ) from problem


def _pin(uri: Pkcs11Uri) -> str:
    path = credentials.path_of(uri.pin_source)
    data = key_files.read_secret(path, "PIN").strip()
    try:
        pin = data.decode("ascii")
    except UnicodeDecodeError:
        pin = ""
    if not pin or len(pin) > LONGEST_PIN or not pin.isprintable():
        raise ConfigError(f"{path}: not a PIN: one line of printable ASCII")
    return pin


def _private_key(session: pkcs11.Session, uri: Pkcs11Uri) -> pkcs11.SignMixin:
    key = _find(session, uri, ObjectClass.PRIVATE_KEY)
    if not isinstance(key, pkcs11.SignMixin):
        raise ConfigError(f"{_where(uri)}: not a key that signs")
    return key


def _public_key(session: pkcs11.Session, uri: Pkcs11Uri) -> ec.EllipticCurvePublicKey:
    point = _find(session, uri, ObjectClass.PUBLIC_KEY)[Attribute.EC_POINT]
    # By the standard an OCTET STRING around the point; some modules leave it out.
    if len(point) == POINT_BYTES + 2 and point[:2] == bytes((4, POINT_BYTES)):
        point = point[2:]
    if len(point) != POINT_BYTES or point[0] != UNCOMPRESSED:
        raise ConfigError(f"{_where(uri)}: not a P-256 key; ES256 needs one")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as problem:
        raise ConfigError(
            f"{_where(uri)}: not a P-256 key; ES256 needs one"
        ) from problem


def _find(session: pkcs11.Session, uri: Pkcs11Uri, kind: ObjectClass) -> pkcs11.Key:
    try:
        return session.get_key(
            object_class=kind,
            key_type=KeyType.EC,
            label=uri.object or None,
            id=uri.id or None,
        )
    except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned) as problem:
        many = isinstance(problem, pkcs11.MultipleObjectsReturned)
        half = "private" if kind is ObjectClass.PRIVATE_KEY else "public"
        raise ConfigError(
            f"{_where(uri)}: the token holds {'more than one' if many else 'no'} such"
            f" {half} EC key; make it with 'likeness provision make', or mend 'object'"
            " and 'id'"
        ) from problem


def _sign(key: pkcs11.SignMixin, data: bytes) -> bytes:
    signature = key.sign(hashlib.sha256(data).digest(), mechanism=Mechanism.ECDSA)
    return bytes(signature)


def _refuse_a_strange_pair(
    key: pkcs11.SignMixin, public: ec.EllipticCurvePublicKey, uri: Pkcs11Uri
) -> None:
    """Two objects of one name need not belong together; a signature tells."""
    trial = b"likeness: is this public key yours?"
    half = jws.SIGNATURE_BYTES // 2
    signature = _sign(key, trial)
    r, s = (int.from_bytes(n, "big") for n in (signature[:half], signature[half:]))
    der = utils.encode_dss_signature(r, s)
    try:
        public.verify(der, trial, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as problem:
        raise ConfigError(
            f"{_where(uri)}: private and public key of this name are no pair; name"
            " the key by 'id'"
        ) from problem


def _where(uri: Pkcs11Uri) -> str:
    return f"token '{uri.token or uri.serial}', key '{uri.object or uri.id.hex()}'"


def _plain(problem: PKCS11Error) -> str:
    return str(problem) or type(problem).__name__
