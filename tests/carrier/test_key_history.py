"""A new key takes over by a record that both have signed, and the old one is out."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.carrier.ingest import Ingest
from likeness.carrier.intake import Outcome
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.verify import Problem
from likeness.carrier.words import CarrierWords
from likeness.core import jws, messages
from likeness.core.chain import ChainHead, Link
from likeness.core.line import Arrived
from likeness.core.vocabulary import Environment, Purpose
from likeness.edges.broker import LineSettings, MqttLine
from results import EPOCH, FACTS, Bench, bench, chain_of, result_at, signed
from rotations import after, change, more, with_new_key

NOW = 1_795_000_000
OTHER = "fedcba9876543210" * 2


class Far:
    """A carrier that is handed batches; `restart` opens it anew on the same disk."""

    def __init__(self, near: Bench, folder: Path) -> None:
        self._near, self._folder = near, folder
        self.restart()

    def restart(self) -> None:
        keys = self._near.keys
        self.store = CarrierStore(self._folder / "carrier.db")
        # The line is never run: these tests hand batches in, and read the answers.
        self._ingest = Ingest(
            line=MqttLine(LineSettings(host="", port=1, client_id="c", topics=())),
            store=self.store,
            trust=Trust(keys.devices),
            words=CarrierWords(
                receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
            ),
            environment=Environment.TEST,
            utc=lambda: NOW,
        )

    def take(self, *tokens: str, leaf: str = "result") -> Outcome:
        topic = messages.topic("shop-17", leaf)
        return self._ingest.handle([Arrived(topic, one.encode()) for one in tokens])

    def upto(self, epoch: str = EPOCH) -> int:
        found = [one.upto.seq for one in self.store.chains() if one.upto.epoch == epoch]
        return found[0] if found else -1

    def alarms(self) -> list[tuple[int, str]]:
        return [(one.seq, one.kind) for one in self.store.alarms()]


@pytest.fixture
def old(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.fixture
def new(tmp_path: Path, old: Bench) -> Bench:
    return with_new_key(old, tmp_path / "new")


@pytest.fixture
def far(tmp_path: Path, old: Bench) -> Iterator[Far]:
    made = Far(old, tmp_path)
    yield made
    made.store.close()


def changed(old: Bench, new: Bench) -> list[str]:
    """Return two records of the old key, the change at place 2, two of the new one."""
    tokens = chain_of(old, 1)
    tokens.append(change(old, new, after(tokens, EPOCH)))
    return more(new, tokens, 2, EPOCH)


def test_the_carrier_follows_within_one_batch(far: Far, old: Bench, new: Bench) -> None:
    tokens = changed(old, new)
    outcome = far.take(*tokens)
    assert [one.record.refusal for one in outcome.kept] == [""] * 5
    assert far.upto() == 4
    assert far.alarms() == [(2, Problem.KEY_CHANGED)]


def test_a_changed_key_is_told_and_a_person_can_list_it(
    far: Far,
    old: Bench,
    new: Bench,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    far.take(*changed(old, new))
    told = [one for one in caplog.records if "event=alarm" in one.getMessage()]
    assert [one.levelname for one in told] == ["WARNING"]
    assert "kind=key_changed device=shop-17" in told[0].getMessage()
    words = ["carrier", "alarms", "--database", str(tmp_path / "carrier.db")]
    assert main(words) == 0
    listed = capsys.readouterr().out
    assert f"key_changed: shop-17 epoch {EPOCH} seq 2: did you ask for it?" in listed
    assert main([*words, "--json"]) == 0
    assert [one["seq"] for one in json.loads(capsys.readouterr().out)] == [2]
    assert main([*words, "--device", "shop-18"]) == 0
    assert capsys.readouterr().out == "no alarm\n"


def test_the_carrier_follows_one_by_one_and_after_its_own_restart(
    far: Far, old: Bench, new: Bench
) -> None:
    for token in changed(old, new):
        far.take(token)
        far.store.close()
        far.restart()
    assert far.upto() == 4


def test_a_resend_from_before_the_change_is_receipted_again(
    far: Far, old: Bench, new: Bench
) -> None:
    tokens = changed(old, new)
    far.take(*tokens)
    (again,) = far.take(tokens[1]).kept
    assert (again.new, again.wrong_key) == (False, False)
    assert far.alarms() == [(2, Problem.KEY_CHANGED)]


def test_what_arrives_late_from_before_the_change_is_taken(
    far: Far, old: Bench, new: Bench
) -> None:
    tokens = changed(old, new)
    far.take(tokens[0], *tokens[2:])
    assert far.upto() == 0  # a gap: nothing beyond it changes anything
    far.take(tokens[1])
    assert far.upto() == 2
    far.take(*tokens[3:])  # the terminal sends again what has no receipt
    assert far.upto() == 4


def test_a_thief_with_the_old_key_is_refused_after_the_change(
    far: Far, old: Bench, new: Bench
) -> None:
    tokens = changed(old, new)
    far.take(*tokens)
    late = result_at(old, after(tokens, EPOCH))
    whole = chain_of(old, 1, OTHER)
    outcome = far.take(late, *whole)
    assert [one.wrong_key for one in outcome.kept] == [True] * 3
    assert outcome.receipts == []
    assert (far.upto(), far.upto(OTHER)) == (4, -1)
    assert (5, Problem.WRONG_KEY) in far.alarms()
    # The places are free for the terminal.
    far.take(*more(new, tokens, 1, EPOCH))
    assert far.upto() == 5


def test_what_the_thief_sent_before_the_change_is_taken_out_by_it(
    far: Far, old: Bench, new: Bench
) -> None:
    tokens = changed(old, new)
    squatter = result_at(old, ChainHead(EPOCH, 3, jws.chain_hash(tokens[2])))
    far.take(*tokens[:2], squatter)
    far.take(*tokens[2:])
    assert far.upto() == 4
    assert (3, Problem.WRONG_KEY) in far.alarms()
    assert squatter not in far.store.tokens("shop-17")


def test_the_old_key_opens_no_visit_any_more(far: Far, old: Bench, new: Bench) -> None:
    def ask(near: Bench, letter: bytes) -> str:
        return near.notary.ask_visit(
            commitment=jws.encode(letter * 32),
            transaction="t",
            purpose=Purpose.NEW_NUMBER,
        )

    assert far.take(ask(new, b"a"), leaf="ask").said == []
    assert len(far.take(ask(old, b"b"), leaf="ask").said) == 1
    far.take(*changed(old, new))
    assert far.take(ask(old, b"c"), leaf="ask").said == []
    assert len(far.take(ask(new, b"d"), leaf="ask").said) == 1


def test_what_still_waits_in_another_epoch_is_named_and_nothing_beyond_it(
    far: Far, old: Bench, new: Bench
) -> None:
    former = chain_of(old, 3, OTHER)  # 3 is a thief's: the change names 2 as the last
    tokens = chain_of(old, 1)
    last = Link(OTHER, 2, jws.chain_hash(former[2]))
    tokens.append(change(old, new, after(tokens, EPOCH), (last,)))
    far.take(*tokens)
    outcome = far.take(*former)
    assert [one.wrong_key for one in outcome.kept] == [False, False, False, True]
    assert far.upto(OTHER) == 2


def test_the_new_key_may_not_sign_the_past(far: Far, old: Bench, new: Bench) -> None:
    tokens = chain_of(old, 2)
    tokens.append(change(old, new, after(tokens, EPOCH)))
    far.take(*tokens)
    # Place 2 of the same epoch, by the new key.
    past = result_at(new, ChainHead(EPOCH, 2, jws.chain_hash(tokens[1])))
    (kept,) = far.take(past).kept
    assert kept.wrong_key


def test_a_key_that_was_given_up_does_not_come_back(
    far: Far, old: Bench, new: Bench
) -> None:
    tokens = changed(old, new)
    tokens.append(change(new, old, after(tokens, EPOCH)))
    *_, back = far.take(*tokens).kept
    assert back.record.refusal == Problem.KEY_KNOWN
    (kept,) = far.take(result_at(old, after(tokens, EPOCH))).kept
    assert kept.wrong_key


def test_a_key_changes_twice(far: Far, tmp_path: Path, old: Bench, new: Bench) -> None:
    third = with_new_key(old, tmp_path / "third")
    tokens = changed(old, new)
    tokens.append(change(new, third, after(tokens, EPOCH)))
    far.take(*more(third, tokens, 1, EPOCH))
    assert far.upto() == 6
    for near in (old, new):
        (kept,) = far.take(result_at(near, after(tokens, EPOCH))).kept
        assert kept.wrong_key


# --- forged changes ---------------------------------------------------------------


def forged(near: Bench, claims: dict[str, object]) -> str:
    return signed(near, messages.to_json(claims), messages.KEY)


def honest_claims(old: Bench, new: Bench, tokens: list[str]) -> dict[str, object]:
    token = change(old, new, after(tokens, EPOCH))
    claims: dict[str, object] = json.loads(jws.decode(token.split(".")[1]))
    return claims


def test_a_change_that_was_refused_by_mistake_is_in_force_when_it_comes_again(
    far: Far, old: Bench, new: Bench
) -> None:
    path = old.keys.devices / "shop-17.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, "environments": ["production"]}))
    tokens = changed(old, new)
    outcome = far.take(*tokens)
    assert [one.record.refusal for one in outcome.kept] == ["wrong_environment"] * 3
    path.write_text(json.dumps(known))
    assert far.take(tokens[3]).kept == [], "nobody knows the new key"
    outcome = far.take(*tokens)
    assert [one.record.refusal for one in outcome.kept] == [""] * 5
    assert far.upto() == 4
    thief = result_at(old, after(tokens, EPOCH))
    (kept,) = far.take(thief).kept
    assert kept.wrong_key


def test_a_change_by_a_stranger_is_dropped(
    far: Far, tmp_path: Path, old: Bench, new: Bench
) -> None:
    tokens = chain_of(old, 1)
    stranger = with_new_key(old, tmp_path / "stranger")
    outcome = far.take(*tokens, change(stranger, new, after(tokens, EPOCH)))
    assert len(outcome.kept) == 2
    far.take(result_at(new, after(tokens, EPOCH)))
    assert far.upto() == 1


@pytest.mark.parametrize("lie", ["none", "other_key", "other_place", "other_device"])
def test_a_change_without_proof_of_the_new_key_changes_nothing(
    far: Far, tmp_path: Path, old: Bench, new: Bench, lie: str
) -> None:
    tokens = chain_of(old, 1)
    head = after(tokens, EPOCH)
    claims = honest_claims(old, new, tokens)
    another = with_new_key(old, tmp_path / "another")
    proofs = {
        "none": "x",
        "other_key": honest_claims(old, another, tokens)["proof"],
        "other_place": json.loads(
            jws.decode(change(old, new, ChainHead(EPOCH, 7, head.prev)).split(".")[1])
        )["proof"],
        "other_device": claims["proof"],
    }
    claims["proof"] = proofs[lie]
    if lie == "other_device":
        claims["iss"] = "shop-18"
    *_, kept = far.take(*tokens, forged(old, claims)).kept
    assert kept.record.refusal == Problem.KEY_PROOF
    far.take(result_at(new, ChainHead(EPOCH, 3, head.prev)))
    assert far.alarms()[-1] == (2, Problem.REFUSED)
    # The old key still signs.
    tokens.append(forged(old, claims))
    far.take(*more(old, tokens, 1, EPOCH))
    assert far.upto() == 3


def test_a_change_of_another_device_changes_nothing_here(
    far: Far, tmp_path: Path, old: Bench, new: Bench
) -> None:
    other = bench(tmp_path, facts=replace(FACTS, device="shop-18"))
    tokens = chain_of(old, 1)
    by_other = change(other, new, after(tokens, EPOCH))
    assert len(far.take(*tokens, by_other).kept) == 2
    assert far.alarms() == []


def test_a_change_that_does_not_follow_is_never_in_force(
    far: Far, old: Bench, new: Bench
) -> None:
    tokens = chain_of(old, 1)
    beside = change(old, new, ChainHead(EPOCH, 2, jws.encode(b"p" * 32)))
    far.take(*tokens, beside)
    assert far.store.changed_key("shop-17", new.signer.kid) is None
    assert far.store.is_current("shop-17", old.signer.kid)


def test_a_change_that_was_taken_out_never_comes_into_force(
    far: Far, old: Bench, new: Bench, tmp_path: Path
) -> None:
    tokens = changed(old, new)
    thief = with_new_key(old, tmp_path / "thief")
    stolen = change(old, thief, after(tokens[:4], EPOCH))
    far.take(*tokens[:2], stolen)  # beyond a gap, by the key that is about to go
    far.take(*tokens[2:])
    assert far.upto() == 4
    assert (4, Problem.KEY_CHANGED) not in far.alarms()
    assert far.store.changed_key("shop-17", thief.signer.kid) is None
    assert far.take(result_at(thief, after(tokens, EPOCH))).kept == []


def test_the_place_of_a_change_that_was_taken_out_is_free_for_another(
    far: Far, old: Bench, new: Bench, tmp_path: Path
) -> None:
    tokens = changed(old, new)[:4]
    thief, next_ = (with_new_key(old, tmp_path / name) for name in ("thief", "next"))
    far.take(*tokens[:2], change(old, thief, after(tokens, EPOCH)))
    far.take(*tokens[2:])
    far.take(change(new, next_, after(tokens, EPOCH)))
    assert far.upto() == 4
    assert far.store.changed_key("shop-17", next_.signer.kid) is not None
