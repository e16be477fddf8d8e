import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from likeness.carrier import nonces
from likeness.carrier.doubts import GAP_AFTER_S
from likeness.carrier.incoming import Incoming
from likeness.carrier.keeping import Chain
from likeness.carrier.store import CarrierStore, Gap
from likeness.carrier.verify import verify
from likeness.carrier.words import fresh_nonce
from likeness.core import jws, messages
from likeness.core.chain import ChainHead, EpochReason, Link
from likeness.core.challenge import commitment
from likeness.core.vocabulary import NonceSource, Purpose, Reason
from likeness.errors import ConfigError
from results import EPOCH, REFUSED, Bench, bench, chain_of, result_at

NOW = 1_795_000_000
DEVICE = "shop-17"
DEVICE_NONCE = b"d" * 32


@pytest.fixture
def near(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CarrierStore]:
    opened = CarrierStore(tmp_path / "carrier.db")
    yield opened
    opened.close()


def incoming(near: Bench, token: str, refusal: str = "") -> Incoming:
    record = verify(token, ECKey.import_key({**near.signer.public_jwk()}))
    claims = record.claims
    return Incoming(
        DEVICE, claims.epoch, claims.seq, record.hash, token, claims, refusal
    )


def upto(tokens: list[str], seq: int) -> Chain:
    return Chain(DEVICE, Link(EPOCH, seq, jws.chain_hash(tokens[seq])))


def test_a_resend_changes_nothing_and_is_receipted_again(
    near: Bench, store: CarrierStore
) -> None:
    tokens = chain_of(near, 3)
    batch = [incoming(near, token) for token in tokens]
    for new in (True, False):
        kept, chains = store.keep(batch, NOW)
        assert [one.new for one in kept] == [new] * 4
        assert chains == [upto(tokens, 3)]
    assert store.tokens(DEVICE) == tokens
    assert store.alarms() == []


def test_a_gap_is_named_and_not_receipted_over(
    near: Bench, store: CarrierStore
) -> None:
    tokens = chain_of(near, 4)
    batch = [incoming(near, token) for token in tokens]
    _, chains = store.keep([batch[0], batch[1], batch[3], batch[4]], NOW)
    assert chains == [upto(tokens, 1)]
    assert store.gaps() == [Gap(DEVICE, EPOCH, first_missing=2, next_here=3)]
    assert store.alarms() == []
    _, chains = store.keep([batch[2]], NOW)
    assert chains == [upto(tokens, 4)]
    assert store.gaps() == []


def test_a_gap_that_stays_raises_one_alarm_that_says_what_to_do(
    near: Bench, store: CarrierStore
) -> None:
    """This side was restored from a copy: the terminal has a receipt for 2 and 3."""
    tokens = chain_of(near, 5)
    batch = [incoming(near, token) for token in tokens]
    store.keep(batch[:2], NOW)
    for after_s in (0, 300, GAP_AFTER_S - 1):
        store.keep(batch[4:5], NOW + after_s)
    assert store.alarms() == [], "it may be on its way"
    for after_s in (GAP_AFTER_S, GAP_AFTER_S + 300):
        store.keep(batch[4:6], NOW + after_s)
    (alarm,) = store.alarms()
    assert (alarm.kind, alarm.epoch, alarm.seq) == ("gap", EPOCH, 4)
    assert alarm.detail == (
        "seq 2 to 3 are not here, and do not come; at the terminal:"
        f" likeness outbox --send-again --epoch {EPOCH} --after 1"
    )
    _, chains = store.keep(batch[2:], NOW + GAP_AFTER_S)
    assert chains == [upto(tokens, 5)]
    assert len(store.alarms()) == 1


def test_a_gap_that_is_being_closed_raises_nothing(
    near: Bench, store: CarrierStore
) -> None:
    """The carrier was away for long; then each record comes in a batch of its own."""
    batch = [incoming(near, token) for token in chain_of(near, 4)]
    store.keep([batch[0], batch[4]], NOW)
    for one in batch[1:]:
        store.keep([one], NOW + 86_400)
    assert store.alarms() == []


def test_without_its_beginning_nothing_is_receipted(
    near: Bench, store: CarrierStore
) -> None:
    _, chains = store.keep([incoming(near, chain_of(near, 1)[1])], NOW)
    assert chains == []
    assert store.gaps() == [Gap(DEVICE, EPOCH, first_missing=0, next_here=1)]


def test_another_record_at_the_same_place_is_a_fork(
    near: Bench, store: CarrierStore
) -> None:
    tokens = chain_of(near, 2)
    store.keep([incoming(near, token) for token in tokens], NOW)
    head = ChainHead(EPOCH, 2, jws.chain_hash(tokens[1]))
    other = result_at(near, head, replace(REFUSED, reasons=(Reason.NO_FACE,)))
    for _ in range(2):  # however often it comes, it is one alarm
        kept, chains = store.keep([incoming(near, other)], NOW)
        assert kept[0].fork
        assert chains == [upto(tokens, 2)], "the terminal must hear how far we know it"
    assert [(a.seq, a.kind) for a in store.alarms()] == [(2, "fork")]
    assert store.tokens(DEVICE) == tokens


