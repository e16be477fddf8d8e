from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from likeness.carrier.verify import BadRecord, Problem, place_of, verify
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
