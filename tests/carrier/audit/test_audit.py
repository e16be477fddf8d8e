"""Each way in which a chain can break is shown by `carrier report`, on real tokens."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from audits import DEVICE, LATER, Far, another, finding, findings
from likeness.carrier import tables
from likeness.carrier.register import tables as register_tables
from likeness.core import jws
from likeness.core.chain import ChainHead, EpochReason, Link
from likeness.core.vocabulary import Environment
from results import EPOCH, FACTS, MOMENT, Bench, bench, chain_of, result_at
from rotations import after, change, more, with_new_key

records, chains = tables.records, tables.chains


@pytest.fixture
def near(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.fixture
def far(near: Bench, place: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Far]:
    carrier = Far(near, place, capsys)
    yield carrier
    carrier.close()


@pytest.fixture
def small(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Far]:
    """The same on a file alone, for what no database decides."""
    carrier = Far(near, str(tmp_path / "small.db"), capsys)
    yield carrier
    carrier.close()


def at(seq: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (records.c.device == DEVICE, records.c.seq == seq)


def test_a_whole_chain_is_said_to_be_whole(far: Far, near: Bench) -> None:
    far.take(*chain_of(near, 9))
    told = far.report()
    assert told["whole"]
    (chain,) = told["chains"]
    assert (chain["first"], chain["last"], chain["records"]) == (0, 9, 10)
    assert chain["whole"]
    assert chain["results"] == {"refused new_number": 9}
    assert chain["dates"]["sources"] == {"own": 10}
    assert far.lines().splitlines()[-1] == "1 device(s), 0 not whole"


def test_a_gap_is_named_by_its_first_and_next_place(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 6)
    far.take(*tokens[:3], *tokens[5:])
    told = far.report()
    gap = finding(told, "gap")
    assert gap["seq"] == 3
    assert gap["said"].startswith("seq 3 to 4 are not here; seq 5 is, since 60 minutes")
    assert f"outbox --send-again --epoch {EPOCH} --after 2" in gap["do"]
    assert told["chains"][0]["whole_upto"]["seq"] == 2


def test_a_gap_that_may_still_close_says_so(far: Far, near: Bench) -> None:
    far.now += 3590
    tokens = chain_of(near, 3)
    far.take(tokens[0], tokens[2])
    assert "they may be on their way" in finding(far.report(), "gap")["said"]


def test_a_fork_shows_both_records(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 4)
    far.take(*tokens)
    (other,) = another(near, tokens[:3])
    far.take(other)
    told = far.report()
    assert findings(told) == [("fork", 3)]
    assert finding(told, "fork")["evidence"] == [tokens[3], other]


def test_what_follows_a_record_that_is_not_here_is_a_fork(
    far: Far, near: Bench
) -> None:
    tokens = chain_of(near, 2)
    elsewhere = another(near, tokens[:2], 3)
    far.take(*tokens, *elsewhere[1:])  # 3 and 4 of another life
    told = far.report()
    assert findings(told) == [("fork", 3)]
    assert finding(told, "fork")["evidence"] == [tokens[2], elsewhere[1]]
    assert told["chains"][0]["refused"] == {"fork": 2}


def test_a_terminal_that_resumed_an_older_copy_of_itself(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 5)
    far.take(*tokens)
    far.take(*another(near, tokens[:3], 2))
    told = far.report()
    assert findings(told) == [("fork", 3), ("fork", 4), ("rollback", 3)]
    assert "from an earlier place, seq 3" in finding(told, "rollback")["said"]


def begin(near: Bench, former: Link | None, reason: EpochReason | None = None) -> str:
    return near.notary.begin_epoch(ChainHead(LATER, 0, ""), former, reason)


def former(tokens: list[str], seq: int) -> Link:
    return Link(EPOCH, seq, jws.chain_hash(tokens[seq]))


def test_a_new_chain_whose_former_lies_before_our_head(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 5)
    far.take(*tokens)
    far.now += 60
    far.take(begin(near, former(tokens, 2), EpochReason.FORKED))
    told = far.report()
    assert findings(told) == [("rollback", 0)]
    said = finding(told, "rollback")["said"]
    assert "as if seq 3 to 5 of epoch 01234567 had never been" in said


def test_a_lost_database_that_forgot_old_receipts_is_a_rollback(
    far: Far, near: Bench
) -> None:
    tokens = chain_of(near, 5)
    far.take(*tokens)
    far.now += 1800
    far.take(begin(near, former(tokens, 2), EpochReason.DATABASE_BROKEN))
    assert findings(far.report()) == [("rollback", 0)]


def test_a_new_chain_after_a_whole_one_is_a_note(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 5)
    far.take(*tokens)
    far.now += 1800
    far.take(begin(near, former(tokens, 5), EpochReason.DATABASE_BROKEN))
    told = far.report()
    assert told["whole"]
    assert findings(told) == [("new_epoch", 0)]


def test_what_was_rescued_and_came_later_is_no_rollback(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 5)
    far.take(*tokens[:3])
    far.now += 60
    far.take(begin(near, former(tokens, 2), EpochReason.DATABASE_BROKEN))
    far.take(*tokens[3:])
    assert findings(far.report()) == [("new_epoch", 0)]


def test_a_new_chain_that_names_none_though_there_was_one(
    far: Far, near: Bench
) -> None:
    far.take(*chain_of(near, 2))
    far.now += 60
    far.take(begin(near, None))
    assert findings(far.report()) == [("former", 0)]


def test_a_carrier_that_was_restored_misses_what_it_has_signed_for(
    far: Far, near: Bench
) -> None:
    tokens = chain_of(near, 5)
    far.take(*tokens[:3])
    far.now += 60
    far.take(begin(near, former(tokens, 5), EpochReason.DATABASE_BROKEN))
    told = far.report()
    assert findings(told) == [("restored", 0)]
    assert "older than its receipts" in finding(told, "restored")["said"]


# --- somebody writes into the carrier's own tables ------------------------------------
def test_a_deleted_row_is_told_from_one_that_never_came(far: Far, near: Bench) -> None:
    far.take(*chain_of(near, 5))
    far.write(records.delete().where(*at(3)))
    told = far.report()
    assert findings(told) == [("deleted", 3)]
    assert "taken and signed for, and are not here" in finding(told, "deleted")["said"]


def test_the_last_rows_deleted(far: Far, near: Bench) -> None:
    far.take(*chain_of(near, 5))
    far.write(records.delete().where(records.c.seq > 3))
    told = far.report()
    assert findings(told) == [("deleted", 4)]
    assert finding(told, "deleted")["said"].startswith("seq 4 to 5 were taken")


def test_all_rows_deleted(far: Far, near: Bench) -> None:
    far.take(*chain_of(near, 2))
    far.write(records.delete())
    assert findings(far.report()) == [("deleted", 0)]


def test_the_last_rows_deleted_and_the_head_put_back(far: Far, near: Bench) -> None:
    """Nothing in the tables shows it; what the terminal sends next does."""
    tokens = chain_of(near, 6)
    far.take(*tokens[:6])
    far.write(records.delete().where(records.c.seq > 3))
    far.write(chains.update().values(upto=3, head=jws.chain_hash(tokens[3])))
    assert far.report()["whole"]
    far.take(tokens[6])
    assert findings(far.report()) == [("gap", 4)]


def test_a_changed_token_is_named(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 5)
    far.take(*tokens)
    header, payload, signature = tokens[3].split(".")
    said = jws.decode(payload).replace(b'"refused"', b'"accepted"')
    far.write(
        records.update()
        .where(*at(3))
        .values(token=f"{header}.{jws.encode(said)}.{signature}")
    )
    told = far.report()
    assert ("signature", 3) in findings(told)
    assert told["chains"][0]["whole_upto"]["seq"] == 2


def test_a_record_put_in_the_place_of_another(far: Far, near: Bench) -> None:
    """Its own signature is good: it is the other record of a fork."""
    tokens = chain_of(near, 5)
    far.take(*tokens)
    (other,) = another(near, tokens[:3])
    far.take(other)
    values = {"token": other, "hash": jws.chain_hash(other), "reasons": "no_face"}
    far.write(records.update().where(*at(3)).values(**values))
    assert ("link", 4) in findings(far.report())


def test_a_token_of_another_place(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 5)
    far.take(*tokens)
    values = {"token": tokens[2], "hash": jws.chain_hash(tokens[2])}
    far.write(records.update().where(*at(3)).values(**values))
    said = [one["said"] for one in far.report()["chains"][0]["findings"]]
    assert said[0] == (
        "at seq 3 stands the token of another place: it says seq 2 of epoch 01234567"
        " of shop-17"
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("hash", "x" * 43),
        ("prev", "x" * 43),
        ("verdict", "accepted"),
        ("purpose", "replace_sim"),
        ("iat", 1),
        ("transaction_name", "t-2"),
        ("match_score", 999_999),
        ("environment", "production"),
    ],
)
def test_a_column_that_says_something_else(
    small: Far, near: Bench, column: str, value: object
) -> None:
    small.take(*chain_of(near, 3))
    small.write(records.update().where(*at(2)).values(**{column: value}))
    told = small.report()
    assert findings(told) == [("tampered", 2)]
    assert finding(told, "tampered")["said"].endswith(f"in: {column}")


@pytest.mark.parametrize(
    "values", [{"head": "x" * 43}, {"upto": 2}], ids=["head", "upto"]
)
def test_a_head_that_is_not_the_head(
    far: Far, near: Bench, values: dict[str, object]
) -> None:
    far.take(*chain_of(near, 3))
    far.write(chains.update().values(**values))
    told = far.report()
    assert [kind for kind, _ in findings(told)] == ["tampered"]
    assert "the head in the table" in finding(told, "tampered")["said"]


def test_a_head_beyond_what_is_here(far: Far, near: Bench) -> None:
    far.take(*chain_of(near, 3))
    far.write(chains.update().values(upto=9))
    assert findings(far.report()) == [("deleted", 4)]


# --- keys ---------------------------------------------------------------------------


@pytest.fixture
def new(near: Bench, tmp_path: Path) -> Bench:
    return with_new_key(near, tmp_path / "new")


def changed(near: Bench, new: Bench) -> list[str]:
    """0 to 2 by the old key, the change at 3, 4 by the new one."""
    tokens = chain_of(near, 2)
    tokens.append(change(near, new, after(tokens, EPOCH)))
    return more(new, tokens, 1, EPOCH)


def test_a_chain_over_a_change_of_keys_is_whole(
    far: Far, near: Bench, new: Bench
) -> None:
    far.take(*changed(near, new))
    told = far.report()
    assert told["whole"]
    old_key, new_key = told["chains"][0]["keys"]
    assert old_key == (
        f"{near.signer.kid}: in the device's file, until seq 3 of {EPOCH}"
    )
    assert new_key == (
        f"{new.signer.kid}: brought by the key change at seq 3 of {EPOCH}"
    )


def test_a_key_that_nobody_knows_any_more(far: Far, near: Bench) -> None:
    far.take(*chain_of(near, 2))
    (near.keys.devices / f"{DEVICE}.json").unlink()
    told = far.report()
    assert findings(told) == [("key", 0), ("key", 1), ("key", 2)]
    assert "its signature cannot be checked" in told["chains"][0]["findings"][0]["said"]


def test_what_a_replaced_key_signed_is_shown_with_its_proof(
    far: Far, near: Bench, new: Bench
) -> None:
    tokens = changed(near, new)
    far.take(*tokens)
    thief = more(near, list(tokens), 1, EPOCH)[-1]
    far.take(thief)
    told = far.report()
    assert findings(told) == [("key", 5)]
    assert finding(told, "key")["evidence"] == [thief]


def test_a_record_put_where_its_key_was_replaced(
    far: Far, near: Bench, new: Bench
) -> None:
    """Its signature is good, and the row says all that the token says."""
    tokens = changed(near, new)
    thief = more(near, tokens[:4], 1, EPOCH)[-1]
    far.take(*tokens)
    far.write(
        records.update().where(*at(4)).values(token=thief, hash=jws.chain_hash(thief))
    )
    far.write(chains.update().values(head=jws.chain_hash(thief)))
    told = far.report()
    assert findings(told) == [("key", 4)]
    assert "replaced by the key change at seq 3" in finding(told, "key")["said"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"in_force": False}, "is not in force in the table"),
        ({"old_kid": "x" * 43}, "says other keys than the record there"),
        ({"still_open": '{"%s": 9}' % ("e" * 32)}, "says other keys"),
        ({"seq": 2}, "cannot be read, or the record there is no key change"),
        ({"seq": 9}, "names a change whose record is not here"),
        (None, "is not in force in the table"),
    ],
)
def test_a_table_of_key_changes_that_lies(
    small: Far, near: Bench, new: Bench, values: dict[str, object] | None, says: str
) -> None:
    small.take(*changed(near, new))
    table = tables.key_changes
    small.write(table.delete() if values is None else table.update().values(**values))
    told = small.report()
    assert not told["whole"]
    said = [one["said"] for one in told["findings"] + told["chains"][0]["findings"]]
    assert any(says in one for one in said), said


# --- beside the chains --------------------------------------------------------------
def test_a_result_that_others_speak_of_is_missed(far: Far, near: Bench) -> None:
    """Rows and head were put back together: the nonce was used, and by what?"""
    tokens = chain_of(near, 3)
    far.take(*tokens)
    visit = dict.fromkeys(("commitment", "transaction_name", "purpose", "nonce"), "x")
    far.write(
        tables.visits.insert().values(
            counter=1,
            device=DEVICE,
            expires_utc_s=1,
            used_by=jws.chain_hash(tokens[3]),
            **visit,
        )
    )
    assert far.report()["whole"]
    far.write(records.delete().where(records.c.seq == 3))
    far.write(chains.update().values(upto=2, head=jws.chain_hash(tokens[2])))
    told = far.report()
    assert findings(told) == [("deleted", 0)]
    assert jws.chain_hash(tokens[3]) in finding(told, "deleted")["said"]


def test_a_number_that_was_bound_by_what_is_not_here(far: Far, near: Bench) -> None:
    far.take(*chain_of(near, 2))
    texts = ("id", "kind", "number", "person", "place", "transaction_name", "hash")
    values = {**dict.fromkeys(texts, "x"), "device": DEVICE, "epoch": EPOCH, "seq": 3}
    bound = register_tables.registrations.insert()
    far.write(bound.values(since_utc_s=1, state="active", **values))
    told = far.report()
    assert findings(told) == [("deleted", 3)]
    assert finding(told, "deleted")["said"].startswith("a number that was bound")


def test_a_number_that_was_put_into_the_register_by_hand(far: Far, near: Bench) -> None:
    """It names a record that is here, and of a terminal that has none."""
    tokens = chain_of(near, 2)
    far.take(*tokens)
    texts = ("kind", "number", "person", "place", "transaction_name")
    values = dict.fromkeys(texts, "x") | {"since_utc_s": 1, "state": "active"}
    for device, number in ((DEVICE, "1"), ("shop-99", "2")):
        place = {"device": device, "epoch": EPOCH, "seq": 2}
        values |= place | {"id": number, "number": number}
        bound = register_tables.registrations.insert()
        far.write(bound.values(hash=jws.chain_hash(tokens[2]), **values))
    told = far.report("--device", DEVICE)
    assert findings(told) == [("tampered", 2)]
    assert "registration 1 " in finding(told, "tampered")["said"]
    assert findings(far.report("--device", "shop-99")) == [("deleted", 2)]
    assert "2 device(s), 2 not whole" in far.lines()


def test_what_nobody_has_signed_is_not_hidden_by_a_refusal(
    far: Far, near: Bench
) -> None:
    far.take(*chain_of(near, 2))
    last = records.update().where(records.c.seq == 2)
    for token in ("rubbish", "x.y.z"):
        hidden = {"token": token, "hash": jws.chain_hash(token), "prev": None}
        far.write(last.values(refusal="malformed", **hidden))
        far.write(chains.update().values(head=jws.chain_hash(token)))
        assert ("signature", 2) in findings(far.report())


def test_an_alarm_whose_proof_nobody_has_signed(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 3)
    far.take(*tokens)
    (other,) = another(near, tokens[:3])
    far.take(other)
    unsigned = f"{other.rpartition('.')[0]}.{tokens[3].rpartition('.')[2]}"
    far.write(tables.alarms.update().values(token=unsigned))
    assert findings(far.report()) == [("tampered", 3)]


def test_an_anchor_that_the_table_tells_otherwise(far: Far, near: Bench) -> None:
    far.take(*chain_of(near, 1))
    far.take(near.notary.time_anchor(MOMENT), leaf="ask")
    assert far.report()["whole"]
    far.write(tables.anchors.update().values(utc_s=1))
    told = far.report()
    assert finding(told, "tampered")["said"].endswith("stands otherwise in the table")


def test_devices_are_told_apart_and_one_can_be_asked_for(
    far: Far, near: Bench, tmp_path: Path
) -> None:
    other = bench(tmp_path, facts=replace(FACTS, device="shop-18"))
    far.take(*chain_of(near, 2))
    far.take(*another(other, [chain_of(near, 0)[0]]), device="shop-18")
    code, text = far.command("report", "--json")
    told = [json.loads(line) for line in text.splitlines()]
    assert code == 1
    assert [(one["device"], one["whole"]) for one in told] == [
        (DEVICE, True),
        ("shop-18", False),
    ]
    assert far.command("report", "--device", DEVICE)[0] == 0
    assert far.command("report", "--device", "shop-99")[0] == 2


def test_a_refused_record_breaks_nothing_and_is_counted(far: Far, near: Bench) -> None:
    tokens = chain_of(near, 1)
    in_field = replace(FACTS, environment=Environment.PRODUCTION)
    tokens.append(result_at(near, after(tokens, EPOCH), facts=in_field))
    tokens.append(result_at(near, after(tokens, EPOCH)))
    far.take(*tokens)
    told = far.report()
    assert told["whole"]
    assert told["chains"][0]["refused"] == {"wrong_environment": 1}
    assert told["chains"][0]["results"] == {"refused new_number": 2}


# --- periods and former exports -----------------------------------------------------


def days(far: Far, tokens: list[str], *cuts: int) -> list[str]:
    """Hand the chain over in parts, a day apart; return when each came."""
    came, before = [], 0
    for cut in (*cuts, len(tokens)):
        came.append(datetime.fromtimestamp(far.now - 60, UTC))
        far.take(*tokens[before:cut])
        far.now, before = far.now + 86_400, cut
    return [f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in came]


def test_a_period_holds_what_came_in_it(far: Far, near: Bench) -> None:
    second, third = days(far, chain_of(near, 9), 4, 7)[1:]
    told = far.report("--from", second, "--to", third)
    assert told["whole"]
    (chain,) = told["chains"]
    assert (chain["first"], chain["last"], chain["records"]) == (4, 6, 3)
    assert chain["results"] == {"refused new_number": 3}
    assert far.command("report", "--from", third, "--to", second)[0] == 2


@pytest.mark.parametrize("gone", [3, 4, 5, 6, 7])
def test_a_period_is_followed_on_either_side(
    small: Far, near: Bench, gone: int
) -> None:
    second, third = days(small, chain_of(near, 9), 4, 7)[1:]
    small.write(records.delete().where(*at(gone)))
    told = small.report("--from", second, "--to", third)
    assert [place for _, place in findings(told)] == [gone]


def test_a_database_older_than_an_export(far: Far, near: Bench, tmp_path: Path) -> None:
    tokens = chain_of(near, 6)
    far.take(*tokens)
    out = tmp_path / "export.jsonl"
    far.command("export", "--device", DEVICE, "--out", out)
    assert far.report("--against", out)["whole"]
    far.write(records.delete().where(records.c.seq > 3))
    far.write(chains.update().values(upto=3, head=jws.chain_hash(tokens[3])))
    assert far.report()["whole"], "nothing here shows it"
    told = far.report("--against", out)
    assert findings(told) == [("restored", 6)]
    out.write_bytes(out.read_bytes().replace(b'"seq":6', b'"seq":3'))
    assert far.command("report", "--against", out)[0] == 2
