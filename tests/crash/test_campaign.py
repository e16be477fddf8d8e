"""A short campaign, each kind of fault in it: the outbox loses nothing, naive does.

Both arms suffer the same faults in the same harness. That naive QoS 1 loses results
shows that the harness would find a loss: a refused publish and a queue in the memory of
a process that dies are lost for sure, and every plan has both.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crash.cell import TESTS
from crash.faults import Kind, plan

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]

FAULTS = 26
SEED = 286  # one of those whose faults are short


def campaign(folder: Path, arm: str) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit code and its report."""
    out = folder / f"{arm}.json"
    what = f"--faults {FAULTS} --seed {SEED} --arm {arm} --out {out}".split()
    command = [sys.executable, "-m", "crash.campaign", *what]
    done = subprocess.run(command, cwd=TESTS, stdout=subprocess.DEVNULL, check=False)
    return done.returncode, json.loads(out.read_text())


def test_the_outbox_loses_nothing_where_naive_does(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as both:
        ours, naive = both.map(campaign, [tmp_path] * 2, ("outbox", "naive"))
    code, report = ours
    assert (code, report["faultless"]) == (0, True), report
    assert set(report["faults"]) == {kind.value for kind in Kind}
    assert report["found"]["made"] > 100
    code, report = naive
    found = report["found"]
    assert (code, report["faultless"]) == (1, False), report
    assert found["lost"] == sum(found["lost_after"].values()) > 0
    assert found["lost_after"]["refused"] > 0
    assert found["doubled"] == found["altered"] == 0  # the carrier's side is the same


def test_a_longer_plan_begins_with_the_shorter_one() -> None:
    assert plan(SEED, 300)[:FAULTS] == plan(SEED, FAULTS)
    assert plan(SEED, FAULTS) != plan(SEED + 1, FAULTS)
    assert {fault.kind for fault in plan(3, len(Kind))} == set(Kind)