def test_each_alarm_is_told_once_and_loudly(
    near: Bench, store: CarrierStore, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = chain_of(near, 2)
    head = ChainHead(EPOCH, 2, jws.chain_hash(tokens[1]))
    other = result_at(near, head, replace(REFUSED, reasons=(Reason.NO_FACE,)))
    store.keep([incoming(near, token) for token in tokens], NOW)
    assert caplog.messages == []
    for _ in range(2):
        store.keep([incoming(near, other)], NOW)
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage() == (
        f"event=alarm kind=fork device={DEVICE} epoch={EPOCH} seq=2"
        " detail='another record has this place'"
    )


def test_the_same_place_signed_twice_is_no_fork(
    near: Bench, store: CarrierStore
) -> None:
    """ECDSA signatures differ each time; what was signed does not."""
    one, again = (chain_of(near, 0)[0] for _ in range(2))
    assert one != again
    store.keep([incoming(near, one)], NOW)
    kept, chains = store.keep([incoming(near, again)], NOW)
    assert not kept[0].fork
    assert chains == [upto([one], 0)]


def test_a_record_that_follows_another_past_is_a_fork(
    near: Bench, store: CarrierStore, tmp_path: Path
) -> None:
    tokens = chain_of(near, 1)
    other = result_at(near, ChainHead(EPOCH, 2, jws.encode(b"x" * 32)))
    after = result_at(near, ChainHead(EPOCH, 3, jws.chain_hash(other)))
    batch = [incoming(near, token) for token in [*tokens, other]]
    for more in ([], [incoming(near, after)], batch):
        kept, chains = store.keep([*batch, *more], NOW)
        assert chains == [replace(upto(tokens, 1), forked=True)]
        assert all(one.fork == (one.record.seq > 1) for one in kept)
    db = sqlite3.connect(tmp_path / "carrier.db")
    taken = dict(db.execute("SELECT seq, refusal FROM record").fetchall())
    db.close()
    assert taken == {0: "", 1: "", 2: "fork", 3: "fork"}
    assert [(a.seq, a.kind) for a in store.alarms()] == [(2, "fork")]


def test_an_old_copy_of_a_terminal_hears_of_its_own_record_and_of_the_head(
    near: Bench, store: CarrierStore
) -> None:
    tokens = chain_of(near, 5)
    batch = [incoming(near, token) for token in tokens]
    store.keep(batch, NOW)
    _, chains = store.keep(batch[1:3], NOW)
    assert chains == [upto(tokens, 2), upto(tokens, 5)]


def test_why_a_new_epoch_began_is_in_the_alarm(
    near: Bench, store: CarrierStore
) -> None:
    store.keep([incoming(near, token) for token in chain_of(near, 1)], NOW)
    head = ChainHead("f" * 32, 0, "")
    begins = near.notary.begin_epoch(head, None, EpochReason.FORKED)
    store.keep([incoming(near, begins)], NOW)
    (alarm,) = store.alarms()
    assert alarm.detail == f"kept here {EPOCH}: 1; known there none; reason forked"


def test_a_refused_record_is_kept_and_blocks_nothing(
    near: Bench, store: CarrierStore
) -> None:
    tokens = chain_of(near, 2)
    first, second, third = (incoming(near, token) for token in tokens)
    unread = replace(second, claims=None, refusal="malformed")
    _, chains = store.keep([first, unread, third], NOW)
    assert chains == [upto(tokens, 2)]
    assert [(a.seq, a.kind, a.detail) for a in store.alarms()] == [
        (1, "refused", "malformed")
    ]


def rows(folder: Path) -> list[tuple[int, str, str]]:
    with contextlib.closing(sqlite3.connect(folder / "carrier.db")) as db:
        return db.execute("SELECT seq, refusal, verdict FROM record").fetchall()


@pytest.mark.parametrize("reason", ["malformed", "wrong_environment"])
def test_what_was_refused_by_mistake_is_taken_when_it_comes_again(
    near: Bench, store: CarrierStore, tmp_path: Path, reason: str
) -> None:
    tokens = chain_of(near, 2)
    first, second, third = (incoming(near, token) for token in tokens)
    claims = None if reason == "malformed" else second.claims
    unread = replace(second, claims=claims, refusal=reason)
    store.keep([first, unread, third], NOW)
    (kept,), _ = store.keep([unread], NOW)
    assert (kept.record.refusal, kept.retaken) == (reason, False), "still the mistake"
    for retaken in (True, False):
        (kept,), chains = store.keep([second], NOW)
        assert (kept.record.refusal, kept.retaken) == ("", retaken)
        # Its own receipt as well: the terminal may have deleted what came after it.
        assert chains == [upto(tokens, 1), upto(tokens, 2)]
    assert rows(tmp_path)[1] == (1, "", "refused")
    (kept,), _ = store.keep([unread], NOW)
    assert (kept.record.refusal, kept.new) == ("", False), "never the other way round"
    assert rows(tmp_path)[1] == (1, "", "refused")


def test_what_turns_out_not_to_follow_stays_refused(
    near: Bench, store: CarrierStore, tmp_path: Path
) -> None:
    tokens = chain_of(near, 1)
    other = result_at(near, ChainHead(EPOCH, 2, jws.chain_hash(tokens[0])))
    odd = incoming(near, other)
    unread = replace(odd, claims=None, refusal="malformed")
    store.keep([*(incoming(near, token) for token in tokens), unread], NOW)
    (kept,), _ = store.keep([odd], NOW)
    assert (kept.record.refusal, kept.retaken) == ("malformed", False)
    assert rows(tmp_path)[2] == (2, "malformed", "")


def test_what_stands_beyond_a_fork_stays_refused(
    near: Bench, store: CarrierStore, tmp_path: Path
) -> None:
    tokens = chain_of(near, 1)
    for before in ("of another life", ""):
        prev = jws.chain_hash(before or tokens[-1])
        tokens.append(result_at(near, ChainHead(EPOCH, len(tokens), prev)))
    for _ in range(2):
        kept, _ = store.keep([incoming(near, token) for token in tokens], NOW)
        said = [(one.fork, one.retaken) for one in kept]
        assert said == [(False, False)] * 2 + [(True, False)] * 2
        assert [row[1] for row in rows(tmp_path)] == ["", "", "fork", "fork"]


def test_a_second_epoch_is_an_alarm(near: Bench, store: CarrierStore) -> None:
    store.keep([incoming(near, token) for token in chain_of(near, 5)], NOW)
    assert store.alarms() == []
    later = "f" * 32
    former = Link(EPOCH, 3, jws.encode(b"h" * 32))
    begins = near.notary.begin_epoch(ChainHead(later, 0, ""), former)
    _, chains = store.keep([incoming(near, begins)], NOW)
    assert [chain.upto.epoch for chain in chains] == [later]
    (alarm,) = store.alarms()
    assert alarm.kind == "new_epoch"
    assert alarm.detail == f"kept here {EPOCH}: 5; known there {EPOCH}: 3"


def test_a_database_that_cannot_be_opened_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be used as the carrier's database"):
        CarrierStore(tmp_path / "nowhere" / "carrier.db")


def ask(device_nonce: bytes = DEVICE_NONCE, transaction: str = "t-1") -> messages.Ask:
    return messages.Ask(
        iss=DEVICE,
        jti="j",
        iat=NOW,
        ask="visit",
        commitment=jws.encode(commitment(device_nonce)),
        transaction=transaction,
        purpose=Purpose.NEW_NUMBER,
    )


def fresh(name: bytes = b"n", counter: int = 1) -> nonces.Fresh:
    return nonces.Fresh(jws.encode(name * 32), NOW + 60, counter)


def test_one_commitment_one_nonce(store: CarrierStore) -> None:
    first = store.open_visit(DEVICE, ask(), fresh(b"1"))
    assert store.open_visit(DEVICE, ask(), fresh(b"2")) == first
    other = store.open_visit(DEVICE, ask(b"e" * 32), fresh(b"3"))
    assert other.nonce != first.nonce
    assert other.counter > first.counter


def test_counters_of_visits_go_on_above_those_of_a_lost_database(
    store: CarrierStore, tmp_path: Path
) -> None:
    """A terminal refuses a counter that went back, until it is started again."""
    made = [
        store.open_visit(DEVICE, ask(name * 32), fresh(name, counter)).counter
        for name, counter in ((b"1", 7000), (b"2", 7000), (b"3", 6000), (b"4", 9000))
    ]
    assert made == [7000, 7001, 7002, 9000]
    restored = CarrierStore(tmp_path / "restored.db")
    later = fresh_nonce(NOW + 1)
    assert later.counter > fresh_nonce(NOW).counter + 999
    assert restored.open_visit(DEVICE, ask(), later).counter == later.counter
    restored.close()


def test_a_nonce_is_good_for_one_result(near: Bench, store: CarrierStore) -> None:
    issued = store.open_visit(DEVICE, ask(), fresh())
    used = replace(
        REFUSED,
        nonce=issued.nonce,
        nonce_source=NonceSource.CARRIER,
        device_nonce=jws.encode(DEVICE_NONCE),
    )
    tokens = chain_of(near, 0)
    for seq in (1, 2):
        head = ChainHead(EPOCH, seq, jws.chain_hash(tokens[-1]))
        tokens.append(result_at(near, head, used))
    _, chains = store.keep([incoming(near, token) for token in tokens], NOW)
    assert chains == [upto(tokens, 2)], "evidence is kept and receipted all the same"
    assert [(a.seq, a.kind, a.detail) for a in store.alarms()] == [
        (2, "nonce", "a nonce that another result had used")
    ]
