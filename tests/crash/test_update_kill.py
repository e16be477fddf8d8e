"""An update is killed, or loses power, before each change that it makes to the disk.

After each the next start finds a working set, the old one or the new one, and the
update, done again, completes.
"""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from likeness import models_in_use
from likeness.core import update
from likeness.core.update import PACKAGED
from power_cut import End, ends_at
from update_bench import UpdateBench

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FEWEST = 40  # changes that an update makes; fewer were a test that sees nothing


@pytest.fixture
def bench(tmp_path: Path) -> UpdateBench:
    """A terminal with bundle 2 in use and bundle 1 behind it; bundle 3 is offered."""
    made = UpdateBench(tmp_path)
    for number in (1, 2):
        made.publish(number)
        made.apply()
        passed(made)
    made.publish(3)
    shutil.copytree(made.state, tmp_path / "before", symlinks=True)
    return made


def passed(bench: UpdateBench) -> None:
    bench.sets.change(lambda ledger: update.confirm(ledger, ledger.current))


def as_before(bench: UpdateBench) -> None:
    shutil.rmtree(bench.state)
    shutil.copytree(bench.folder / "before", bench.state, symlinks=True)


def killed_at_each_step(
    bench: UpdateBench, work: Callable[[], object], end: End
) -> Iterator[int]:
    """Give the number of each step, after the work has died before it."""
    for step in itertools.count(1):
        as_before(bench)
        if not ends_at(step, work, bench.state, end):
            return
        yield step


@pytest.mark.parametrize("end", End)
def test_an_update_may_end_anywhere(bench: UpdateBench, end: End) -> None:
    old = bench.ledger.current
    used = []
    for _ in killed_at_each_step(bench, bench.apply, end):
        used.append(models_in_use.choose(bench.settings).digest)
        if used[-1] == old:
            assert bench.ledger.accepted == 2
            bench.apply()
        new = bench.ledger.current
        assert models_in_use.choose(bench.settings).digest == new != old
        assert (bench.ledger.accepted, bench.ledger.previous) == (3, old)
    assert len(used) > FEWEST
    assert set(used) == {old, new}
    # Once the new one is in use, it stays so: there is one moment of the switch.
    assert [digest == new for digest in used] == sorted(
        digest == new for digest in used
    )


@pytest.mark.parametrize("end", End)
def test_a_way_back_may_end_anywhere(bench: UpdateBench, end: End) -> None:
    good = bench.ledger.current
    bench.apply()
    bad = bench.ledger.current
    worn_out = update.Trial(starts=update.STARTS)
    bench.sets.change(lambda ledger: msgspec.structs.replace(ledger, trial=worn_out))
    shutil.rmtree(bench.folder / "before")
    shutil.copytree(bench.state, bench.folder / "before", symlinks=True)

    def start() -> None:
        models_in_use.choose(bench.settings)

    used = []
    for _ in killed_at_each_step(bench, start, end):
        used.append(models_in_use.choose(bench.settings).digest)
        returned = bench.ledger.returned
        assert returned is not None
        assert (returned.digest, returned.number) == (bad, 3)
    assert len(used) > 3
    assert set(used) == {good}


def test_no_update_at_all_leaves_the_packaged_set(tmp_path: Path) -> None:
    """The very first update of a new terminal, killed anywhere."""
    bench = UpdateBench(tmp_path)
    bench.publish(1)
    shutil.copytree(bench.state, tmp_path / "before")
    for _ in killed_at_each_step(bench, bench.apply, End.CUT_ALL):
        chosen = models_in_use.choose(bench.settings)
        assert chosen.digest in (PACKAGED, bench.ledger.current)
