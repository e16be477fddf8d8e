"""Millions of inputs over all targets: counts, crashes, hangs, memory, for each.

    cd tests
    python -m fuzz.campaign --inputs 10000000 --seed 7 --out campaign.json

Each target runs in a process of its own, one after the other, or two at once with
`--jobs 2`. The same seed gives the same inputs (but for keys, which are new each time).
Exit code 0: nothing was found; 1: something was, it stands in the file, shortened.
"""

import argparse
import logging
import multiprocessing
import multiprocessing.connection
import multiprocessing.context
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fuzz.engine import Board, Engine, Finding, Tally, Target
from fuzz.shorten import minimal
from fuzz.targets import beginning, named

# Nothing comes back from a library, or from a wait: no input takes this long.
STUCK_S = 120.0
LOOK_EVERY_S = 0.25

Fork = multiprocessing.context.ForkContext


class Report(msgspec.Struct, kw_only=True):
    """What was tried, and what came of it."""

    began: str
    seed: int
    machine: str
    python: str
    seconds: float
    inputs: int
    crashes: int
    hangs: int
    memory: int
    targets: dict[str, Tally]


@dataclass(frozen=True)
class Plan:
    """How much of it, and how long an input may be waited for."""

    inputs: int
    seed: int
    jobs: int = 1
    stuck_s: float = STUCK_S


def spread(targets: Sequence[Target], inputs: int) -> dict[str, int]:
    """Share the inputs out; each target gets at least one for every seed or so."""
    whole = sum(one.share for one in targets)
    return {one.name: max(8, int(inputs * one.share / whole)) for one in targets}


def run(targets: Sequence[Target], plan: Plan) -> Report:
    """Try them all."""
    began, at = time.monotonic(), time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    shares = spread(targets, plan.inputs)
    with ThreadPoolExecutor(plan.jobs) as pool:
        done = pool.map(lambda one: _told(one, shares[one.name], plan), targets)
        tallies = dict(zip([one.name for one in targets], done, strict=True))
    return Report(
        began=at,
        seed=plan.seed,
        machine=f"{platform.machine()}, {multiprocessing.cpu_count()} cores",
        python=platform.python_version(),
        seconds=round(time.monotonic() - began, 1),
        inputs=sum(one.inputs for one in tallies.values()),
        crashes=sum(one.crashes for one in tallies.values()),
        hangs=sum(one.hangs for one in tallies.values()),
        memory=sum(one.memory for one in tallies.values()),
        targets=tallies,
    )


def _told(target: Target, inputs: int, plan: Plan) -> Tally:
    tally = Tally()
    for part in _parts(target, inputs, plan):
        tally = _sum(tally, part)
    print(row(target.name, tally), flush=True)  # noqa: T201
    return tally


def _parts(target: Target, inputs: int, plan: Plan) -> Iterator[Tally]:
    """Go on in a new process after one that died or had to be killed."""
    for attempt in range(3):
        tally = _in_a_process(target, inputs, f"{plan.seed}.{attempt}", plan.stuck_s)
        yield tally
        inputs -= tally.inputs
        if inputs <= 0 or len(tally.findings) > 1 or tally.hangs > 1:
            return


def _in_a_process(target: Target, inputs: int, seed: str, stuck_s: float) -> Tally:
    fork: Fork = multiprocessing.get_context("fork")
    board = Board()
    here, there = fork.Pipe(duplex=False)
    child = fork.Process(target=_work, args=(target, inputs, seed, board, there))
    child.start()
    there.close()
    said = _await(here, board, child, stuck_s)
    child.join()
    if isinstance(said, Tally):
        return said
    count, data = board.read()
    finding = Finding(
        target.name, "hang" if said else "crash", said or _end(child), data
    )
    return Tally(
        inputs=count + 1, crashes=not said, hangs=bool(said), findings=[finding]
    )


