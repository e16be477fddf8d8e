import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import jws
from likeness.errors import Untrusted

TYPES = ("likeness-result+jws",)


def token(header: object, payload: bytes = b"{}", signature: bytes = b"s" * 64) -> str:
    text = header if isinstance(header, str) else json.dumps(header)
    return ".".join(map(jws.encode, (text.encode(), payload, signature)))


GOOD = {"alg": "ES256", "kid": "k", "typ": TYPES[0]}


@given(st.binary(max_size=200))
def test_what_is_built_is_taken_apart_again(payload: bytes) -> None:
    signed: list[bytes] = []

    def sign(data: bytes) -> bytes:
        signed.append(data)
        return b"r" * 32 + b"s" * 32

    made = jws.compact(payload, alg="ES256", kid="k1", typ=TYPES[0], sign=sign)
    parsed = jws.parse(made, types=TYPES)
    assert parsed.payload == payload
    assert parsed.kid == "k1"
    assert [parsed.signing_input] == signed
    assert made.encode().startswith(parsed.signing_input)


def test_the_example_of_the_standard() -> None:
    """RFC 7515, appendix A.3: the signing input of an ES256 token."""
    header = base64.urlsafe_b64encode(b'{"alg":"ES256"}').rstrip(b"=")
    assert header == b"eyJhbGciOiJFUzI1NiJ9"
    assert jws.decode("eyJhbGciOiJFUzI1NiJ9") == b'{"alg":"ES256"}'


@pytest.mark.parametrize(
    "header",
    [
        {**GOOD, "alg": "none"},
        {**GOOD, "alg": "HS256"},
        {**GOOD, "typ": "likeness-receipt+jws"},
        {**GOOD, "crit": ["x"]},
        {**GOOD, "jwk": {}},
        {**GOOD, "jku": "https://example.org/keys"},
        {**GOOD, "b64": False},
        {"alg": "ES256", "typ": TYPES[0]},
        {**GOOD, "kid": 5},
        '{"alg":"ES256","alg":"ES256","kid":"k","typ":"likeness-result+jws"}',
        "[]",
        "not json",
        "[" * 5000,
    ],
)
def test_any_other_header_is_refused(header: object) -> None:
    assert jws.parse(token(GOOD), types=TYPES).kid == "k"
    with pytest.raises(Untrusted):
        jws.parse(token(header), types=TYPES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        token(GOOD) + ".x",
        token(GOOD) + "=",
        token(GOOD) + "\n",
        token(GOOD).replace(".", ". ", 1),
        token(GOOD, signature=b"s" * 63),
        token(GOOD, signature=b"s" * 72),
        token(GOOD, payload=b"x" * jws.MAX_TOKEN_BYTES),
        "\u00e9" + token(GOOD),
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    for form in (text, text.encode()):
        with pytest.raises(Untrusted):
            jws.parse(form, types=TYPES)


@given(st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else(noise: bytes) -> None:
    with pytest.raises(Untrusted):
        jws.parse(noise, types=TYPES)


def test_base64url_has_one_form_only() -> None:
    assert jws.decode("QQ") == b"A"
    for other in ("QR", "QQ==", "Q", "Q+", "Q/", "QQ\n"):
        with pytest.raises(Untrusted):
            jws.decode(other)


def test_the_hash_of_the_chain_leaves_the_signature_out() -> None:
    one, other = token(GOOD, signature=b"1" * 64), token(GOOD, signature=b"2" * 64)
    assert jws.chain_hash(one) == jws.chain_hash(other.encode())
    assert jws.chain_hash(one) != jws.chain_hash(token(GOOD, payload=b'{"a":1}'))
