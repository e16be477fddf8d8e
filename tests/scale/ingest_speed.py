"""How many results one `likeness carrier run` takes in, each second of one core.

    PYTHONPATH=tests python -m scale.ingest_speed [--database postgresql|sqlite]
        [--consumers 2] [--nonces]

Results of many devices, signed before, go through a real mosquitto to the real program;
it alone has the last core, and broker, PostgreSQL and who publishes share the others.
Two of them on that core show what it can do while one waits for the database's disk.
Each result of a device that has no other in the batch costs a receipt of its own: the
devices take turns, so this is the dearest case. Leaves to others: many connections, and
what dies in between (`scale.test_*`).
"""

import argparse
import asyncio
import contextlib
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from broker import Mosquitto
from likeness.carrier import tables
from likeness.carrier.database import Database
from likeness.core import jws, messages, report
from likeness.core.chain import ChainHead
from likeness.core.challenge import commitment
from likeness.core.vocabulary import Environment, NonceSource
from likeness.edges import bench_keys, key_files, sealer
from postgres import Postgres
from results import ACCEPTED, FACTS, MOMENT
from scale import mqtt5
from scale.line import Line

ES256 = ec.ECDSA(hashes.SHA256())
TICKS = os.sysconf("SC_CLK_TCK")
BROKER = "max_queued_messages 0\nmax_inflight_messages 1000"  # the latter as shipped
LINES = 8  # of who publishes; each has the broker's window of 32
WITHIN_S = 600.0


@dataclass(frozen=True)
class Device:
    """One made-up terminal: its chain as it is sent."""

    name: str
    tokens: list[str]  # the one that begins its epoch, then its results
    nonces: list[str]  # of its results, as the carrier gave them


class Fleet:
    """Keys and chains of many devices, and the carrier's folder that trusts them."""

    def __init__(self, folder: Path, count: int, each: int, *, nonces: bool) -> None:
        keys = bench_keys.make(folder, "bench", (Environment.TEST,))
        self.keys = keys.carrier
        assert ACCEPTED.card is not None
        seals = sealer.PersonSealer(keys.public("person"))
        self._person = seals.seal(report.person(ACCEPTED.card, b"s" * 16))
        self._nonces = nonces
        self.devices = [self._device(f"sim-{n:05d}", each) for n in range(count)]

    def turns(self, first: int, last: int) -> Iterator[tuple[str, str]]:
        """Give device and token, the devices taking turns."""
        for seq in range(first, last):
            for device in self.devices:
                yield device.name, device.tokens[seq]

    def _device(self, name: str, each: int) -> Device:
        key = ec.generate_private_key(ec.SECP256R1())
        jwk = key_files.public_jwk(key.public_key())
        trusted = {"device": name, "environments": ["test"], "keys": [jwk]}
        path = self.keys / "devices" / f"{name}.json"
        path.write_bytes(msgspec.json.encode(trusted))

        def sign(data: bytes) -> bytes:
            r, s = utils.decode_dss_signature(key.sign(data, ES256))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")

        def signed(claims: bytes, typ: str) -> str:
            return jws.compact(
                claims, alg=jws.ES256, kid=jwk["kid"], typ=typ, sign=sign
            )

        facts = replace(FACTS, device=name)
        epoch = secrets.token_hex(16)
        begun = report.begin_epoch(
            facts=facts, moment=MOMENT, head=ChainHead(epoch, 0, ""), former=None
        )
        tokens, nonces = [signed(begun, messages.EPOCH)], []
        for seq in range(1, each + 1):
            visit = replace(ACCEPTED, transaction=f"{name}-{seq}")
            if self._nonces:
                nonces.append(jws.encode(secrets.token_bytes(32)))
                visit = replace(
                    visit,
                    nonce=nonces[-1],
                    nonce_source=NonceSource.CARRIER,
                    device_nonce=jws.encode(device_nonce(seq)),
                )
            claims = report.compose(
                visit,
                facts=facts,
                moment=MOMENT,
                head=ChainHead(epoch, seq, jws.chain_hash(tokens[-1])),
                salt=b"s" * 16,
                sealed_person=self._person,
            )
            tokens.append(signed(claims, messages.RESULT))
        return Device(name, tokens, nonces)

    def open_visits(self, place: str) -> None:
        """Write the visits that these results answer, as if each had been asked for."""
        rows = [
            {
                "counter": 1 + 1000 * number + seq,
                "device": device.name,
                "commitment": jws.encode(commitment(device_nonce(seq + 1))),
                "transaction_name": f"{device.name}-{seq + 1}",
                "purpose": "new_number",
                "nonce": nonce,
                "expires_utc_s": MOMENT.utc_s + 100,
                "used_by": "",
            }
            for number, device in enumerate(self.devices)
            for seq, nonce in enumerate(device.nonces)
        ]
        database = Database(place)
        with database.begin() as db:
            for at in range(0, len(rows), 1000):
                db.execute(tables.visits.insert(), rows[at : at + 1000])
        database.close()


