"""A device of many records is audited and exported a page at a time."""

import tracemalloc
from pathlib import Path

import pytest

from audits import DEVICE, Far
from likeness.carrier import tables
from likeness.carrier.audit import rows as audit_rows
from likeness.carrier.audit.audit import Audit
from likeness.carrier.audit.rows import Period
from likeness.carrier.database import Database
from likeness.carrier.trust import Trust
from results import bench, chain_of

COUNT = 400


def test_memory_does_not_grow_with_the_device(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = bench(tmp_path)
    far = Far(near, place)
    tokens = chain_of(near, COUNT - 1)
    for start in range(0, COUNT, 200):
        far.take(*tokens[start : start + 200])
    far.close()
    monkeypatch.setattr(audit_rows, "PAGE", 10)
    database, trust = Database(place), Trust(near.keys.devices)
    audit = Audit(database, trust, far.now, Period())
    audit.device(DEVICE)  # what is compiled and cached once
    tracemalloc.start()
    report = audit.device(DEVICE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    database.close()
    assert report.is_whole
    assert report.chains[0].records == COUNT
    assert peak < sum(len(token) for token in tokens) / 2


def test_alarms_are_counted_once_each_over_pages(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_rows, "PAGE", 10)
    database = Database(place)
    with database.begin() as db:
        for seq in range(35):
            alarm = {"device": DEVICE, "epoch": "e" * 32, "seq": seq // 2}
            texts = {"kind": "gap", "hash": f"h{seq}", "detail": "d", "token": "t"}
            db.execute(tables.alarms.insert().values(**alarm, **texts, raised_utc_s=1))
    found = [row.hash for row in audit_rows.alarms(database, DEVICE, Period())]
    names = list(audit_rows.devices(database))
    database.close()
    assert sorted(found) == sorted(f"h{seq}" for seq in range(35))
    assert names == [DEVICE]
