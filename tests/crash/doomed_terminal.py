"""Kills itself before, or after, its n-th call of store or broker, for n = 1, 2, 3 …

    python -m crash.doomed_terminal FOLDER PORT before|after

Each n has a device of its own and two lives: in the first one a call is fatal, the
second one has its results and the first one's to deliver. Each life makes a few. Says
"N FIRST SECOND", the exit codes, and ends when no call of the first life was fatal. A
call of the store is one call of SQLite, COMMIT among them. Leaves to others: judging.
"""

import asyncio
import contextlib
import functools
import itertools
import os
import signal
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from crash.slim_terminal import Orders, Slim, delivery, line_settings
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys, store_file
from likeness.edges.broker import MqttLine

RESULTS = 2  # in each life
DELIVERED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.01
NEVER = 0

connect = sqlite3.connect  # as it is; not counted


class Fate:
    """Counts the calls, and makes one of them fatal."""

    def __init__(self, fatal: int, when: str) -> None:
        self._fatal, self._when = fatal, when
        self._numbers = itertools.count(1)  # store and broker are on two threads

    @contextlib.contextmanager
    def call(self) -> Iterator[None]:
        """Go round one call."""
        strikes = next(self._numbers) == self._fatal
        if strikes and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        yield
        if strikes and self._when == "after":
            os.kill(os.getpid(), signal.SIGKILL)


# Any: SQLite's own parameters, handed on.
def doomed_connection(fate: Fate) -> type[sqlite3.Connection]:
    """Return SQLite's connection, whose calls may be fatal."""

    class Doomed(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            with fate.call():
                return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Iterable[Any]) -> sqlite3.Cursor:
            with fate.call():
                return super().executemany(sql, parameters)

        def executescript(self, sql_script: str) -> sqlite3.Cursor:
            with fate.call():
                return super().executescript(sql_script)

    return Doomed


class DoomedLine(MqttLine):
    """The product's line, whose publishes may be fatal."""

    def __init__(self, orders: Orders, fate: Fate) -> None:
        super().__init__(line_settings(orders))
        self._fate = fate

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes = b"",
    ) -> int | None:
        with self._fate.call():
            return super().publish(
                topic,
                payload,
                qos=qos,
                retain=retain,
                expiry_s=expiry_s,
                correlation=correlation,
            )


async def live(orders: Orders, fate: Fate) -> None:
    """Make some results and deliver all there are."""
    # The store asks SQLite for a connection by this name.
    vars(sqlite3)["connect"] = functools.partial(
        connect, factory=doomed_connection(fate)
    )
    slim = Slim(orders)
    await slim.store.open()
    way = delivery(slim, orders, DoomedLine(orders, fate))
    running = asyncio.ensure_future(way.run())
    for _ in range(RESULTS):
        way.stored((await slim.make()).seq)
    async with asyncio.timeout(DELIVERED_WITHIN_S):
        while _waiting(Path(orders.home)):
            await asyncio.sleep(LOOK_EVERY_S)
    running.cancel()
    await asyncio.wait([running])
    await slim.store.close()


def _waiting(home: Path) -> int:
    with contextlib.closing(connect(home / "state" / store_file.NAME)) as db:
        query = "SELECT count(*) FROM record WHERE state = 'waiting'"
        count: int = db.execute(query).fetchone()[0]
    return count


def in_child(orders: Orders, fate: Fate) -> int:
    """Live in a process of its own, forked: all is imported already."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        log = os.open(Path(orders.home) / "log", flags, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        asyncio.run(live(orders, fate))
        code = 0
    finally:
        if code:
            sys.excepthook(*sys.exc_info())
        os._exit(code)


def orders_of(folder: Path, port: int, when: str, number: int) -> Orders:
    """Return the n-th device's orders."""
    device = f"{when}-{number}"
    return Orders(
        arm="outbox",
        device=device,
        home=str(folder / device),
        keys=str(folder / "keys"),
        port=port,
    )


def main(folder: Path, port: int, when: str) -> None:
    """Go through all n."""
    for number in itertools.count(1):
        orders = orders_of(folder, port, when, number)
        bench_keys.make(folder / "keys", orders.device, (Environment.TEST,))
        Path(orders.home).mkdir()
        first = in_child(orders, Fate(number, when))
        second = in_child(orders, Fate(NEVER, when))
        os.write(1, f"{number} {first} {second}\n".encode())
        if first == 0:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
