"""What tests of rollouts need: a broker, a carrier's files, and terminals that answer.

A terminal here judges each wish with the product's own rules and the carrier's public
key, and answers at once: it has no visits, no start and no disk. What it makes of a
good wish can be chosen. Real terminals are in `rolling_terminals`.
"""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from broker import Mosquitto, mosquitto
from likeness import strict_toml
from likeness.__main__ import main
from likeness.carrier import tables
from likeness.carrier.database import Database
from likeness.carrier.rollout import run as rollout_run
from likeness.carrier.rollout.line import RolloutLine
from likeness.carrier.rollout.rollout import Rollouts
from likeness.carrier.settings import Settings
from likeness.commands import rollout_words
from likeness.core import desired, messages, orders
from likeness.core.desired import Ledger, Refused, Wish
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from likeness.edges.bench_keys import BenchKeys
from likeness.edges.verifier import CarrierOrders
from processes import LIKENESS, Program, happens

WITHIN_S = 60.0  # a program takes seconds to begin on a busy machine
APPLIES, REFUSES, SILENT = "applies", "refuses", "silent"


@dataclass
class Simulated:
    """One terminal's memory, and what it makes of a good wish."""

    device: str
    makes_of_it: str = APPLIES
    ledger: Ledger = field(default_factory=Ledger)
    heard: list[int] = field(default_factory=list)  # versions, each time
    wish: Wish | None = None
    report: orders.Reported | None = None


class Terminals:
    """Many simulated ones on one line; their messages are retained as real ones are."""

    def __init__(self, broker: Mosquitto, key: Path, devices: Iterable[str]) -> None:
        self.all = {device: Simulated(device) for device in devices}
        self._verifier = CarrierOrders(key)
        self._client = Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_message = self._hear
        self._client.max_inflight_messages_set(1000)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(broker.host, broker.port)
        self._client.on_connect = self._follow
        self._client.loop_start()
        for one in self.all.values():
            self.say(one.device, "birth", {"epoch": "0" * 32})
            self.say(one.device, "status", {"status": "online", "boot": "b"})
            self._report(one, 0, "applied")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, device: str, leaf: str, body: dict[str, Any]) -> None:
        """Publish anything of a terminal, retained where real ones retain it."""
        payload, retain = json.dumps(body).encode(), leaf != "telemetry"
        told = self._client.publish(messages.topic(device, leaf), payload, 1, retain)
        told.wait_for_publish(WITHIN_S)

    def gives_back(self, device: str, why: str = "did_not_live") -> None:
        """Say that what is in force did not live."""
        one = self.all[device]
        assert one.wish is not None
        version, one.wish = one.wish.version, None
        self._report(one, version, "refused", why)

    def touched(self) -> set[str]:
        """Which of them have heard any wish."""
        return {one.device for one in self.all.values() if one.heard}

    def runs(self) -> dict[str, orders.Overrides | None]:
        """What is in force at each; None: its file's own values."""
        return {
            one.device: one.wish.overrides if one.wish else None
            for one in self.all.values()
        }

    def _follow(self, client: Client, *_answer: object) -> None:
        client.subscribe(messages.topic("+", "desired"), qos=1)

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        device, _ = messages.device_and_leaf(message.topic)
        payload = bytes(message.payload)
        if device not in self.all or not payload:
            return  # a real terminal beside them
        one = self.all[device]
        signed = self._verifier.order(payload)
        wish = desired.read(signed, payload.decode(), device)
        assert isinstance(wish, Wish), wish
        one.heard.append(wish.version)
        if one.wish is not None and wish.is_same_as(one.wish):
            return  # heard again, as on each new line
        refused = desired.judge(wish, one.ledger, 0)
        if one.makes_of_it == SILENT:
            return
        if one.makes_of_it == REFUSES:
            refused = Refused("this terminal cannot", wish.version, wish.digest)
        if refused is not None:
            self._report(one, wish.version, "refused", str(refused.why))
            return
        one.ledger = desired.lived(desired.accept(one.ledger, wish))
        one.wish = wish
        self._report(one, wish.version, "applied")

    def _report(
        self, one: Simulated, version: int, state: orders.DesiredState, why: str = ""
    ) -> None:
        runs = one.wish.version if one.wish else 0
        over = one.wish.overrides if one.wish else orders.Overrides()
        one.report = orders.Reported(
            version=version,
            state=state,
            reason=why,
            running={
                "version": runs,
                "telemetry_every_s": over.telemetry_every_s or 30,
                "keep_days": over.keep_days or 30,
                "model_set": {"digest": "packaged", "accepted": 0},
            },
        )
        payload = messages.to_json(one.report)
        topic = messages.topic(one.device, "reported")
        self._client.publish(topic, payload, 1, retain=True)


