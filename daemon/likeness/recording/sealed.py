"""Seals a stream for one public key, piece by piece, and opens it again.

A sealed file is text: one compact JWE (RFC 7516) a line, each made as results seal a
person (edges/sealer.py), so that any JOSE library opens them and no memory holds more
than a piece. In each stands, before its bytes: what kind of file this is, which stream
it belongs to, its place, and whether it is the last. So no piece can be left out, put
elsewhere or taken from another file unseen. Who made it is not said: whoever has the
public key can seal. Leaves to others: what the bytes are.
"""

import secrets
import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric import ec

from likeness.core import jws
from likeness.edges import key_files
from likeness.edges.sealer import open_sealed, seal_to
from likeness.errors import Untrusted

KIND = b"likeness.visit.1"
HEAD = struct.Struct(">16s16sIB")  # kind, stream, place from 0, whether it is the last
STREAM_BYTES = 16
# joserfc takes no ciphertext whose base64 is above 64 KiB; nor need others take more.
PIECE_BYTES = 45_000
LONGEST_LINE = 1 << 18
MOST_PIECES = 1 << 32


def seal(parts: Iterable[bytes], jwk: key_files.Jwk) -> Iterator[bytes]:
    """Give the sealed file's lines, one by one, as the parts are taken.

    Args:
        parts: of the stream, of any length.
        jwk: a public P-256 key with its `kid`.
    """
    stream = secrets.token_bytes(STREAM_BYTES)
    place, waiting = 0, bytearray()
    for part in parts:
        for start in range(0, len(part), PIECE_BYTES):
            waiting += part[start : start + PIECE_BYTES]
            while len(waiting) > PIECE_BYTES:  # one is kept back: it may be the last
                yield _line(jwk, stream, place, bytes(waiting[:PIECE_BYTES]))
                del waiting[:PIECE_BYTES]
                place += 1
    yield _line(jwk, stream, place, bytes(waiting), is_last=True)
    waiting[:] = bytes(len(waiting))


def opened(file: BinaryIO, key: ec.EllipticCurvePrivateKey) -> Iterator[bytes]:
    """Give what was sealed, piece by piece; whole only when it has ended by itself.

    Raises:
        Untrusted: sealed for another key, altered, cut off, or no sealed recording; it
            says which.
    """
    kid = key_files.public_jwk(key.public_key())["kid"]
    stream, place, is_last = b"", 0, False
    while line := file.readline(LONGEST_LINE):
        if is_last:
            raise Untrusted("something was added at its end")
        kind, its_stream, its_place, last, data = _piece(
            line, key, kid, first=not place
        )
        if kind != KIND:
            raise Untrusted("it is sealed, and no recording of this version")
        if (its_stream, its_place) != (stream or its_stream, place):
            raise Untrusted(f"piece {place} is missing, or stands elsewhere")
        stream, place, is_last = its_stream, place + 1, bool(last)
        yield data
    if not is_last:
        raise Untrusted("it is cut off" if place else "it is empty")


def _line(
    jwk: key_files.Jwk, stream: bytes, place: int, data: bytes, *, is_last: bool = False
) -> bytes:
    head = HEAD.pack(KIND, stream, place, is_last)
    return seal_to(jwk, head + data).encode() + b"\n"


def _piece(
    line: bytes, key: ec.EllipticCurvePrivateKey, kid: str, *, first: bool
) -> tuple[bytes, bytes, int, int, bytes]:
    """Return the kind, stream, place and end mark of one line, and its bytes."""
    if not line.endswith(b"\n"):
        raise Untrusted("it is cut off" if not first else "it is no sealed recording")
    try:
        token = line[:-1].decode("ascii")
        named = jws.load_object(jws.decode(token.partition(".")[0])).get("kid")
    except (UnicodeDecodeError, Untrusted) as problem:
        what = "it is no sealed recording" if first else "it was altered"
        raise Untrusted(what) from problem
    if named != kid and first:
        raise Untrusted(f"it is sealed for another key, '{str(named)[:64]}'")
    try:
        whole = open_sealed(token, key)
    except Untrusted as problem:
        raise Untrusted("it was altered") from problem
    if len(whole) < HEAD.size:
        raise Untrusted("it is sealed, and no recording of this version")
    kind, stream, place, last = HEAD.unpack_from(whole)
    return kind, stream, place, last, whole[HEAD.size :]
