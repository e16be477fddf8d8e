"""The real carrier in a process of its own, on the soak's clock.

    python -m soak.far_side '{"keys": …, "database": …, "port": …, "clock": …}'

The clock is a file of eight bytes that the soak writes. Everything else is as in
`likeness carrier run`. Leaves to others: all of the carrier's work.
"""

import asyncio
import contextlib
import mmap
import struct
import sys
from pathlib import Path

import msgspec

from likeness.carrier.ingest import TOPICS, Ingest
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core.vocabulary import Environment
from likeness.edges.broker import LineSettings, MqttLine

SIZE = struct.calcsize("<d")


class SharedClock:
    """Seconds since 1970 in a file: one writes, others read."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), SIZE)

    def now(self) -> float:
        """Return what it shows."""
        (seconds,) = struct.unpack_from("<d", self._bytes)
        return float(seconds)

    def set(self, seconds: float) -> None:
        """Let it show this."""
        struct.pack_into("<d", self._bytes, 0, seconds)


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything is."""

    keys: str
    database: str
    port: int
    clock: str


async def serve(orders: Orders) -> None:
    """Serve until killed."""
    keys = Path(orders.keys)
    line = LineSettings(
        host="127.0.0.1",
        port=orders.port,
        client_id="likeness-carrier",
        topics=TOPICS,
        acknowledge_by_hand=True,
        retry_from_s=0.05,
        retry_to_s=0.2,
    )
    store = CarrierStore(Path(orders.database))
    with contextlib.closing(store):
        await Ingest(
            line=MqttLine(line),
            store=store,
            trust=Trust(keys / "devices"),
            words=CarrierWords(
                receipt_key=keys / "receipt.key", visit_key=keys / "visit.key"
            ),
            environment=Environment.TEST,
            utc=SharedClock(Path(orders.clock)).now,
        ).run()


if __name__ == "__main__":
    asyncio.run(serve(msgspec.json.decode(sys.argv[1], type=Orders)))
