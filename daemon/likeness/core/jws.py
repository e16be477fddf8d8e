"""JWS in compact form (RFC 7515), without the cryptography: build, take apart, hash.

Strict on purpose: one size limit, the three header members that we use and no other
(so no `crit`, `jwk`, `jku`, `b64`), canonical base64url, no member twice. Leaves to
others: signing, checking a signature, what the claims mean.
"""

import binascii
import hashlib
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from likeness.errors import Untrusted

ES256 = "ES256"  # RFC 7518, 3.4
SIGNATURE_BYTES = 64  # r ‖ s, 32 bytes each
# The brokers in the field take messages of at most 16 KiB; a result has some 2 KiB.
MAX_TOKEN_BYTES = 16_384
_NUL = b"\\u0000"
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
_HEADER_MEMBERS = {"alg", "kid", "typ"}
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*\Z")
# Whoever reads the tokens of a fleet sees the same headers again and again: a device
# has one for each type. No more are remembered, whatever comes.
HEADERS_AT_MOST = 32_768


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token taken apart; nothing in it is to be believed yet."""

    alg: str
    kid: str
    typ: str
    payload: bytes
    signing_input: bytes
    signature: bytes


def encode(data: bytes) -> str:
    """Return base64url without padding (RFC 7515, 2)."""
    return _encoded(data).decode("ascii")


def _encoded(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")


def decode(text: str) -> bytes:
    """Read base64url without padding.

    Raises:
        Untrusted: a foreign character, padding, or bits left over at the end.
    """
    try:
        given = text.encode("ascii")
        padding = b"=" * (-len(given) % 4)
        data = binascii.a2b_base64(given.translate(_FROM_URL) + padding)
    except ValueError as problem:  # binascii.Error and UnicodeError are ValueErrors
        raise Untrusted("not base64url") from problem
    if _encoded(data) != given:  # also with any foreign sign: those are passed over
        strange = not _ALPHABET.match(text)
        why = "not base64url" if strange else "base64url with bits left over"
        raise Untrusted(why)
    return data


def signing_input(payload: bytes, *, alg: str, kid: str, typ: str) -> bytes:
    """Return the bytes that are signed (RFC 7515, 5.1)."""
    return f"{_own_header(alg, kid, typ)}.{encode(payload)}".encode("ascii")


@lru_cache(maxsize=64)  # of the few keys of one's own
def _own_header(alg: str, kid: str, typ: str) -> str:
    header = {"alg": alg, "kid": kid, "typ": typ}
    return encode(json.dumps(header, separators=(",", ":")).encode())


def compact(
    payload: bytes, *, alg: str, kid: str, typ: str, sign: Callable[[bytes], bytes]
) -> str:
    """Sign a payload and return the whole token."""
    signed = signing_input(payload, alg=alg, kid=kid, typ=typ)
    return f"{signed.decode('ascii')}.{encode(sign(signed))}"


def parse(token: str | bytes, *, types: Collection[str]) -> Unverified:
    """Take a token apart.

    Raises:
        Untrusted: too large, not three parts, a header that is not exactly ours, a
            type that is not in `types`, or a signature of the wrong length.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise Untrusted(f"{len(token)} bytes, at most {MAX_TOKEN_BYTES} are read")
    parts = _ascii(token).split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        raise Untrusted("not a JWS of three parts")
    alg, kid, typ = _header(parts[0])
    if alg != ES256:
        raise Untrusted("the algorithm is not ES256")
    if typ not in types:
        raise Untrusted("a type that is not expected here")
    signature = decode(parts[2])
    if len(signature) != SIGNATURE_BYTES:
        raise Untrusted(f"a signature of {len(signature)} bytes")
    return Unverified(
        alg=alg,
        kid=kid,
        typ=typ,
        payload=decode(parts[1]),
        signing_input=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=signature,
    )


def chain_hash(token: str | bytes) -> str:
    """Return base64url SHA-256 of a token's signing input.

    The signature is left out: whoever has one ECDSA signature can make a second one
    that is good as well (s and n - s), and would fork the chain by it.
    """
    text = token if isinstance(token, bytes) else token.encode("ascii", "replace")
    return hash_of(text.rpartition(b".")[0])


def hash_of(signing_input: bytes) -> str:
    """Return the same of a signing input."""
    return encode(hashlib.sha256(signing_input).digest())


def load_object(data: bytes) -> dict[str, Any]:
    """Read a JSON object that names no member twice.

    Raises:
        Untrusted: not UTF-8, not JSON, not an object, a member twice, or a text with
            NUL, which no text of ours has and not every database can keep.
    """
    if _NUL in data:
        raise Untrusted("a text with NUL")
    if (quickly := _load_ours(data)) is not None:
        return quickly
    try:
        value = _JSON.decode(data.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise Untrusted("not JSON") from problem
    if not isinstance(value, dict):
        raise Untrusted("not a JSON object")
    return value


def _load_ours(data: bytes) -> dict[str, Any] | None:
    """Read an object that is written as we write: a tenth of the time; else None.

    Written again it has each member once. If that is what we were given, so has that.
    """
    try:
        value = msgspec.json.decode(data)
        same = isinstance(value, dict) and msgspec.json.encode(value) == data
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None
    return value if same else None


def _no_member_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Untrusted("a JSON member twice")
    return value


# Made once: to make it costs as much as to read a small object.
_JSON = json.JSONDecoder(object_pairs_hook=_no_member_twice)


def _ascii(token: str | bytes) -> str:
    try:
        text = token.decode("ascii") if isinstance(token, bytes) else token
    except UnicodeError as problem:
        raise Untrusted("not ASCII") from problem
    if not text.isascii():
        raise Untrusted("not ASCII")
    return text


@lru_cache(maxsize=HEADERS_AT_MOST)
def _header(part: str) -> tuple[str, str, str]:
    """Read a header; return `alg`, `kid` and `typ`."""
    header = load_object(decode(part))
    if set(header) != _HEADER_MEMBERS:
        raise Untrusted("the header is not exactly alg, kid, typ")
    values = header.values()
    if not all(isinstance(value, str) and value.isascii() for value in values):
        raise Untrusted("a header member that is not plain text")
    return header["alg"], header["kid"], header["typ"]
