"""A test that is a coroutine: `@story` runs it on a loop of its own."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import ParamSpec

Given = ParamSpec("Given")


def story(test: Callable[Given, Coroutine[None, None, None]]) -> Callable[Given, None]:
    @functools.wraps(test)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


async def until(what: Callable[[], bool], within_s: float = 30.0) -> None:
    """Wait for something that happens elsewhere."""
    async with asyncio.timeout(within_s):
        while not what():
            await asyncio.sleep(0.01)
