"""Waits for the end of a child process whose pipe may be full.

asyncio tells of a child's end only when its pipes have ended as well, and it does not
read on from a pipe of which nobody takes: so what the child still said is read and
dropped. Leaves to others: killing it, and how long it may take.
"""

from asyncio.subprocess import Process

READ_SIZE = 65_536


async def ended(child: Process) -> int:
    """Return the exit code, once the child is gone."""
    while child.stdout is not None and await child.stdout.read(READ_SIZE):
        pass
    return await child.wait()
