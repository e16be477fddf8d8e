"""A key for one visit opens what is sealed to it, and nothing else."""

import pytest

from likeness.core import jws
from likeness.edges import sealer
from likeness.edges.visit_key import EphemeralKey
from likeness.errors import Untrusted


def sealed_to(key: EphemeralKey, data: bytes = b"numbers") -> bytes:
    public = key.public
    jwk = {name: getattr(public, name) for name in ("kty", "crv", "x", "y", "kid")}
    return sealer.seal_to(jwk, data).encode()


def test_it_opens_what_is_sealed_to_it() -> None:
    key = EphemeralKey()
    assert key.open(sealed_to(key)) == b"numbers"


def test_each_visit_has_its_own() -> None:
    one, other = EphemeralKey(), EphemeralKey()
    assert one.public.kid != other.public.kid
    with pytest.raises(Untrusted, match="does not open"):
        other.open(sealed_to(one))


@pytest.mark.parametrize(
    "noise", [b"", b"x", b"a.b.c.d.e", b"\xff" * 9, b"A" * (jws.MAX_TOKEN_BYTES + 1)]
)
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(Untrusted):
        EphemeralKey().open(noise)


def test_a_large_one_is_not_even_decoded() -> None:
    key = EphemeralKey()
    with pytest.raises(Untrusted, match="at most 16384 are read"):
        key.open(sealed_to(key, b"x" * 20_000))
