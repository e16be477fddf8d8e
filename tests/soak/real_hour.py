"""The real programs with real models for an hour of visits, looked at from outside.

`likeness run` (test environment, a clip for a camera, a simulated reader), a real
mosquitto and `likeness carrier run`, each a process of its own. Visitors come one after
another; a few leave early, now and then the reader is unplugged or the broker dies.
Leaves to others: what may grow (flatness), the page (soak_page).
"""

import random
import threading
import time
from collections import Counter
from pathlib import Path

import msgspec

from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt_reader import SdtCard
from programs import Shop, Terminal
from soak import vitals

READY_WITHIN_S = 120.0
VERDICT_WITHIN_S = 90.0
WELCOME_WITHIN_S = 30.0
DELIVERED_WITHIN_S = 400.0
BACK_WITHIN_S = 30.0
SAMPLE_EVERY_S = 10.0
SETTLED_S = 0.5  # after a visit its helpers are gone
PAUSE_S = (0.5, 4.0)  # between two visitors
EARLY_S = (0.3, 2.5)  # he takes his card away
AWAY_S = (2.0, 8.0)  # a reader, a broker
MINUTE_S = 60.0
DEVICE = "shop-1"
STORIES = {"own": 45, "stranger": 30, "leaves": 18, "unplugged": 5, "no_broker": 2}


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the hour: ending.json."""

    minutes: float
    stories: dict[str, int]
    verdicts: dict[str, int]
    announced: int  # results that the terminal said were safe
    records: int  # in its database, birth and others included
    receipted: int
    carrier_records: int  # that the carrier keeps
    same: bool  # the carrier keeps these very tokens, once each, in order
    stopped: int  # the terminal's exit code


class Watch(threading.Thread):
    """Takes a sample every ten seconds, and one whenever it is told."""

    def __init__(self, folder: Path, terminal: Terminal) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self._terminal = terminal
        self._began_s = time.monotonic()
        self._closed = threading.Event()
        self._lock = threading.Lock()

    @property
    def past_s(self) -> float:
        """How long it watches."""
        return time.monotonic() - self._began_s

    def run(self) -> None:
        while not self._closed.wait(SAMPLE_EVERY_S):
            self.look(quiet=False)

    def look(self, *, quiet: bool) -> None:
        """Take one sample of the terminal, and keep it at once."""
        with self._lock:
            sample = vitals.take(
                self._terminal.pid,
                self._terminal.database,
                at_s=self.past_s,
                visits=len(self._terminal.announced()),
                quiet=quiet,
            )
            vitals.write([sample], self._folder / "samples.jsonl")

    def close(self) -> None:
        """End it."""
        self._closed.set()
        self.join()


def run(folder: Path, pictures: Path, *, minutes: float, seed: int) -> Ending:
    """Let visitors come for so long; samples.jsonl and ending.json stay in `folder`."""
    choose = random.Random(seed)  # noqa: S311 - no secret
    stage = folder / "stage"
    stage.mkdir(parents=True)
    told: Counter[str] = Counter()
    with Shop(stage, pictures, DEVICE) as shop:
        (terminal,) = shop.terminals
        portraits = {
            "own": (stage / "cards" / "1.jpg").read_bytes(),
            "stranger": (stage / "cards" / "2.jpg").read_bytes(),
        }
        for mortal in shop.mortals.values():
            mortal.start()
        assert terminal.says("event=ready", READY_WITHIN_S), terminal.said()
        watch = Watch(folder, terminal)
        watch.start()
        while watch.past_s < minutes * MINUTE_S:
            (story,) = choose.choices([*STORIES], [*STORIES.values()])
            told[story] += 1
            portrait = portraits["stranger" if story == "stranger" else "own"]
            # His own: a card that fails three times goes to an attendant, unseen.
            card = simulated(fictitious_card(told.total()), portrait)
            visit(shop, terminal, story, card, choose)
            time.sleep(SETTLED_S)
            watch.look(quiet=True)
            time.sleep(choose.uniform(*PAUSE_S))
        watch.close()
        assert terminal.delivers_all(DELIVERED_WITHIN_S)
        watch.look(quiet=True)
        ending = _ending(shop, terminal, told, watch.past_s / MINUTE_S)
    (folder / "ending.json").write_bytes(msgspec.json.encode(ending))
    return ending


def visit(
    shop: Shop, terminal: Terminal, story: str, card: SdtCard, choose: random.Random
) -> None:
    """One visitor, from his card to the next welcome."""
    since = terminal.written
    terminal.reader.lay(card)
    if story in ("leaves", "unplugged"):
        time.sleep(choose.uniform(*EARLY_S))
    if story == "unplugged":
        terminal.reader.unplug()
        time.sleep(choose.uniform(*AWAY_S))
        terminal.reader.replug()
    if story == "no_broker":
        shop.broker.kill()
        time.sleep(choose.uniform(*AWAY_S))
        shop.broker.start()
    if story != "leaves":
        terminal.says("event=visit_done", VERDICT_WITHIN_S, since)
    terminal.reader.take_away()
    terminal.says("Welcome.", WELCOME_WITHIN_S, since)
    back = {"unplugged": "event=reader_ready", "no_broker": "event=broker_up"}
    if story in back:
        terminal.says(back[story], BACK_WITHIN_S, since)


def _ending(
    shop: Shop, terminal: Terminal, told: Counter[str], minutes: float
) -> Ending:
    kept = terminal.kept()
    there = shop.carrier_store().tokens(terminal.device)
    announced = terminal.announced()
    return Ending(
        minutes=round(minutes, 1),
        stories=dict(told),
        verdicts=dict(Counter(verdict for _seq, verdict in announced)),
        announced=len(announced),
        records=len(kept),
        receipted=sum(state == "receipted" for _epoch, _seq, state, _token in kept),
        carrier_records=len(there),
        same=list(there) == [token for *_place, token in kept],
        stopped=terminal.stop(),
    )
