"""Ten thousand visits on the soak's clock, some weeks of a shop in some minutes.

Visitors come one after another, with cards of their own or of others, and now and then
something breaks. Every so many visits, when nothing goes on, a sample is taken of this
very process. Leaves to others: the parts (stage), what may grow (flatness).
"""

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from likeness.carrier.store import CarrierStore
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt_reader import SdtCard
from soak import vitals
from soak.stage import DEVICE, Plan, Stage
from soak.vitals import Vitals
from soak.warp_loop import WarpLoop

# How often each is told, of a hundred visits.
STORIES = {
    "own_card": 50.0,
    "strangers_card": 20.0,
    "leaves_early": 12.0,
    "nobody_there": 4.0,
    "no_portrait": 3.0,
    "no_nonce": 3.0,
    "reader_unplugged": 3.0,
    "camera_unplugged": 2.0,
    "disk_full_before": 1.3,
    "disk_full_at_the_end": 1.3,
    "broker_away": 0.4,
}
EARLY_S = (0.5, 6.0)
AWAY_S = (2.0, 40.0)
BROKER_AWAY_S = 3600.0
CARD_READ_WITHIN_S = 3.0
VISIT_WITHIN_S = 180.0
LOOK_EVERY_S = 0.25
QUIET_WITHIN_S = 4 * 3600.0


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it all: ending.json."""

    days: float  # on the soak's clock
    stories: dict[str, int]
    shown: dict[str, int]  # on the screen, by state
    results: int  # that the terminal made
    carrier_records: int  # that the carrier keeps; the epoch's first one is no result
    gaps: int  # places of the chain that the carrier misses
    let_offs: int  # the clock went on though an answer was owed


def run(plan: Plan, visits: int, *, every: int, seed: int) -> Ending:
    """Play so many visits; samples.jsonl and ending.json stay in the plan's folder."""
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        ending = runner.run(_play(plan, visits, every, seed))
    (plan.folder / "ending.json").write_bytes(msgspec.json.encode(ending))
    return ending


async def _play(plan: Plan, visits: int, every: int, seed: int) -> Ending:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WarpLoop)
    stage = Stage(plan, loop)
    visitors = Visitors(stage, plan, random.Random(seed))  # noqa: S311 - no secret
    async with stage.running() as serving:
        coming = asyncio.create_task(visitors.come(visits, every))
        await asyncio.wait([serving, coming], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            coming.cancel()
            serving.result()
        coming.result()
    return visitors.ending(loop.time())


class Visitors:
    """One after another."""

    def __init__(self, stage: Stage, plan: Plan, choose: random.Random) -> None:
        self._stage = stage
        self._samples = plan.folder / "samples.jsonl"
        self._between_s = plan.between_s
        self._choose = choose
        self._pictures = {
            name: path.read_bytes() for name, path in plan.pictures.items()
        }
        self._frames = len(plan.clip.frames)
        self._told: Counter[str] = Counter()
        self._away: asyncio.Task[None] | None = None

    async def come(self, visits: int, every: int) -> None:
        """Play visits, and take a sample after every so many."""
        for number in range(1, visits + 1):
            await asyncio.sleep(self._choose.expovariate(1 / self._between_s))
            (story,) = self._choose.choices([*STORIES], [*STORIES.values()])
            self._told[story] += 1
            await self._visit(story, number)
            if number % every == 0:
                vitals.write([await self._sample(number)], self._samples)
        await self._until(lambda: self._stage.quiet, QUIET_WITHIN_S)

    def ending(self, took_s: float) -> Ending:
        """Sum up; both databases are closed."""
        carrier = CarrierStore(self._stage.carrier_database)
        kept, gaps = carrier.tokens(DEVICE), carrier.gaps()
        carrier.close()
        return Ending(
            days=round(took_s / 86_400, 2),
            stories=dict(self._told),
            shown=dict(self._stage.screen.shown),
            results=self._stage.terminal.visits_done,
            carrier_records=len(kept),
            gaps=len(gaps),
            let_offs=self._stage.line.let_offs,
        )

    async def _visit(self, story: str, number: int) -> None:
        """One visitor, from his card to the welcome for the next one."""
        stage = self._stage
        self._break(story)
        stage.camera.begins_at = self._choose.randrange(2 * self._frames)
        stage.reader.reader.lay(self._card(story, number))
        await self._until(lambda: not stage.terminal.idle, CARD_READ_WITHIN_S)
        if story in ("leaves_early", "reader_unplugged"):
            await asyncio.sleep(self._choose.uniform(*EARLY_S))
        if story == "reader_unplugged":
            stage.reader.unplug()
        elif story != "leaves_early":
            await self._until(self._is_over, VISIT_WITHIN_S)
        stage.reader.reader.take_away()
        await self._until(lambda: stage.terminal.idle, VISIT_WITHIN_S)
        if story == "reader_unplugged":
            await asyncio.sleep(self._choose.uniform(*AWAY_S))
            stage.reader.replug()
        self._mend()

    def _is_over(self) -> bool:
        terminal = self._stage.terminal
        return terminal.idle or terminal.last is not None

    def _break(self, story: str) -> None:
        stage = self._stage
        match story:
            case "nobody_there":
                stage.sight.nobody = True
            case "no_portrait":
                stage.portraits.fails = True
            case "no_nonce":
                stage.silent_carrier = True
            case "camera_unplugged":
                stage.camera.frames_left = self._choose.uniform(1, 100)
            case "disk_full_before":
                stage.disk_full_at = "begin"
            case "disk_full_at_the_end":
                stage.disk_full_at = "commit"
            case "broker_away" if self._away is None or self._away.done():
                self._away = asyncio.create_task(self._broker_away())
            case _:
                pass

    def _mend(self) -> None:
        stage = self._stage
        stage.sight.nobody = stage.portraits.fails = stage.silent_carrier = False
        stage.camera.frames_left = float("inf")
        stage.disk_full_at = ""

    async def _broker_away(self) -> None:
        self._stage.broker.kill()
        await asyncio.sleep(BROKER_AWAY_S)
        self._stage.broker.start()

    def _card(self, story: str, number: int) -> SdtCard:
        """A card that nobody had before: what is remembered of each must go again."""
        whose = "other" if story == "strangers_card" else "own"
        return simulated(fictitious_card(number), self._pictures[whose])

    async def _sample(self, visits: int) -> Vitals:
        stage = self._stage
        await self._until(lambda: stage.quiet, QUIET_WITHIN_S)
        gc.collect()
        return vitals.take(
            "self",
            stage.database,
            at_s=stage.clock.now(),
            visits=visits,
            quiet=stage.quiet,
            objects=len(gc.get_objects()),
            tasks=len(asyncio.all_tasks()),
        )

    async def _until(self, what: Callable[[], bool], within_s: float) -> None:
        """Wait for something, but not for ever."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + within_s
        while not what() and loop.time() < until_s:
            await asyncio.sleep(LOOK_EVERY_S)


def pictures_for(folder: Path, own: bytes, other: bytes) -> dict[str, Path]:
    """Write the cards' portraits where the real decoder finds them."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {"own": folder / "own.jpg", "other": folder / "other.jpg"}
    found["own"].write_bytes(own)
    found["other"].write_bytes(other)
    return found