def device_nonce(seq: int) -> bytes:
    """Return the device's half of the nonces of this result."""
    return seq.to_bytes(32, "big")


class Consumer:
    """One real `likeness carrier run` on a core of its own."""

    def __init__(self, folder: Path, name: str, core: int, config: dict[str, object]):
        self.name = name
        file, log = folder / f"{name}.toml", folder / f"{name}.log"
        lines = [
            f"{key} = {msgspec.json.encode(value).decode()}"
            for key, value in config.items()
        ]
        file.write_text("\n".join(lines) + "\n")
        command = ["taskset", "-c", str(core), sys.executable, "-m", "likeness"]
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [*command, "carrier", "run", "--config", str(file)], stderr=out
            )
        self._log = log

    async def is_up(self) -> None:
        """Wait until it has subscribed."""
        async with asyncio.timeout(60):
            while b"event=broker_up" not in self._log.read_bytes():
                assert self._process.poll() is None, self._log.read_text()
                await asyncio.sleep(0.05)

    @property
    def cpu_s(self) -> float:
        """What it has used of its core; proc(5), fields 14 and 15."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def kept(self) -> int:
        """How many records it says it has kept."""
        return sum(map(int, re.findall(rb"kept=(\d+)", self._log.read_bytes())))

    @property
    def peak_mb(self) -> float:
        """The most memory that it had."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        kib = next(ln for ln in status.splitlines() if ln.startswith("VmHWM")).split()
        return int(kib[1]) / 1024

    def tell(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def end(self) -> None:
        """Stop it in order."""
        self._process.terminate()
        self._process.wait(30)


class Receipts:
    """Hears every receipt."""

    def __init__(self) -> None:
        self.upto: dict[str, int] = {}
        self.heard = 0

    def hear(self, message: mqtt5.Message) -> None:
        """Note how far a device is receipted; here no signature is checked."""
        payload = jws.decode(message.payload.decode().split(".")[1])
        claims = msgspec.json.decode(payload)
        device = messages.device_and_leaf(message.topic)[0]
        assert "upto" in claims, f"a refusal: {claims}"
        self.upto[device] = max(claims["upto"], self.upto.get(device, -1))
        self.heard += 1

    async def until(self, count: int, seq: int) -> None:
        """Wait until so many devices are receipted up to there."""
        async with asyncio.timeout(WITHIN_S):
            while Counter(upto >= seq for upto in self.upto.values())[True] < count:
                await asyncio.sleep(0.05)


async def publish(port: int, what: Iterator[tuple[str, str]]) -> int:
    """Send all of it as fast as the broker takes it; return how many."""
    count = 0

    async def send(line: Line) -> None:
        nonlocal count
        for device, token in what:
            count += 1
            topic = messages.topic(device, "result")
            await line.publish(mqtt5.Message(topic, token.encode()))
        await line.all_answered()

    lines = [
        await Line.open("127.0.0.1", port, f"load-{os.getpid()}-{n}", window=32)
        for n in range(LINES)
    ]
    await asyncio.gather(*(send(line) for line in lines))
    for line in lines:
        line.close()
    return count


@dataclass
class Figures:
    """What was measured."""

    results: int
    wall_s: float
    publish_s: float
    receipts: int
    cpu_ms: list[float]
    shares: list[int]
    peak_mb: list[float]
    kept: int
    alarms: int

    def __str__(self) -> str:
        rate = self.results / self.wall_s
        ms = " + ".join(f"{one:.3f}" for one in self.cpu_ms)
        each = sum(self.cpu_ms)
        return (
            f"{self.results} results in {self.wall_s:.1f} s: {rate:.0f}/s;"
            f" CPU of ingest {ms} ms each ({1000 / each:.0f}/s of one core);"
            f" published in {self.publish_s:.1f} s; {self.receipts} receipts;"
            f" kept {self.kept} ({' + '.join(map(str, self.shares))}),"
            f" alarms {self.alarms};"
            f" peak {'/'.join(f'{mb:.0f}' for mb in self.peak_mb)} MB"
        )


async def measure(
    fleet: Fleet, broker: Mosquitto, consumers: list[Consumer], each: int, place: str
) -> Figures:
    """Begin every chain, then send all results and wait for their receipts."""
    receipts = Receipts()
    ear = await Line.open(broker.host, broker.port, "ear", window=1000)
    ear.heard = receipts.hear
    await ear.subscribe(messages.topic("+", "receipt"))
    count = len(fleet.devices)
    begun = time.perf_counter()
    await publish(broker.port, fleet.turns(0, 1))
    await receipts.until(count, 0)
    took = time.perf_counter() - begun
    sys.stdout.write(f"{count} chains begun: {count / took:.0f}/s\n")
    await asyncio.sleep(1.0)
    heard, cpu = receipts.heard, [one.cpu_s for one in consumers]
    before = [one.kept for one in consumers]
    begun = time.perf_counter()
    sent = await publish(broker.port, fleet.turns(1, each + 1))
    published = time.perf_counter() - begun
    await receipts.until(count, each)
    wall = time.perf_counter() - begun
    used = [one.cpu_s - was for one, was in zip(consumers, cpu, strict=True)]
    ear.close()
    database = Database(place)
    with database.read() as db:
        total = sa.select(sa.func.count())
        kept = db.scalar(total.select_from(tables.records)) or 0
        alarms = db.scalar(total.select_from(tables.alarms)) or 0
    database.close()
    return Figures(
        results=sent,
        wall_s=wall,
        publish_s=published,
        receipts=receipts.heard - heard,
        cpu_ms=[1000 * one / sent for one in used],
        shares=[one.kept - was for one, was in zip(consumers, before, strict=True)],
        peak_mb=[one.peak_mb for one in consumers],
        kept=kept - count,
        alarms=alarms,
    )


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Give an empty database of this kind."""
    if kind == "sqlite":
        yield str(folder / "carrier.db")
        return
    server = Postgres()
    server.start()
    try:
        url = server.database()
        Database.make(url)
        yield url
    finally:
        server.remove()


def main() -> None:
    """Measure as asked."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--devices", type=int, default=10_000)
    asked.add_argument("--each", type=int, default=2, help="results of a device")
    asked.add_argument("--consumers", type=int, default=1)
    kinds = ("postgresql", "sqlite")
    asked.add_argument("--database", choices=kinds, default=kinds[0])
    asked.add_argument("--nonces", action="store_true", help="nonces of the carrier")
    given = asked.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        fleet = Fleet(folder, given.devices, given.each, nonces=given.nonces)
        own = cores[-1]
        os.sched_setaffinity(0, set(cores) - {own} or {own})
        place = stack.enter_context(database(given.database, folder))
        if given.nonces:
            Database.make(place)
            fleet.open_visits(place)
        broker = Mosquitto(folder, more=BROKER)
        broker.start()
        stack.callback(broker.kill)
        consumers = []
        for number in range(given.consumers):
            name = f"ingest-{number}"
            config = {
                "keys": str(fleet.keys),
                "database": place,
                "environment": "test",
                "host": broker.host,
                "port": broker.port,
                "client_id": name,
            }
            if given.consumers > 1:
                config["share"] = "ingest"
            consumers.append(Consumer(folder, name, own, config))
            stack.callback(consumers[-1].end)

        async def go() -> Figures:
            for one in consumers:
                await one.is_up()
            return await measure(fleet, broker, consumers, given.each, place)

        sys.stdout.write(f"{asyncio.run(go())}\n")


if __name__ == "__main__":
    main()
