"""How long the fleet's page takes with ten thousand terminals: measured, not asserted.

    PYTHONPATH=tests python -m browser.fleet_times [--photos FOLDER]

Broker, made-up fleet, carrier's database and the program itself run on this machine;
telemetry of the whole fleet comes over 30 s, as in the field. Prints one line each.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

import fleets
from broker import Mosquitto, free_port, mosquitto
from browser.chromium import Chromium
from likeness.carrier.database import Database
from likeness.core import messages
from scale.fleet import made_up, publish_fleet
from scale.line import Line
from scale.mqtt5 import Message

MANY, SEED = 10_000, 7
CAMERAS, RESULTS = 200, 100
EVERY_S = 30.0  # each terminal's telemetry
STREAMS = 4
ASKS = 30
BROKER = "max_queued_messages 20000\nmax_inflight_messages 32"
ADDRESSES = {
    "overview": "",
    "search": "?search=sim-0123",
    "filter, page 3": "?software=0.2.1&page=3",
    "one terminal": "terminal?device=sim-00011",
    "cameras": "cameras",
    "metrics": "metrics",
}


def say(what: str, value: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{what:42} {value}\n")
    sys.stdout.flush()


@asynccontextmanager
async def program(folder: Path, broker: Mosquitto) -> AsyncIterator[tuple[str, int]]:
    """Run `likeness carrier fleet`; give its address and its process."""
    database = Database(folder / "carrier.db")
    cameras = [f"sim-{number:05d}" for number in range(CAMERAS)]
    rows = fleets.week(cameras, RESULTS, off=cameras[11], now=int(time.time()))
    with database.begin() as db:
        fleets.keep(db, rows)
    database.close()
    port = free_port()
    config = folder / "carrier.toml"
    config.write_text(
        f'keys = "{folder}"\ndatabase = "{folder}/carrier.db"\nenvironment = "test"\n'
        f'host = "{broker.host}"\nport = {broker.port}\n[fleet]\nport = {port}\n'
    )
    command = (sys.executable, "-m", "likeness", "carrier", "fleet", "--config")
    running = await asyncio.create_subprocess_exec(
        *command, str(config), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}/", running.pid
    finally:
        running.terminate()
        await running.wait()


async def text(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(url) as answer:
        return await answer.text()


async def until_known(http: aiohttp.ClientSession, url: str) -> None:
    last = f"{url}terminal?device=sim-{MANY - 1:05d}"
    while True:
        try:
            if "<dt>Reported</dt>" in await text(http, last):
                return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)


async def telemetry(broker: Mosquitto, stop: asyncio.Event) -> None:
    """Let the fleet talk at its pace: a few terminals each 10 ms."""
    line = await Line.open(broker.host, broker.port, "telemetry")
    each = [one for one in made_up(MANY, SEED) if one.status == "online"]
    try:
        at = 0
        began = time.monotonic()
        while not stop.is_set():
            due = int((time.monotonic() - began) / EVERY_S * len(each))
            for one in (each[n % len(each)] for n in range(at, due)):
                body = messages.to_json(one.telemetry)
                topic = messages.topic(one.device, "telemetry")
                await line.publish(Message(topic, body, qos=0))
            at = due
            await asyncio.sleep(0.01)
    finally:
        line.close()


def used_s(process: int) -> float:
    """Return processor seconds of a process (proc(5), stat)."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / 100


def resident_mib(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 // 2**20


async def pages(http: aiohttp.ClientSession, url: str) -> None:
    for name, address in ADDRESSES.items():
        taken = []
        for _ in range(ASKS):
            began = time.perf_counter()
            size = len(await text(http, url + address))
            taken.append((time.perf_counter() - began) * 1e3)
        taken.sort()
        middle, late = statistics.median(taken), taken[int(len(taken) * 0.95)]
        say(name, f"median {middle:.1f} ms, p95 {late:.1f} ms, {size / 1024:.0f} KiB")


async def streams(http: aiohttp.ClientSession, url: str, process: int) -> None:
    came = [0] * STREAMS

    async def follow(number: int) -> None:
        async with http.get(f"{url}events") as answer:
            async for part in answer.content.iter_any():
                came[number] += len(part)

    readers = [asyncio.create_task(follow(number)) for number in range(STREAMS)]
    await asyncio.sleep(5)
    before, at, began = used_s(process), sum(came), time.monotonic()
    await asyncio.sleep(EVERY_S)
    past = time.monotonic() - began
    share = (used_s(process) - before) / past * 100
    say("processor, all talk, 4 pages open", f"{share:.0f} % of a core")
    say("each open page gets", f"{(sum(came) - at) / STREAMS / past / 1024:.1f} KiB/s")
    say("memory", f"{resident_mib(process)} MiB")
    for reader in readers:
        reader.cancel()


async def browser(url: str, folder: Path | None) -> None:
    async with Chromium() as chromium:
        began = time.perf_counter()
        page = await chromium.open(url, width=1280, height=800)
        await page.wait_for("document.getElementById('live').textContent === 'Live'")
        taken = (time.perf_counter() - began) * 1e3
        say("chromium, new window until live", f"{taken:.0f} ms")
        if folder is None:
            return
        await page.screenshot(folder / "14-fleet.webp", quality=45)
        await page.go(f"{url}cameras")
        scheme = [{"name": "prefers-color-scheme", "value": "dark"}]
        await page.call("Emulation.setEmulatedMedia", features=scheme)
        await asyncio.sleep(1)
        await page.screenshot(folder / "15-fleet-cameras.webp", quality=45)


async def measure(photos: Path | None) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        mosquitto(Path(name), more=BROKER) as broker,
    ):
        folder = Path(name)
        await asyncio.to_thread(publish_fleet, broker.port, MANY, SEED)
        async with (
            program(folder, broker) as (url, process),
            aiohttp.ClientSession() as http,
        ):
            began = time.monotonic()
            await until_known(http, url)
            say(
                "start until the whole fleet is known",
                f"{time.monotonic() - began:.1f} s",
            )
            stop = asyncio.Event()
            talk = asyncio.create_task(telemetry(broker, stop))
            await asyncio.sleep(EVERY_S)
            await pages(http, url)
            await streams(http, url, process)
            await browser(url, photos)
            stop.set()
            await talk


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path)
    asyncio.run(measure(parser.parse_args().photos))
