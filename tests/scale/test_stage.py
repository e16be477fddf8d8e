"""The stage has our shipped numbers, and they let a whole batch be answered."""

import re
from pathlib import Path

from likeness.carrier.ingest import BATCH
from scale.stage import TAKEN_OVER, Broker, shipped


def test_the_numbers_are_the_shipped_ones(tmp_path: Path) -> None:
    Broker(tmp_path)
    written = (tmp_path / "mosquitto.conf").read_text()
    for name in TAKEN_OVER:
        assert re.findall(rf"^{name} (\d+)$", written, re.M) == [str(shipped(name))]


def test_the_receipts_of_a_batch_go_out_at_once() -> None:
    """Else they wait for PUBACKs that stand behind what the ingest does not read."""
    assert shipped("max_inflight_messages") >= BATCH
