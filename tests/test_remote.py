"""A bundle that a desired configuration names, and how often orders end a run."""

import re
from pathlib import Path

import msgspec
import pytest

from likeness import remote
from likeness.core.orders import RESTARTS_AFTER_S, Bundle
from likeness.core.update import Ledger, confirm
from likeness.errors import StoreFull, UpdateRefused
from likeness.service.timekeeping import Timekeeping
from results import FixedClock
from update_bench import NOW, UpdateBench

TIME = Timekeeping(FixedClock(NOW))


def test_the_bundle_that_is_wanted_is_used_from_the_next_start(tmp_path: Path) -> None:
    bench = UpdateBench(tmp_path)
    digest = bench.publish(1)
    wanted = Bundle(number=1, digest=digest)
    use = remote.fetch_bundle(bench.settings, TIME, wanted)
    assert bench.ledger == Ledger()
    use(lambda: None)
    assert bench.ledger.current == digest
    used = bench.ledger
    remote.fetch_bundle(bench.settings, TIME, wanted)(lambda: None)
    assert bench.ledger == used


def everything(bench: UpdateBench) -> tuple[Ledger, set[str]]:
    return bench.ledger, {path.name for path in bench.sets.folder.iterdir()}


@pytest.mark.parametrize("on_trial", [True, False])
def test_a_wish_that_cannot_be_kept_leaves_the_models_as_they_were(
    tmp_path: Path, on_trial: bool
) -> None:
    bench = UpdateBench(tmp_path)
    for number in (1, 2):
        bench.publish(number)
        bench.apply()
        if number == 1 or not on_trial:
            bench.sets.change(lambda ledger: confirm(ledger, ledger.current))
    before = everything(bench)

    def fail() -> None:
        raise StoreFull("it cannot be kept")

    wanted = Bundle(number=3, digest=bench.publish(3))
    use = remote.fetch_bundle(bench.settings, TIME, wanted)
    with pytest.raises(StoreFull, match="cannot be kept"):
        use(fail)
    assert everything(bench) == before
    remote.fetch_bundle(bench.settings, TIME, wanted)(lambda: None)
    assert bench.ledger.current == wanted.digest


def test_a_bundle_that_another_update_has_overtaken_is_not_switched_to(
    tmp_path: Path,
) -> None:
    bench = UpdateBench(tmp_path)
    wanted = Bundle(number=1, digest=bench.publish(1))
    use = remote.fetch_bundle(bench.settings, TIME, wanted)
    newer = bench.publish(2)
    bench.apply()
    kept: list[str] = []
    with pytest.raises(UpdateRefused, match="another update came between"):
        use(lambda: kept.append("the wish"))
    assert (bench.ledger.current, kept) == (newer, [])


@pytest.mark.parametrize(("number", "digest"), [(2, None), (1, "ab" * 32)])
def test_another_bundle_than_the_one_that_is_wanted_is_refused(
    tmp_path: Path, number: int, digest: str | None
) -> None:
    bench = UpdateBench(tmp_path)
    offered = bench.publish(1)
    wanted = Bundle(number=number, digest=digest or offered)
    with pytest.raises(UpdateRefused, match="is not the one that is wanted"):
        remote.fetch_bundle(bench.settings, TIME, wanted)
    assert bench.ledger.current == ""


def test_without_a_source_no_bundle_comes(tmp_path: Path) -> None:
    bench = UpdateBench(tmp_path)
    update = msgspec.structs.replace(bench.settings.update, source="")
    nowhere = msgspec.structs.replace(bench.settings, update=update)
    with pytest.raises(UpdateRefused, match=r"update\.source is empty"):
        remote.fetch_bundle(nowhere, TIME, Bundle(number=1, digest="ab" * 32))


def test_orders_alone_cannot_make_the_unit_reboot_the_device(root: Path) -> None:
    """Each life that ends by order is so long that too few begin; a few may fall."""
    unit = (root / "systemd/likeness.service").read_text()

    def said(key: str) -> float:
        (value,) = re.findall(rf"^{key}=(\d+)$", unit, re.MULTILINE)
        return float(value)

    shortest_s = RESTARTS_AFTER_S + said("RestartSec")
    begun = said("StartLimitIntervalSec") / shortest_s
    assert begun + 1 < said("StartLimitBurst")
