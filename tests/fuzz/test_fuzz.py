"""A short fuzz over every parser finds nothing; over parsers with a bug, each bug."""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import pytest

from fuzz import campaign
from fuzz.bugs import BUGS, run_again
from fuzz.campaign import Plan, Report
from fuzz.engine import Target
from fuzz.targets import TARGETS

SEED = 20_261_122
INPUTS = 10_000
# What these are given is a program, or is made the best of; the last has few inputs.
TAKE_ALL = {
    *("card dialogue", "carrier's chains", "former replay", "model ledger"),
    *("pn532 dialogue", "key strokes"),
    "picture child",
}
CPUS = len(os.sched_getaffinity(0))


def run(targets: Sequence[Target], inputs: int, stuck_s: float) -> Report:
    """In a new process: in a large one what grows finds room that was freed before."""
    names = [target.name for target in targets]
    plan = Plan(inputs, SEED, jobs=min(2, CPUS), stuck_s=stuck_s)
    new = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=new) as process:
        return process.submit(run_again, names, plan).result()


def test_nothing_is_found() -> None:
    report = run(TARGETS, INPUTS, campaign.STUCK_S)
    found = [one for tally in report.targets.values() for one in tally.findings]
    assert found == []
    assert report.inputs >= INPUTS * 0.99
    # Where nothing is taken, or nothing refused, the inputs are no test.
    dull = [name for name, one in report.targets.items() if not one.accepted]
    assert dull == []
    lax = {name for name, one in report.targets.items() if not one.refused}
    assert lax <= TAKE_ALL


@pytest.mark.parametrize(
    ("target", "kind", "inputs"), BUGS, ids=[one.name for one, *_ in BUGS]
)
def test_a_bug_is_found(target: Target, kind: str, inputs: int) -> None:
    report = run([target], inputs, 2.0)
    assert kind in {one.kind for one in report.targets[target.name].findings}


def test_a_finding_is_made_small() -> None:
    (bug,) = (target for target, *_ in BUGS if target.name == "UnicodeDecodeError")
    report = run([bug], 500, 5.0)
    assert min(len(one.input) for one in report.targets[bug.name].findings) <= 16


def test_the_same_seed_gives_the_same_inputs() -> None:
    (uri,) = (target for target in TARGETS if target.name == "pkcs11 uri")
    one, other = (run([uri], 2_000, 60.0).targets for _ in range(2))
    assert one["pkcs11 uri"].refused == other["pkcs11 uri"].refused
    assert one["pkcs11 uri"].accepted == other["pkcs11 uri"].accepted
