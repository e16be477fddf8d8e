"""Faults by the hundred against real programs, and the count of what was lost.

    cd tests
    python -m crash.campaign --faults 1000 --seed 7 --arm outbox --out outbox.json

Exit code 0: nothing was lost, doubled or changed; 1: something was (the naive arm's
lot). With `--faults 0 --seconds 60` nothing goes wrong, and the deliveries are counted.
Each fault comes up to a second after the one before, so an hour has two thousand.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec

from crash import faults
from crash.cell import Cell
from crash.faults import Fault
from crash.judge import Judgement, judge
from crash.slim_terminal import Arm
from processes import happens

DRAINED_WITHIN_S = 400.0
TELL_EVERY = 50


class Report(msgspec.Struct, kw_only=True):
    """What was done, and what came of it."""

    arm: Arm
    seed: int
    persistence: bool
    terminals: int
    seconds: float
    faults: dict[str, int]
    fell: dict[str, int]  # programs that ended by themselves
    extra: int
    faultless: bool
    found: Judgement


def run(cell: Cell, plan: list[Fault], seconds: float) -> Counter[str]:
    """Let all faults happen, then wait for what is on its way; return who fell."""
    fell: Counter[str] = Counter()
    with cell:
        time.sleep(seconds)
        for number, fault in enumerate(plan, 1):
            time.sleep(fault.after_s)
            cell.inflict(fault)
            fell.update(cell.raise_fallen())
            if number % TELL_EVERY == 0:
                sys.stderr.write(f"{number} faults\n")
        for terminal in cell.terminals:
            terminal.close()
        happens(lambda: cell.drained, DRAINED_WITHIN_S)
        fell.update(cell.raise_fallen())
    return fell


def main() -> int:
    """Run one campaign."""
    given = _arguments()
    plan = faults.plan(given.seed, given.faults)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crash-", dir=given.scratch) as folder:
        cell = Cell(
            Path(folder),
            given.arm,
            terminals=given.terminals,
            pace_s=(given.pace_s[0], given.pace_s[1]),
            persistence=given.persistence,
        )
        fell = run(cell, plan, given.seconds)
        took_s = time.monotonic() - began_s
        found = judge(cell)
    report = Report(
        arm=given.arm,
        seed=given.seed,
        persistence=given.persistence,
        terminals=given.terminals,
        seconds=round(took_s, 1),
        faults=dict(Counter(fault.kind.value for fault in plan)),
        fell=dict(fell),
        extra=found.extra,
        faultless=found.faultless and not fell,
        found=found,
    )
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    sys.stdout.write(given.out.read_text())
    return 0 if report.faultless else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=2.0, help="before the first")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--arm", choices=("outbox", "naive"), default="outbox")
    parser.add_argument("--terminals", type=int, default=3)
    parser.add_argument("--pace-s", type=float, nargs=2, default=(0.05, 0.3))
    parser.add_argument("--persistence", action="store_true", help="of the broker")
    parser.add_argument(
        "--scratch", type=Path, help="default: where temporary files go"
    )
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
