import json
from pathlib import Path

import pytest

from likeness.carrier import nonces
from likeness.carrier.words import CarrierWords
from likeness.core import jws, messages
from likeness.core.chain import Link
from likeness.core.vocabulary import Purpose
from likeness.edges.bench_keys import BenchKeys
from likeness.edges.signer import FileSigner
from likeness.edges.verifier import CarrierVerifier
from likeness.errors import Untrusted
from results import bench

NOW = 1_795_000_000
UPTO = Link("0" * 32, 4, jws.encode(b"h" * 32))
ISSUED = nonces.Issued(
    counter=1,
    transaction="t-1",
    purpose=Purpose.NEW_NUMBER,
    nonce=jws.encode(b"n" * 32),
    commitment=jws.encode(b"c" * 32),
    expires_utc_s=NOW + 60,
    used_by="",
)


@pytest.fixture
def keys(tmp_path: Path) -> BenchKeys:
    return bench(tmp_path).keys


@pytest.fixture
def words(keys: BenchKeys) -> CarrierWords:
    return CarrierWords(
        receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
    )


@pytest.fixture
def verifier(keys: BenchKeys) -> CarrierVerifier:
    return CarrierVerifier(
        "shop-17", receipt_key=keys.public("receipt"), visit_key=keys.public("visit")
    )


def test_what_the_carrier_says_is_believed(
    words: CarrierWords, verifier: CarrierVerifier
) -> None:
    said = verifier.receipt(words.receipt("shop-17", UPTO, NOW).encode(), NOW)
    assert isinstance(said, messages.Receipt)
    assert Link(said.epoch, said.upto, said.head) == UPTO
    refused = verifier.receipt(
        words.refusal("shop-17", UPTO, "wrong_environment", NOW).encode(), NOW
    )
    assert isinstance(refused, messages.Refusal)
    visit = verifier.visit(words.visit("shop-17", ISSUED, NOW).encode(), NOW)
    assert (visit.transaction, visit.nonce) == ("t-1", ISSUED.nonce)


def test_not_for_another_device(words: CarrierWords, verifier: CarrierVerifier) -> None:
    with pytest.raises(Untrusted, match="another device"):
        verifier.receipt(words.receipt("shop-18", UPTO, NOW).encode(), NOW)


def test_not_after_its_time_unless_our_clock_is_in_doubt(
    words: CarrierWords, verifier: CarrierVerifier
) -> None:
    token = words.visit("shop-17", ISSUED, NOW).encode()
    with pytest.raises(Untrusted, match="expired"):
        verifier.visit(token, NOW + 61)
    assert verifier.visit(token, None).counter == 1


def test_not_with_the_carriers_other_key(
    keys: BenchKeys, verifier: CarrierVerifier
) -> None:
    """The visit key signs a receipt, and the receipt key a visit: neither counts."""
    crossed = CarrierWords(
        receipt_key=keys.private("visit"), visit_key=keys.private("receipt")
    )
    with pytest.raises(Untrusted, match="not for this type"):
        verifier.receipt(crossed.receipt("shop-17", UPTO, NOW).encode(), NOW)
    with pytest.raises(Untrusted, match="not for this type"):
        verifier.visit(crossed.visit("shop-17", ISSUED, NOW).encode(), NOW)


def test_not_under_another_type(words: CarrierWords, verifier: CarrierVerifier) -> None:
    with pytest.raises(Untrusted, match="type"):
        verifier.visit(words.receipt("shop-17", UPTO, NOW).encode(), NOW)


def test_not_with_another_signature(
    keys: BenchKeys, words: CarrierWords, verifier: CarrierVerifier
) -> None:
    token = words.receipt("shop-17", UPTO, NOW)
    head, payload, signature = token.split(".")
    claims = {**json.loads(jws.decode(payload)), "upto": 5}
    altered = jws.encode(json.dumps(claims).encode())
    zero = jws.encode(bytes(64))
    for forged in (f"{head}.{altered}.{signature}", f"{head}.{payload}.{zero}"):
        with pytest.raises(Untrusted, match="signature is bad"):
            verifier.receipt(forged.encode(), NOW)
    # the right key's name over another key's signature
    liar = FileSigner(keys.device_key)
    kid = FileSigner(keys.private("receipt")).kid
    forged = jws.compact(
        jws.decode(payload),
        alg=jws.ES256,
        kid=kid,
        typ=messages.RECEIPT,
        sign=liar.sign,
    )
    with pytest.raises(Untrusted, match="signature is bad"):
        verifier.receipt(forged.encode(), NOW)
