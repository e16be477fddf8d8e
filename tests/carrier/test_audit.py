"""Each way in which a chain can break is shown by `carrier report`, on real tokens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from audits import DEVICE, LATER, Far, another, finding, findings
from likeness.carrier import tables
from likeness.core import jws
from likeness.core.chain import ChainHead, EpochReason, Link
from results import EPOCH, Bench, bench, chain_of

records, chains = tables.records, tables.chains


@pytest.fixture
def near(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.fixture
def far(near: Bench, place: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Far]:
    carrier = Far(near, place, capsys)
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
    far.write(records.update().where(*at(3)).values(token=tokens[2]))
    told = far.report()
    assert ("tampered", 3) in findings(told)
    assert ("link", 3) in findings(told)


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
    far: Far, near: Bench, column: str, value: object
) -> None:
    far.take(*chain_of(near, 3))
    far.write(records.update().where(*at(2)).values(**{column: value}))
    told = far.report()
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
