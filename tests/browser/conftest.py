"""One browser for all visits of a module, and one loop that it lives on."""

import asyncio
from collections.abc import Iterator

import pytest

from browser.chromium import Chromium


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def browser(loop: asyncio.Runner) -> Iterator[Chromium]:
    chromium = Chromium()
    loop.run(chromium.__aenter__())
    yield chromium
    loop.run(chromium.__aexit__(None, None, None))
