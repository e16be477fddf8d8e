"""The contract of cameras, kept by each kind of them; see camera_contract.py."""

import asyncio
from contextlib import contextmanager
from pathlib import Path

import pytest

from camera_contract import CHECKS
from cameras import CAMERAS

NEEDS = {"picamera2": pytest.mark.picamera2}
KINDS = [pytest.param(kind, marks=NEEDS.get(kind, ())) for kind in CAMERAS]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_contract(kind: str, check: str, tmp_path: Path) -> None:
    async def run() -> None:
        with contextmanager(CAMERAS[kind])(tmp_path) as stage:
            try:
                await CHECKS[check](stage)
            finally:
                await stage.camera.stop()

    asyncio.run(run())
