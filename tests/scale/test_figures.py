"""Figures are those of their phase, exact, and of records that have a receipt."""

import os
import subprocess
import sys

from scale import cost, figures
from scale.floor import Told
from scale.show import Phase
from scale.terminals import Times

PHASE = Phase("steady", 10.0, 20.0, {"broker": 1.25}, {"broker": 2048})


def told(*times: Times) -> list[Told]:
    return [Told({0: list(times)}, {"sent": len(times)}, 0)]


def test_percentiles_are_by_nearest_rank() -> None:
    made = [Times(11.0, 11.0 + n / 1000, 11.0 + n / 500) for n in range(1, 201)]
    row = figures.of_phase(PHASE, told(*made))
    assert row["puback_ms"] == {"p50": 100.0, "p95": 190.0, "p99": 198.0, "max": 200.0}
    assert row["receipt_ms"]["p99"] == 396.0
    assert (row["records"], row["records_per_s"]) == (200, 20.0)
    assert row["memory_mib"] == {"broker": 2.0}


def test_what_was_made_before_or_has_no_receipt_is_not_counted() -> None:
    row = figures.of_phase(
        PHASE, told(Times(9.0, 9.1, 9.2), Times(20.0, 20.1, 20.2), Times(12.0, 12.1))
    )
    assert row["records"] == 0
    assert row["receipt_ms"] == {}


def test_a_process_costs_what_its_children_cost() -> None:
    burn = "import subprocess, sys; subprocess.run([sys.executable, '-c', {!r}])"
    loop = "import time\nwhile time.process_time() < 0.3: pass"
    rest = "; print('done', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", burn.format(loop) + rest],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        found = cost.of(process.pid)
    finally:
        process.communicate()
    assert found.cpu_s >= 0.3
    assert found.memory_kib > 1000
    assert cost.of(os.getpid()).memory_kib > 1000
