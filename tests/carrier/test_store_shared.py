"""Two programs that keep records of the same devices at once: as if they took turns."""

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.incoming import Incoming
from likeness.carrier.nonces import Fresh
from likeness.carrier.store import CarrierStore
from likeness.carrier.verify import judge_claims, parse
from likeness.core import jws, messages
from likeness.core.challenge import commitment
from likeness.core.vocabulary import Purpose
from results import FACTS, Bench, bench, chain_of

NOW = 1_795_000_000
DEVICES = [f"shop-{n}" for n in range(8)]
RECORDS = 40


def at_once(place: str, *jobs: Callable[[CarrierStore], None]) -> None:
    """Give each job a store and a thread of its own; a fault in any is told."""
    faults: list[BaseException] = []

    def work(job: Callable[[CarrierStore], None]) -> None:
        store = CarrierStore(place)
        try:
            job(store)
        except BaseException as fault:  # noqa: BLE001 - told below
            faults.append(fault)
        finally:
            store.close()

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []


def records_of(folder: Path, device: str) -> list[Incoming]:
    facts = replace(FACTS, device=device)
    found = []
    for token in chain_of(bench(folder, facts=facts), RECORDS, facts=facts):
        record = judge_claims(parse(token), token)
        place = (record.claims.epoch, record.claims.seq)
        found.append(Incoming(device, *place, record.hash, token, record.claims))
    return found


def test_nothing_is_lost_or_doubled_and_no_false_alarm_is_raised(
    place: str, tmp_path: Path
) -> None:
    """Each holds half of every chain, out of order, and some of the other's half."""
    chosen = random.Random(7)  # noqa: S311 - to be drawn again
    chains = [records_of(tmp_path, device) for device in DEVICES]
    shares: list[list[Incoming]] = [[], []]
    for chain in chains:
        for one in chain:
            mine = chosen.randrange(2)
            shares[mine].append(one)
            if chosen.random() < 0.3:
                shares[1 - mine].append(one)

    def keeps(share: list[Incoming]) -> Callable[[CarrierStore], None]:
        order = random.Random(len(share))  # noqa: S311 - the same

        def job(store: CarrierStore) -> None:
            left = share
            while left:
                size = order.randint(1, 12)
                batch, left = left[:size], left[size:]
                order.shuffle(batch)
                store.keep(batch, NOW)

        return job

    at_once(place, *map(keeps, shares))
    store = CarrierStore(place)
    heads = {one.device: one.upto for one in store.chains()}
    for device, chain in zip(DEVICES, chains, strict=True):
        assert (heads[device].seq, heads[device].hash) == (RECORDS, chain[-1].hash)
        assert store.tokens(device) == [one.token for one in chain]
    assert store.alarms() == []
    assert store.gaps() == []
    store.close()


def test_a_fork_is_one_alarm_whoever_holds_which_life(
    place: str, tmp_path: Path
) -> None:
    near = bench(tmp_path)
    tokens = chain_of(near, 3)
    ours = [_incoming(token) for token in tokens]
    other = _incoming(_varied(near, tokens[3]))

    def first(store: CarrierStore) -> None:
        for one in ours:
            store.keep([one], NOW)

    def second(store: CarrierStore) -> None:
        for one in (*ours[:3], other):
            store.keep([one], NOW)

    at_once(place, first, second)
    store = CarrierStore(place)
    assert [(one.kind, one.seq) for one in store.alarms()] == [("fork", 3)]
    assert len(store.tokens("shop-17")) == 4
    store.close()


def _incoming(token: str) -> Incoming:
    record = judge_claims(parse(token), token)
    claims = record.claims
    return Incoming(
        claims.iss, claims.epoch, claims.seq, record.hash, token, record.claims
    )


def _varied(near: Bench, token: str) -> str:
    """Sign another result for the same place."""
    claims = jws.load_object(jws.decode(token.split(".")[1]))
    signer = near.signer
    return jws.compact(
        messages.to_json({**claims, "jti": "another"}),
        alg=signer.alg,
        kid=signer.kid,
        typ=messages.RESULT,
        sign=signer.sign,
    )


def test_each_visit_has_a_counter_of_its_own(place: str) -> None:
    def opens(who: int) -> Callable[[CarrierStore], None]:
        def job(store: CarrierStore) -> None:
            for number in range(20):
                secret = bytes([who, number]) * 16
                ask = messages.Ask(
                    iss="shop-17",
                    jti=f"{who}-{number}",
                    iat=NOW,
                    ask=messages.ASK_VISIT,
                    commitment=jws.encode(commitment(secret)),
                    transaction="t",
                    purpose=Purpose.NEW_NUMBER,
                )
                fresh = Fresh(jws.encode(secret), NOW, NOW * 1000)
                store.open_visit(f"shop-{who}", ask, fresh)

        return job

    at_once(place, opens(1), opens(2))
    store = CarrierStore(place)
    with store.database.read() as db:
        counters = sa.select(tables.visits.c.counter).order_by(tables.visits.c.counter)
        found = db.execute(counters).scalars().all()
    assert found == list(range(NOW * 1000, NOW * 1000 + 40))
    store.close()
