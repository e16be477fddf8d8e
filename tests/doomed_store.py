"""A program that keeps records and kills itself: FOLDER, at which one, inside or after.

It prints each record that it was told is safe. Run by `edges/test_store.py`.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from likeness.core import jws
from likeness.core.chain import ChainHead, EpochReason, Link
from likeness.edges.store import SqliteStore


def token_at(
    head: ChainHead, former: Link | None = None, reason: EpochReason | None = None
) -> str:
    """Make a token that is not signed: the store does not look into it."""
    before = f"{former.seq if former else ''}|{reason or ''}"
    text = f"{head.epoch}|{head.seq}|{head.prev}|{before}"
    return f"head.{jws.encode(text.encode())}.sig"


async def live(folder: Path, fatal: int, when: str) -> None:
    store = SqliteStore(folder, token_at)
    await store.open()
    for count in range(8):

        def make(head: ChainHead, dies: bool = count == fatal) -> str:
            if dies and when == "inside":
                os.kill(os.getpid(), signal.SIGKILL)
            return token_at(head)

        stored = await store.append(make)
        os.write(1, f"{stored.seq} {stored.token}\n".encode())
        if count == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
    await store.close()


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