def _await(
    here: multiprocessing.connection.Connection,
    board: Board,
    child: multiprocessing.context.ForkProcess,
    stuck_s: float,
) -> Tally | str:
    """Return what the child found; a reason if it hangs, "" if it died."""
    moved_at, count = time.monotonic(), -1
    while True:
        if here.poll(LOOK_EVERY_S):
            try:
                return msgspec.msgpack.decode(here.recv_bytes(), type=Tally)
            except EOFError:
                return ""
        now, (reached, _) = time.monotonic(), board.read()
        if reached != count:
            moved_at, count = now, reached
        elif now - moved_at > stuck_s:
            child.kill()
            return f"no end within {stuck_s:g} s"


def _work(
    target: Target,
    inputs: int,
    seed: str,
    board: Board,
    there: multiprocessing.connection.Connection,
) -> None:
    """Be the child: try, then shorten what was found."""
    logging.getLogger().addHandler(_Reader())
    tally = Engine(target, seed, board).go(inputs)
    if tally.findings:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
            subject = target.make(Path(name))
            tally.findings = [
                msgspec.structs.replace(
                    one, input=minimal(target, subject, one.input, board)
                )
                if one.kind == "crash"
                else one
                for one in tally.findings
            ]
            subject.close()
    there.send_bytes(msgspec.msgpack.encode(tally))


class _Reader(logging.Handler):
    """Formats every line, as a journal would, and throws it away."""

    def emit(self, record: logging.LogRecord) -> None:
        record.getMessage()


def _end(child: multiprocessing.context.ForkProcess) -> str:
    return f"the process ended with {child.exitcode}"


def _sum(one: Tally, other: Tally) -> Tally:
    refused = dict(one.refused)
    for kind, count in other.refused.items():
        refused[kind] = refused.get(kind, 0) + count
    return Tally(
        inputs=one.inputs + other.inputs,
        bytes=one.bytes + other.bytes,
        accepted=one.accepted + other.accepted,
        refused=refused,
        crashes=one.crashes + other.crashes,
        hangs=one.hangs + other.hangs,
        memory=one.memory + other.memory,
        cpu_s=round(one.cpu_s + other.cpu_s, 2),
        slowest_ms=max(one.slowest_ms, other.slowest_ms),
        peak_mib=max(one.peak_mib, other.peak_mib),
        grown_mib=max(one.grown_mib, other.grown_mib),
        findings=one.findings + other.findings,
    )


HEAD = (
    f"{'target':19}{'inputs':>10}{'taken':>10}{'refused':>10}{'crash':>6}{'hang':>5}"
    f"{'memory':>7}{'slowest ms':>11}{'peak MiB':>9}{'grown':>6}{'inputs/s':>9}"
    f"{'MB':>8}"
)


def row(name: str, tally: Tally) -> str:
    """Return one line of the table; inputs/s are of processor time."""
    per_s = tally.inputs / tally.cpu_s if tally.cpu_s else 0
    return (
        f"{name:19}{tally.inputs:>10}{tally.accepted:>10}"
        f"{sum(tally.refused.values()):>10}{tally.crashes:>6}{tally.hangs:>5}"
        f"{tally.memory:>7}{tally.slowest_ms:>11.1f}{tally.peak_mib:>9}"
        f"{tally.grown_mib:>6}{per_s:>9.0f}{tally.bytes / 1e6:>8.1f}"
    )


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--target", action="append", default=[])
    parser.add_argument("--from", dest="first", default="", help="this and those after")
    given = parser.parse_args(None if arguments is None else list(arguments))
    print(HEAD)  # noqa: T201
    plan = Plan(inputs=given.inputs, seed=given.seed, jobs=given.jobs)
    report = run(beginning(given.first, named(given.target)), plan)
    if given.out:
        given.out.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    found = [one for tally in report.targets.values() for one in tally.findings]
    for one in found:
        print(f"{one.target}: {one.kind}: {one.what}: {one.input[:200]!r}")  # noqa: T201
    print(  # noqa: T201
        f"{report.inputs} inputs in {report.seconds:.0f} s: {report.crashes} crashes,"
        f" {report.hangs} hangs, {report.memory} findings of memory"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
