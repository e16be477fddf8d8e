from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from likeness.carrier.verify import (
    BadRecord,
    Problem,
    check_quickly,
    check_signature,
    parse,
    place_of,
    verify,
)
from likeness.core import jws, messages
from likeness.core.chain import ChainHead
from likeness.core.vocabulary import Purpose
from results import EPOCH, Bench, bench, chain_of, result_at, signed


@pytest.fixture
def near(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def key_of(near: Bench) -> ECKey:
    return ECKey.import_key({**near.signer.public_jwk()})


def test_good_records(near: Bench) -> None:
    begins, result = (verify(token, key_of(near)) for token in chain_of(near, 1))
    assert isinstance(begins.claims, messages.EpochBegins)
    assert isinstance(result.claims, messages.Result)
    assert (begins.prev, result.prev) == ("", begins.hash)
    assert result.claims.iss == "shop-17"


def test_a_bad_signature_is_named(near: Bench, tmp_path: Path) -> None:
    token = chain_of(near, 1)[1]
    head, payload, signature = token.split(".")
    stranger = bench(tmp_path / "other")
    for bad, key in (
        (token, key_of(stranger)),
        (f"{head}.{payload}.{jws.encode(bytes(64))}", key_of(near)),
        (f"{head}.{jws.encode(b'{}')}.{signature}", key_of(near)),
    ):
        with pytest.raises(BadRecord) as caught:
            verify(bad, key)
        assert caught.value.problem is Problem.BAD_SIGNATURE


def test_what_is_no_record_is_malformed(near: Bench) -> None:
    head = ChainHead(EPOCH, 0, jws.encode(b"p" * 32))
    ask = near.notary.ask_visit(
        commitment=jws.encode(b"c" * 32),
        transaction="t",
        purpose=Purpose.NEW_NUMBER,
    )
    for token in (
        "",
        "a.b.c",
        ask,  # well signed, but no record
        result_at(near, head),  # a result in the epoch record's place
        signed(near, b"{}", messages.RESULT),
        signed(near, b'{"epoch":1}', messages.EPOCH),
    ):
        with pytest.raises(BadRecord) as caught:
            verify(token, key_of(near))
        assert caught.value.problem is Problem.MALFORMED


def test_the_place_of_a_record_that_cannot_be_read(near: Bench) -> None:
    claims = f'{{"epoch":"{EPOCH}","seq":3,"verdict":7}}'.encode()
    place = place_of(signed(near, claims, messages.RESULT))
    assert place is not None
    assert (place.epoch, place.seq) == (EPOCH, 3)
    assert place_of(signed(near, b"{}", messages.RESULT)) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 65), st.integers(1, 255), st.booleans())
def test_the_quick_check_agrees_with_the_other(
    near: Bench, at: int, flip: int, other: bool
) -> None:
    """Whichever byte of signature or payload is changed, and by whichever key."""
    key = ECKey.generate_key("P-256") if other else key_of(near)
    head, payload, signature = chain_of(near, 1)[1].split(".")
    if at < jws.SIGNATURE_BYTES:
        signature = _changed(signature, at, flip)
    elif at == jws.SIGNATURE_BYTES:
        payload = _changed(payload, -2, flip)
    token = f"{head}.{payload}.{signature}"

    def says(check: Callable[[], None]) -> Problem | None:
        try:
            check()
        except BadRecord as fault:
            return fault.problem
        return None

    slow = says(lambda: check_signature(token, key))
    assert says(lambda: check_quickly(parse(token), key)) is slow
    assert (slow is None) == (at > jws.SIGNATURE_BYTES and not other)


def test_a_key_of_another_curve_is_none_for_the_quick_check(near: Bench) -> None:
    token = chain_of(near, 1)[1]
    key = ECKey.generate_key("P-384")
    with pytest.raises(BadRecord):
        check_signature(token, key)
    with pytest.raises(BadRecord):
        check_quickly(parse(token), key)


def _changed(part: str, at: int, flip: int) -> str:
    raw = bytearray(jws.decode(part))
    raw[at] ^= flip
    return jws.encode(bytes(raw))
