"""The end of a child is heard of also when its pipe is full."""

import asyncio
import sys
from asyncio.subprocess import PIPE

from likeness.edges.child_end import ended

FLOOD = "while True: print('x' * 1000)"


def test_one_that_floods_a_pipe_nobody_reads() -> None:
    async def story() -> int:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FLOOD, stdout=PIPE
        )
        assert child.stdout is not None
        await child.stdout.readexactly(1)
        # Paused: more is waiting than asyncio takes. `child.wait()` would never return.
        while not child.stdout._paused:  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
        child.kill()
        async with asyncio.timeout(30):
            return await ended(child)

    assert asyncio.run(story()) == -9


def test_one_without_pipes() -> None:
    async def story() -> int:
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "exit(3)")
        return await ended(child)

    assert asyncio.run(story()) == 3
