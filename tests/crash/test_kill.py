"""Everything is killed again and again while visits go on; nothing is lost or doubled.

A broker, the carrier's side and two terminals run as programs of their own, each of
them real. SIGKILL shows the death of a process; the loss of power it cannot show. A
longer run: CRASH_KILLS=1000 CRASH_SEED=7 pytest tests/crash/test_kill.py --timeout 0
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from likeness.simulators.sdt_reader import SdtCard
from processes import happens
from programs import Shop, Terminal, claims

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = int(os.environ.get("CRASH_KILLS", "24"))
SEED = int(os.environ.get("CRASH_SEED", "20261122"))
DEVICES = ("shop-1", "shop-2")
# Most visits end when the card is taken away; the long ones come to their verdict.
HOLD_S = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 8.0)
BETWEEN_S = 3.0  # kills, at most
DOWN_S = 1.5  # at most
FLIGHT_S = 0.05  # from a commit to its receipt, roughly
READY_WITHIN_S = 60.0
RESULT_WITHIN_S = 15.0
# The line to the broker waits up to two minutes before it comes back.
DELIVERED_WITHIN_S = 240.0


class Visitors(threading.Thread):
    """One after another comes to a terminal, until it closes."""

    def __init__(
        self, terminal: Terminal, cards: tuple[SdtCard, ...], choose: random.Random
    ) -> None:
        super().__init__(daemon=True)
        self._terminal = terminal
        self._cards = cards
        self._choose = random.Random(choose.random())  # noqa: S311 - no secret
        self._closed = threading.Event()

    def run(self) -> None:
        while not self._closed.is_set():
            since = self._terminal.written
            card = self._choose.choice(self._cards)
            self._terminal.card_lies(card, self._choose.choice(HOLD_S))
            self._terminal.says("Welcome.", 7.0, since)

    def close(self) -> None:
        self._closed.set()
        self.join()


@dataclass
class Tally:
    """What was done to them."""

    died: Counter[str] = field(default_factory=Counter)
    on_the_way: int = 0  # deaths while some record had no receipt yet


def kill_again_and_again(shop: Shop, choose: random.Random) -> Tally:
    """Kill each about as often as the others, sometimes two of them at once."""
    mortals = shop.mortals
    order = [*mortals] * -(-KILLS // len(mortals))
    choose.shuffle(order)
    tally = Tally()
    while order:
        doomed = [order.pop()]
        if order and order[-1] not in doomed and choose.random() < 0.25:
            doomed.append(order.pop())
        if choose.random() < 0.5:
            wait_for_a_result(shop)
            time.sleep(choose.uniform(0, FLIGHT_S))
        else:
            time.sleep(choose.uniform(0, BETWEEN_S))
        waits = any(terminal.waiting for terminal in shop.terminals)
        for name in doomed:
            mortals[name].kill()
            tally.died[name] += 1
            tally.on_the_way += waits
        for name in doomed:
            time.sleep(choose.uniform(0, DOWN_S))
            mortals[name].start()
    return tally


def wait_for_a_result(shop: Shop) -> None:
    """Return when some terminal has just said that a result is safe."""

    def made() -> int:
        return sum(len(terminal.announced()) for terminal in shop.terminals)

    before = made()
    happens(lambda: made() > before, RESULT_WITHIN_S)


def check_that_all_is_safe(shop: Shop, terminal: Terminal, folder: Path) -> None:
    """The carrier has all that this terminal ever made, once, in order, unchanged."""
    kept = terminal.kept()
    epochs, seqs, states, tokens = zip(*kept, strict=True)
    assert len(set(epochs)) == 1
    assert list(seqs) == list(range(len(kept)))
    assert set(states) == {"receipted"}
    there = shop.carrier_store().tokens(terminal.device)
    assert [seq for seq, token in enumerate(tokens) if token not in there] == []
    assert there == list(tokens)
    announced = terminal.announced()
    assert len({seq for seq, _ in announced}) == len(announced)
    for seq, verdict in announced:
        assert claims(tokens[seq])["verdict"] == verdict
    results = folder / f"{terminal.device}.jws"
    results.write_text("\n".join(tokens))
    verify = [sys.executable, "-m", "likeness", "carrier", "verify", str(results)]
    key = shop.public_key(terminal.device)
    assert subprocess.run([*verify, "--key", key], check=False).returncode == 0


def test_nothing_is_lost_or_doubled(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    choose = random.Random(SEED)  # noqa: S311 - no secret
    with Shop(tmp_path, pictures, *DEVICES) as shop:
        for mortal in shop.mortals.values():
            mortal.start()
        for terminal in shop.terminals:
            assert terminal.says("event=ready", READY_WITHIN_S)
        visitors = [Visitors(one, shop.cards, choose) for one in shop.terminals]
        for crowd in visitors:
            crowd.start()
        tally = kill_again_and_again(shop, choose)
        for crowd in visitors:
            crowd.close()
        for terminal in shop.terminals:
            assert terminal.delivers_all(DELIVERED_WITHIN_S)
            assert terminal.stop() == 0
        assert shop.carrier.stop() == 0
        store = shop.carrier_store()
        made = {one.device: len(one.kept()) for one in shop.terminals}
        heads = {chain.device: chain.upto.seq + 1 for chain in store.chains()}
        again = shop.carrier.said().count("event=kept_before")
        with capsys.disabled():
            sys.stdout.write(
                f"\nseed {SEED}; killed: {dict(tally.died)}, {tally.on_the_way} of them"
                f" with records on the way; records made: {made};"
                f" kept by the carrier: {heads}; delivered once more: {again}\n"
            )
        for terminal in shop.terminals:
            check_that_all_is_safe(shop, terminal, tmp_path)
        assert heads == made
        assert store.gaps() == []
        assert store.alarms() == []
    assert tally.died.total() >= KILLS
    assert tally.on_the_way > 0
    assert sum(made.values()) > KILLS / 2
