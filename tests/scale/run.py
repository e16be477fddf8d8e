"""Runs the simulated fleet against the real far side, and tells what it found.

    make scale
    cd tests && python -m scale.run --terminals 10000 --every 60 --out FILE.json

Phases: all come up; a steady minute; one ingest is killed in mid-load and started
again; the broker is; PostgreSQL is. At the end every record is looked for. Exit code 0:
all is kept once and receipted; 1: not so. Leaves to others: all of it.
"""

import argparse
import json
import logging
import math
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from scale import ahead, figures
from scale.figures import Figures
from scale.judge import judge
from scale.show import Show
from scale.stage import Kind, Stage

UP_WITHIN_S = 180.0
MORE = 3  # times what a terminal makes on average is made ahead, at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happens, and for how long; in seconds.

    Attributes:
        every_s: between two results of one terminal, on average.
        spread_s: over which the terminals come up.
        steady_s: nothing is killed.
        down_s: how long what was killed stays away.
        after_s: from then until the next is killed.
        faults: whether anything is killed at all.
        settles_within_s: in the end; the longest wait of the outbox is 300.
    """

    every_s: float = 60.0
    spread_s: float = 20.0
    steady_s: float = 60.0
    down_s: float = 5.0
    after_s: float = 20.0
    faults: bool = True
    settles_within_s: float = 330.0

    @property
    def loaded_s(self) -> float:
        """How long visitors come."""
        return self.steady_s + (3 * (self.down_s + self.after_s) if self.faults else 0)

    def plan(self, terminals: int, seed: int) -> ahead.Plan:
        """What must be made ahead for it."""
        results = math.ceil(self.loaded_s / self.every_s * MORE) + 2
        return ahead.Plan(terminals=terminals, results=results, seed=seed)


def run(
    folder: Path,
    made: Path,
    plan: ahead.Plan,
    course: Course,
    *,
    ingests: int = 2,
    kind: Kind = "postgres",
) -> Figures:
    """Go through all phases.

    Args:
        folder: empty; for what the programs keep and say.
        made: what is made ahead is there, or will be.
        plan: how many terminals.
        course: what happens.
        ingests: how many share the results.
        kind: of the carrier's database.
    """
    ahead.make(made, plan)
    stage = Stage(folder, made, ingests=ingests, kind=kind)
    with stage, Show(stage, made, plan, floors=1) as show:
        with show.phase("connect"):
            show.connect(course.spread_s)
            settled = show.up_and_idle(UP_WITHIN_S)
        show.begin(plan.terminals / course.every_s)
        with show.phase("steady"):
            time.sleep(course.steady_s)
        if course.faults:
            _let_things_fall(show, course)
        show.end()
        with show.phase("settle"):
            settled &= show.up_and_idle(course.settles_within_s)
        told = show.finish()
        lives = ahead.lives(made, 0, plan.terminals)
        more = {
            "terminals": plan.terminals,
            "every_s": course.every_s,
            "ingests": ingests,
            "database": kind,
            "settled": settled,
            "falls": stage.falls,
            "took": stage.took(),
        }
        return figures.whole(
            show.phases, told, judge(stage.database(), lives, told), more
        )


def _let_things_fall(show: Show, course: Course) -> None:
    stage = show.stage
    first = next(iter(stage.ingests))
    with show.phase("ingest killed"):
        stage.kill(first)
        time.sleep(course.down_s)
        stage.start(first)
        time.sleep(course.after_s)
    with show.phase("broker killed"):
        stage.broker.kill()
        time.sleep(course.down_s)
        stage.broker.start()
        time.sleep(course.after_s)
    if stage.postgres:
        with show.phase("database killed"):
            stage.postgres.stop("immediate")
            time.sleep(course.down_s)
            stage.postgres.start()
            time.sleep(course.after_s)


def main() -> int:
    """Take the command line."""
    ask = argparse.ArgumentParser(prog="scale.run", description=__doc__)
    ask.add_argument("--terminals", type=int, default=10_000)
    ask.add_argument("--every", type=float, default=60.0, help="seconds; see Course")
    ask.add_argument("--steady", type=float, default=60.0, help="seconds")
    ask.add_argument("--ingests", type=int, default=2)
    ask.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    ask.add_argument("--calm", action="store_true", help="nothing is killed")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--made", type=Path, help="keep what is made ahead here")
    ask.add_argument("--out", type=Path, help="write all figures here, as JSON")
    given = ask.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing stays behind
    course = Course(every_s=given.every, steady_s=given.steady, faults=not given.calm)
    plan = course.plan(given.terminals, given.seed)
    with tempfile.TemporaryDirectory(prefix="scale-") as scratch:
        folder = Path(scratch) / "stage"
        folder.mkdir()
        found = run(
            folder,
            given.made or Path(scratch) / "made",
            plan,
            course,
            ingests=given.ingests,
            kind=given.database,
        )
    if given.out:
        given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write("\n".join(figures.table(found)) + "\n")
    return 0 if found["judgement"]["is_good"] and found["settled"] else 1


if __name__ == "__main__":
    sys.exit(main())
