"""From the end of a visit to a row on the disk, and who may read what is in it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc import jws as jose
from joserfc.jwk import ECKey

from likeness.core import jws
from likeness.core.chain import ChainHead, Stored
from likeness.core.report import portrait_digest
from likeness.core.vocabulary import Conclusion, Reason, Verdict
from likeness.edges import key_files
from likeness.edges.sealer import PersonSealer, open_sealed
from likeness.errors import StoreFull, Untrusted
from likeness.service.recording import Recorder
from results import (
    ACCEPTED,
    FACTS,
    NAME,
    NUMBER,
    REFUSED,
    Bench,
    FixedClock,
    bench,
)
from stories import story

REFERRED = replace(ACCEPTED, verdict=Verdict.REFERRED, reasons=(Reason.MATCH_IN_DOUBT,))


@pytest.fixture
def near(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def claims_of(near: Bench, token: str) -> dict[str, object]:
    key = ECKey.import_key({**near.signer.public_jwk()})
    opened = jose.deserialize_compact(token, key, algorithms=["ES256"])
    claims: dict[str, object] = json.loads(opened.payload or b"")
    return claims


async def recorded(near: Bench, *conclusions: Conclusion) -> list[str]:
    await near.store.open()
    tokens = [(await near.record(conclusion)).token for conclusion in conclusions]
    await near.store.close()
    return tokens


@story
async def test_place_signature_and_row_come_together(near: Bench) -> None:
    await near.store.open()
    first = await near.record(ACCEPTED)
    second = await near.record(REFUSED)
    assert (first.seq, second.seq) == (1, 2)
    assert await near.store.token(first.epoch, 1) == first.token
    assert await near.store.token(first.epoch, 2) == second.token
    await near.store.close()
    one, two = claims_of(near, first.token), claims_of(near, second.token)
    assert (one["seq"], two["seq"]) == (1, 2)
    assert two["prev"] == jws.chain_hash(first.token)
    assert (one["verdict"], two["verdict"]) == ("accepted", "refused")


@story
async def test_only_the_carrier_can_read_who_it_was(near: Bench) -> None:
    (token,) = await recorded(near, ACCEPTED)
    claims = claims_of(near, token)
    sealed = str(claims["person"])
    person = json.loads(
        open_sealed(sealed, key_files.load_private(near.keys.private("person")))
    )
    assert (person["name"], person["number"]) == (NAME, NUMBER)
    card = claims["card"]
    assert isinstance(card, dict)
    salt = jws.decode(person["salt"])
    assert len(salt) >= 16
    assert card["portrait_digest"] == portrait_digest(ACCEPTED.portrait_sha256, salt)
    with pytest.raises(Untrusted):
        open_sealed(sealed, key_files.load_private(near.keys.private("visit")))


@story
async def test_the_same_person_twice_cannot_be_linked(near: Bench) -> None:
    one, two = (claims_of(near, t) for t in await recorded(near, ACCEPTED, ACCEPTED))
    assert one["person"] != two["person"]
    cards = one["card"], two["card"]
    assert isinstance(cards[0], dict)
    assert isinstance(cards[1], dict)
    assert cards[0]["portrait_digest"] != cards[1]["portrait_digest"]


@story
async def test_the_person_is_there_when_referred_and_absent_when_refused(
    near: Bench,
) -> None:
    without_card = replace(REFERRED, card=None, portrait_sha256="")
    tokens = await recorded(near, REFERRED, REFUSED, without_card)
    claims = [claims_of(near, token) for token in tokens]
    assert ["person" in one for one in claims] == [True, False, False]
    assert "card" not in claims[2]


@story
async def test_nothing_on_the_disk_or_in_a_repr_tells_who_it_was(
    near: Bench, tmp_path: Path
) -> None:
    await near.store.open()
    kept = [await near.record(one) for one in (ACCEPTED, REFERRED, REFUSED)]
    said = "".join(map(repr, (ACCEPTED, REFERRED, ACCEPTED.card, near, *kept)))
    disk = b"".join(
        path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()
    )
    await near.store.close()
    assert len(disk) > 1000
    for marked in (NAME, NUMBER, "MARKED", ACCEPTED.portrait_sha256):
        assert marked not in said
        assert marked.encode() not in disk
        assert all(marked.encode() not in jws.decode(part) for part in _parts(kept))


def _parts(kept: Sequence[Stored]) -> list[str]:
    """Split the tokens: what is signed and what is sealed is base64url."""
    payloads = [one.token.split(".")[1] for one in kept]
    sealed = [json.loads(jws.decode(payload)).get("person", "") for payload in payloads]
    return [part for text in (*payloads, *sealed) for part in text.split(".") if part]


class OneRefusal:
    """A store that is full for the first result."""

    def __init__(self, near: Bench) -> None:
        self._near = near
        self._refusals = [StoreFull("the disk is full")]

    async def append(self, make: Callable[[ChainHead], str]) -> Stored:
        if self._refusals:
            raise self._refusals.pop()
        return await self._near.store.append(make)


@story
async def test_without_room_there_is_no_result_and_the_place_stays_free(
    near: Bench,
) -> None:
    record = Recorder(
        append=OneRefusal(near).append,
        signer=near.signer,
        sealer=PersonSealer(near.keys.public("person")),
        facts=FACTS,
        clock=FixedClock(),
    )
    await near.store.open()
    with pytest.raises(StoreFull):
        await record(ACCEPTED)
    assert (await record(ACCEPTED)).seq == 1
    await near.store.close()
