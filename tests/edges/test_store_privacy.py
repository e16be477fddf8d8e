"""Who a result is about stands nowhere on the disk: searched byte by byte."""

import base64
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

from likeness.core import jws
from likeness.core.vocabulary import Card, Reason, Verdict
from likeness.edges import key_files, store_file
from likeness.edges.sealer import open_sealed
from results import ACCEPTED, NAME, NUMBER, REFUSED, bench
from stories import story

ISSUED = "某某市公安局"


def codings(text: str) -> set[bytes]:
    """Return the forms in which a text may hide in bytes, base64 at each offset."""
    plain = {
        text.encode(),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        text.encode("gb18030"),
        json.dumps(text)[1:-1].encode(),
    }
    found = set(plain)
    for data in plain:
        found |= {data.hex().encode(), data.hex().upper().encode()}
        for offset in range(3):
            # What comes before and after changes only the outermost signs.
            coded = base64.urlsafe_b64encode(b"\0" * offset + data)
            found.add(coded[4 if offset else 0 : len(data) * 4 // 3 - 2])
    return {one for one in found if len(one) > 6}


def traces(folder: Path, text: str) -> list[str]:
    """Name the files that hold the text in any form."""
    return [
        path.name
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(coded in path.read_bytes() for coded in codings(text))
    ]


@story
async def test_the_person_is_nowhere_in_clear(tmp_path: Path) -> None:
    near = bench(tmp_path)
    state = tmp_path / "state"
    await near.store.open()
    referred = replace(
        ACCEPTED, verdict=Verdict.REFERRED, reasons=(Reason.MATCH_IN_DOUBT,)
    )
    kept = [await near.record(one) for one in (ACCEPTED, referred, REFUSED)]
    await near.store.mark_receipted(near.store.epoch, 1)
    await near.store.set_aside(near.store.epoch, 2, "wrong_environment")
    names = {path.name for path in state.iterdir()}
    assert {"results.db", "results.db-wal"} <= names, "searched while it is in use"
    for marked in (NAME, NUMBER):
        assert traces(state, marked) == []
    await near.store.close()
    for marked in (NAME, NUMBER):
        assert traces(state, marked) == []
    # The search finds what is there: the issuer stands in the claims.
    assert isinstance(ACCEPTED.card, Card)
    assert ACCEPTED.card.issuer == ISSUED
    assert traces(state, ISSUED) == ["results.db"]
    # And the person is there, for the carrier alone.
    key = key_files.load_private(near.keys.private("person"))
    for one, verdict in zip(kept, ("accepted", "referred", "refused"), strict=True):
        claims = json.loads(jws.decode(one.token.split(".")[1]))
        assert claims["verdict"] == verdict
        assert ("person" in claims) == (verdict != "refused")
        if "person" in claims:
            assert NAME in open_sealed(claims["person"], key).decode()


@story
async def test_the_search_finds_a_person_that_is_there(tmp_path: Path) -> None:
    """The same search, after somebody wrote the name where it must not be."""
    near = bench(tmp_path)
    await near.store.open()
    await near.store.close()
    for number, text in enumerate(
        (NAME, jws.encode(NAME.encode()), jws.encode(f"x{NAME}".encode()))
    ):
        db = sqlite3.connect(tmp_path / "state" / store_file.NAME)
        with db:
            db.execute("INSERT INTO memory VALUES (?, ?)", (f"fact-{number}", text))
        db.close()
        assert traces(tmp_path / "state", NAME) == [store_file.NAME]
        db = sqlite3.connect(tmp_path / "state" / store_file.NAME)
        with db:
            db.execute("PRAGMA secure_delete = ON")
            db.execute("DELETE FROM memory")
        db.execute("VACUUM")
        db.close()
        assert traces(tmp_path / "state", NAME) == []
