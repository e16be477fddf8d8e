"""A sealed file opens whole with its own key, and in no other way."""

import io
import itertools
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey

from likeness.edges import key_files
from likeness.edges.sealer import seal_to
from likeness.errors import Untrusted
from likeness.recording import sealed

KEY = ec.generate_private_key(ec.SECP256R1())
JWK = key_files.public_jwk(KEY.public_key())
PIECE = sealed.PIECE_BYTES
LONG = bytes(range(256)) * (PIECE // 100)  # two pieces and a little


def lines(data: bytes = LONG) -> list[bytes]:
    return list(sealed.seal([data], JWK))


def opened(some: list[bytes], key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    return b"".join(sealed.opened(io.BytesIO(b"".join(some)), key))


@pytest.mark.parametrize(
    "size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 100_000]
)
def test_what_was_sealed_comes_back(size: int) -> None:
    data = (LONG * 2)[:size]
    assert opened(lines(data)) == data


@given(st.lists(st.binary(max_size=50), max_size=6))
def test_parts_make_no_difference(parts: list[bytes]) -> None:
    assert opened(list(sealed.seal(parts, JWK))) == b"".join(parts)


def test_each_line_is_a_jwe_that_any_library_opens() -> None:
    for line in lines():
        plain = jwe.decrypt_compact(line.decode().strip(), ECKey.import_key(KEY))
        assert plain.plaintext is not None
        assert plain.plaintext.startswith(sealed.KIND)
        assert plain.headers()["kid"] == JWK["kid"]


def test_nothing_of_it_stands_in_clear() -> None:
    whole = b"".join(lines(b"a face " * 1000))
    assert b"a face" not in whole


def test_pieces_are_sealed_as_they_come() -> None:
    endless = itertools.repeat(bytes(PIECE))
    assert next(sealed.seal(endless, JWK))  # and the rest was never made


def other_stream() -> bytes:
    return lines()[1]


DAMAGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "nothing": (lambda _all: [], "empty"),
    "a letter": (lambda _all: [b"Dear bench\n"], "no sealed recording"),
    "cut between lines": (lambda all_: all_[:-1], "cut off"),
    "cut within a line": (lambda all_: [*all_[:-1], all_[-1][:-9]], "cut off"),
    "cut at the first": (lambda all_: [all_[0][:500]], "no sealed recording"),
    "a piece left out": (lambda all_: [all_[0], all_[2]], "missing"),
    "two swapped": (lambda all_: [all_[1], all_[0], all_[2]], "missing"),
    "one twice": (lambda all_: [all_[0], all_[0], *all_[1:]], "missing"),
    "one of another": (lambda all_: [all_[0], other_stream(), all_[2]], "missing"),
    "something added": (lambda all_: [*all_, all_[0]], "added"),
    "a sign changed": (
        lambda all_: [all_[0][:-40] + b"AAAA" + all_[0][-36:], *all_[1:]],
        "altered",
    ),
    "another end": (lambda all_: [*all_[:-1], b"\xff\n"], "altered"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_is_done_to_it_is_said(damage: str) -> None:
    change, words = DAMAGES[damage]
    whole = lines()
    assert len(whole) == 3
    with pytest.raises(Untrusted, match=words):
        opened(change(whole))


def test_another_key_is_told_by_name() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(Untrusted, match=f"for another key, '{JWK['kid']}'"):
        opened(lines(), other)


@pytest.mark.parametrize("plain", [b"short", b"x" * 500])
def test_another_sealed_thing_is_no_recording(plain: bytes) -> None:
    token = seal_to(JWK, plain).encode() + b"\n"
    with pytest.raises(Untrusted, match="no recording of this version"):
        opened([token])
