"""A terminal dies around stating, sending and being answered: nothing lost or doubled.

SIGKILL ends a process, not the machine. All calls: CRASH_STEP=1 pytest … --timeout 0
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from broker import mosquitto
from deliveries import DEVICE, running
from likeness.carrier.store import CarrierStore
from likeness.core import jws
from results import bench
from stories import story
from talks import carrier

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]

STEP = int(os.environ.get("CRASH_STEP", "5"))


@story
async def test_no_statement_is_lost_or_doubled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench(tmp_path)  # makes the keys that both sides have
    tests = Path(__file__).parents[1]
    with mosquitto(tmp_path) as broker:
        async with running(carrier(tmp_path, broker)):
            doomed = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "crash.doomed_statements"),
                *(str(tmp_path), str(broker.port), str(STEP)),
                cwd=tests,
                env={**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}/daemon"},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await doomed.communicate()
    assert doomed.returncode == 0, err.decode()[-2000:]
    lines = out.decode().splitlines()
    announced = [line.split()[1] for line in lines if line.startswith("stated")]
    died = [line for line in lines if line.startswith("died")]
    store = CarrierStore(tmp_path / "carrier.db")
    kept, alarms, evidence = store.stated(), store.alarms(), store.evidence(DEVICE)
    results = {jws.chain_hash(token) for token in store.tokens(DEVICE)}
    store.close()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(died)} deaths; stated {len(announced)}, kept {len(kept)}\n"
        )
    assert set(announced) <= {one.jti for one in kept}
    assert len(set(announced)) == len(announced)
    # One that was kept, but not announced, belongs to a life that died in between.
    assert len(kept) - len(announced) <= len(died)
    assert len({(one.epoch, one.seq) for one in kept}) == len(kept) <= len(results)
    assert (alarms, evidence) == ([], [])
    assert len(died) > 5
