"""What stands in the database is believed as far as a terminal's present key goes."""

import json
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from likeness.carrier import tables
from likeness.core import jws
from likeness.core.vocabulary import Reason, Verdict
from likeness.edges.sealer import PersonSealer
from likeness.service.recording import Recorder
from registers import FIELD, OTHER_MOBILE, Terminal, office
from results import FixedClock
from rotations import with_new_key
from stories import story


@story
async def test_a_key_that_was_taken_back_since_has_signed_nothing(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        for name in ("t-1", "t-2"):
            await api.open(name)
            await one.terminal.visit(name)
        file = one.terminal.near.keys.devices / "shop-17.json"
        good = file.read_text()
        other = await one.another("shop-18")
        stolen = json.loads(good)
        stolen["keys"] = json.loads(
            (other.near.keys.devices / "shop-18.json").read_text()
        )["keys"]
        file.write_text(json.dumps(stolen))
        assert await api.refused("t-1") == "key_revoked"
        file.unlink()
        assert await api.refused("t-1") == "key_revoked"
        file.write_text(json.dumps({**json.loads(good), "environments": ["test"]}))
        assert await api.refused("t-1") == "not_production"
        file.write_text(good)
        assert (await api.bind("t-1"))[0] == 201


@story
async def test_an_altered_row_of_the_database_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    """The columns say accepted; the token that was signed says refused."""
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        await one.terminal.visit("t-1", verdict=Verdict.REFUSED)
        with one.far.store.database.begin() as db:
            db.execute(tables.records.update().values(verdict="accepted"))
        assert await api.refused("t-1") == "refused"
        with one.far.store.database.begin() as db:
            token = db.execute(
                sa.select(tables.records.c.token).where(tables.records.c.seq == 1)
            ).scalar_one()
            head, payload, signature = token.split(".")
            claims = jws.decode(payload).replace(b'"refused"', b'"accepted"')
            forged = ".".join((head, jws.encode(claims), signature))
            rows = tables.records.update().where(tables.records.c.seq == 1)
            db.execute(rows.values(token=forged))
        assert await api.refused("t-1") == "key_revoked"


@story
async def test_a_good_token_in_another_place_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        await one.terminal.visit("t-1")
        for wrong in ({"hash": "A" * 43}, {"seq": 0}, {"device": "shop-18"}):
            with one.far.store.database.begin() as db:
                was = db.execute(
                    sa.select(tables.records).where(tables.records.c.seq == 1)
                ).one()
                db.execute(tables.records.delete())
                moved = tables.records.insert().values({**was._mapping, **wrong})
                db.execute(moved)
            assert await api.refused("t-1") == "key_revoked"
            with one.far.store.database.begin() as db:
                db.execute(tables.records.delete())
                db.execute(tables.records.insert().values(dict(was._mapping)))
        assert (await api.bind("t-1"))[0] == 201


@story
async def test_each_key_binds_what_it_may_sign(place: str, tmp_path: Path) -> None:
    """Before the change the old key, after it the new one; by the change alone."""
    async with office(tmp_path, place) as one, one.api() as api:
        near = one.terminal.near
        for name in ("t-1", "t-2"):
            await api.open(name)
        await one.terminal.visit("t-1")
        rotated = with_new_key(near, tmp_path / "next")
        changed = await near.store.append(
            lambda head: near.notary.change_key(head, rotated.signer, ())
        )
        record = Recorder(
            append=near.store.append,
            signer=rotated.signer,
            sealer=PersonSealer(near.keys.public("person")),
            facts=FIELD,
            clock=FixedClock(),
        )
        after = Terminal(replace(rotated, record=record), one.far, FIELD)
        conclusion = one.terminal.conclusion("t-2")  # the nonce is still the old key's
        one.terminal.send(changed)
        after.send(await after.sign(conclusion))
        assert (await api.bind("t-1"))[0] == 201
        assert (await api.bind("t-2", OTHER_MOBILE))[0] == 201


@story
async def test_what_a_replaced_key_has_signed_since_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    """As if it had come in before the change was in force."""
    async with office(tmp_path, place) as one, one.api() as api:
        near = one.terminal.near
        await api.open("t-1")
        stored = await one.terminal.visit("t-1")
        with one.far.store.database.begin() as db:
            db.execute(
                tables.key_changes.insert().values(
                    device="shop-17",
                    epoch=stored.epoch,
                    seq=0,
                    old_kid=near.signer.kid,
                    new_kid="N" * 43,
                    new_key="{}",
                    still_open="{}",
                    in_force=True,
                )
            )
        assert await api.refused("t-1") == "key_revoked"


@story
async def test_a_nonce_that_this_result_has_not_used_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        await one.terminal.visit("t-1")
        for used_by in ("", "A" * 43):
            with one.far.store.database.begin() as db:
                db.execute(tables.visits.update().values(used_by=used_by))
            assert one.far.store.alarms() == []
            assert await api.refused("t-1") == "nonce_in_doubt"


@story
async def test_a_decision_that_nobody_has_signed_for_this_result_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    """The table says accepted; what was signed says refused, or is about another."""
    referred = {"verdict": Verdict.REFERRED, "reasons": (Reason.MATCH_IN_DOUBT,)}
    said = tables.statements
    async with office(tmp_path, place) as one, one.api(decided=True) as api:
        for name in ("t-1", "t-2"):
            await api.open(name)
        stored = await one.terminal.visit("t-1", **referred)
        assert one.terminal.decide(stored, "t-1", "refuse") == "kept"
        with one.far.store.database.begin() as db:
            db.execute(said.update().values(decision="accept"))
        assert await api.refused("t-1") == "refused"
        with one.far.store.database.begin() as db:
            db.execute(said.delete())
        other = await one.terminal.visit("t-2", **referred)
        assert one.terminal.decide(other, "t-2") == "kept"
        with one.far.store.database.begin() as db:
            db.execute(said.update().values(seq=stored.seq))
        assert await api.refused("t-1") == "referred_undecided"
