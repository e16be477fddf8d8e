"""States decisions and kills itself before or after its n-th call of store or line.

    python -m crash.doomed_statements FOLDER PORT STEP

One terminal with many lives, by turns with a call that is fatal (n = 1, 1 + STEP, …)
and without. Each makes one referred result and one decision, says "stated JTI" as soon
as the call has returned, and ends when the carrier has signed for all there is. Ends
when no call of a life was fatal. Leaves to others: judging.
"""

import asyncio
import functools
import itertools
import os
import signal
import sqlite3
import sys
from pathlib import Path

from broker import Mosquitto
from crash.doomed_terminal import NEVER, Fate, connect, doomed_connection
from likeness.edges.broker import MqttLine
from results import bench
from talks import REFERRED, link, terminal

DONE_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05


class Port:
    """Where a broker listens; it was started by somebody else."""

    host = "127.0.0.1"

    def __init__(self, port: int) -> None:
        self.port = port


async def live(folder: Path, broker: Mosquitto, fate: Fate) -> None:
    """Make a result and a decision, and deliver all that there is."""
    vars(sqlite3)["connect"] = functools.partial(
        connect, factory=doomed_connection(fate)
    )
    publish = MqttLine.publish

    def doomed(*given: object, **how: object) -> int | None:
        with fate.call():
            return publish(*given, **how)  # type: ignore[arg-type]

    MqttLine.publish = doomed  # type: ignore[method-assign]
    near = bench(folder)
    await near.store.open()
    async with terminal(near, broker) as side:
        stored = await side.visit(REFERRED)
        jti = await side.statements.decision(
            transaction="t-referred",
            result=link(stored),
            decision="accept",
            reason="same person",
            attendants=("a-1",),
        )
        os.write(1, f"stated {jti}\n".encode())
        async with asyncio.timeout(DONE_WITHIN_S):
            while await side.waiting() or await near.store.waiting():
                await asyncio.sleep(LOOK_EVERY_S)
    await near.store.close()


def in_child(folder: Path, broker: Mosquitto, fate: Fate) -> int:
    """Live in a process of its own, forked: all is imported already."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        asyncio.run(live(folder, broker, fate))
        code = 0
    finally:
        if code:
            sys.excepthook(*sys.exc_info())
        os._exit(code)


def main(folder: Path, port: int, step: int) -> None:
    """Go through all n, before and after by turns."""
    broker = Port(port)
    for number in itertools.count(1, step):
        when = "before" if number % 2 else "after"
        code = in_child(folder, broker, Fate(number, when))  # type: ignore[arg-type]
        if code not in (0, -signal.SIGKILL):
            raise SystemExit(f"life {number} ended with {code}")
        os.write(1, f"died {number}\n".encode() if code else b"lived\n")
        if in_child(folder, broker, Fate(NEVER, when)):  # type: ignore[arg-type]
            raise SystemExit(f"the life after {number} did not come to its end")
        if code == 0:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
