"""Killed at any call of its store or its broker, a terminal loses and doubles nothing.

Before and after the first call, the second, the third … until a life passes unharmed.
"""

import signal
import sys
from pathlib import Path

import pytest

from crash.cell import TESTS, Cell, SlimTerminal
from crash.doomed_terminal import RESULTS, orders_of
from crash.judge import judge
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from processes import Program, happens

pytestmark = [pytest.mark.broker, pytest.mark.slow]

WITHIN_S = 240.0
# Opening, an epoch, two results, their delivery: fewer calls than these is a harness
# that does not reach them.
CALLS_AT_LEAST = 30


def rounds(doomed: Program) -> list[tuple[int, int, int]]:
    """Return n and both exit codes of each round that has ended."""
    lines = (line.split() for line in doomed.said().splitlines())
    return [(int(n), int(first), int(second)) for n, first, second in lines]


def test_killed_at_every_call(tmp_path: Path) -> None:
    bench_keys.make(tmp_path / "keys", "nobody", (Environment.TEST,))  # the carrier's
    with Cell(tmp_path, "outbox", terminals=0) as cell:
        port = cell.broker.port
        doomed = {}
        for when in ("before", "after"):
            command = (sys.executable, "-m", "crash.doomed_terminal")
            doomed[when] = Program(
                tmp_path / when, *command, tmp_path, port, when, cwd=TESTS
            )
            doomed[when].start()
        assert happens(lambda: all(one.fell for one in doomed.values()), WITHIN_S)
    for when, program in doomed.items():
        *killed, unharmed = rounds(program)
        assert len(killed) >= CALLS_AT_LEAST
        assert {codes[1:] for codes in killed} == {(-signal.SIGKILL, 0)}
        assert unharmed[1:] == (0, 0)
        for number, *_ in rounds(program):
            orders = orders_of(tmp_path, port, when, number)
            cell.terminals.append(SlimTerminal(orders, cell.carrier_proxy))
    found = judge(cell)
    assert found.faultless, found
    assert found.made >= len(cell.terminals) * (1 + RESULTS)