@dataclass
class Stage:
    """A carrier's files, its broker and database, and some terminals."""

    folder: Path
    place: str
    broker: Mosquitto
    keys: BenchKeys
    config: Path
    terminals: Terminals
    database: Database

    def file(self, name: str = "spring", **more: object) -> Path:
        """Write a rollout's file: a new telemetry interval in three waves."""
        lines = {
            "name": json.dumps(name),
            "where": '["region=south"]',
            "waves": '["1", "30 %", "100 %"]',
            "soak_s": "0",
            **more,
        }
        desired_ = lines.pop("desired", "telemetry_every_s = 60")
        stop = lines.pop("stop", "report_within_s = 10")
        refusals = lines.pop("refusals", "results = 0")
        text = "".join(f"{key} = {value}\n" for key, value in lines.items())
        text += f"[desired]\n{desired_}\n[stop]\n{stop}\n[stop.refusals]\n{refusals}\n"
        path = self.folder / f"{name}.toml"
        path.write_text(text)
        return path

    def rollout(self, *words: object) -> int:
        """Run a command here; return its exit code."""
        given = [str(word) for word in words]
        return main(["carrier", "rollout", *given, "--config", str(self.config)])

    @contextlib.contextmanager
    def carried_on(self, *rollouts: str) -> Iterator[list[str]]:
        """What `carrier rollout run` does, without the seconds a process takes.

        Gives what it says; it is ended with the block.
        """
        said: list[str] = []
        settings = strict_toml.load(self.config, Settings)
        stop: list[Callable[[], object]] = []

        async def run() -> None:
            line, kept = RolloutLine(settings), Rollouts(settings)
            task = asyncio.current_task()
            assert task is not None
            loop = asyncio.get_running_loop()
            stop.append(lambda: loop.call_soon_threadsafe(task.cancel))
            with contextlib.suppress(asyncio.CancelledError):
                async with line.up():
                    await rollout_run.run(
                        kept,
                        line,
                        rollouts or ["spring"],
                        lambda name, at: said.append(
                            f"{name}: {rollout_words.standing(at)}"
                        ),
                    )
            kept.close()

        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        try:
            yield said
        finally:
            assert happens(lambda: bool(stop), WITHIN_S)
            with contextlib.suppress(RuntimeError):  # it has ended
                stop[0]()
            thread.join(WITHIN_S)

    def runner(self, *names: str) -> Program:
        """`carrier rollout run` as a process of its own, not begun yet."""
        words = ("carrier", "rollout", "run", *names, "--config", self.config)
        return Program(self.folder / "run.log", *LIKENESS, *words)

    def ask(self, query: sa.Select[Any]) -> list[Any]:
        """Look into the database."""
        with self.database.read() as db:
            return list(db.execute(query).all())

    def phase(self, name: str = "spring") -> tuple[str, int]:
        """Where a rollout stands: its phase and its wave, from 1."""
        table = tables.metadata.tables["rollout"]
        found = self.ask(
            sa.select(table.c.phase, table.c.wave).where(table.c.name == name)
        )
        return (found[0].phase, found[0].wave + 1) if found else ("", 0)

    def reaches(
        self, phase: str, wave: int | None = None, name: str = "spring"
    ) -> bool:
        """Wait until it stands there."""

        def there() -> bool:
            now = self.phase(name)
            return now[0] == phase and wave in (None, now[1])

        return happens(there, WITHIN_S)

    def stages(self, name: str = "spring") -> dict[str, tuple[int, str, str]]:
        """Wave from 1, stage and fault of each terminal."""
        table = tables.metadata.tables["rollout_terminal"]
        rows = self.ask(sa.select(table).where(table.c.rollout == name))
        return {row.device: (row.wave + 1, row.stage, row.fault) for row in rows}

    def issued(self) -> dict[str, list[int]]:
        """Which versions were ever signed for each terminal."""
        order = tables.orders.c
        rows = self.ask(
            sa.select(order.device, order.number)
            .where(order.kind == "desired")
            .order_by(order.number)
        )
        found: dict[str, list[int]] = {}
        for row in rows:
            found.setdefault(row.device, []).append(row.number)
        return found

    def visits(
        self, devices: Iterable[str], refused: int, of: int, ago_s: int = 0
    ) -> None:
        """Let results be in the database, as if the ingest had kept them."""
        names, kept_s = list(devices), int(time.time()) - ago_s
        with self.database.begin() as db:
            last = db.execute(sa.select(sa.func.max(tables.records.c.seq))).scalar()
            text = dict.fromkeys(("hash", "prev", "purpose", "token"), "x")
            rows = [
                {
                    "device": names[number % len(names)],
                    "epoch": "e",
                    "seq": (last or 0) + 1 + number,
                    "refusal": "",
                    "verdict": "refused" if number < refused else "accepted",
                    "iat": kept_s,
                    "kept_utc_s": kept_s,
                    **text,
                }
                for number in range(of)
            ]
            db.execute(tables.records.insert(), rows)

    def label(self, device: str, **labels: str) -> None:
        """Write a device's file; a simulated terminal needs no key of its own."""
        known = {"device": device, "environments": ["test"], "keys": []}
        path = self.keys.devices / f"{device}.json"
        path.write_text(json.dumps({**known, "labels": labels}))


def names(count: int) -> list[str]:
    return [f"shop-{number}" for number in range(1, count + 1)]


@contextlib.contextmanager
def stage(folder: Path, place: str, count: int) -> Iterator[Stage]:
    """A carrier and so many simulated terminals, all of region south."""
    keys = bench_keys.make(folder / "keys", "shop-0", (Environment.TEST,))
    with mosquitto(folder) as broker:
        config = folder / "carrier.toml"
        config.write_text(
            f'keys = "{keys.carrier}"\ndatabase = "{place}"\nenvironment = "test"\n'
            f'host = "{broker.host}"\nport = {broker.port}\nretry_to_s = 1.0\n'
        )
        terminals = Terminals(broker, keys.public("command"), names(count))
        database = Database(place)
        made = Stage(folder, place, broker, keys, config, terminals, database)
        for device in names(count):
            made.label(device, region="south", ring="wide")
        made.label("shop-0", region="north")
        try:
            yield made
        finally:
            terminals.close()
            database.close()
