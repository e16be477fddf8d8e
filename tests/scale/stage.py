"""The far side as real programs: mosquitto, a database, several `likeness carrier run`.

Each can be killed and started again; an ingest that falls is started again, as systemd
does it. Leaves to others: terminals, what is done to these programs, what came of it.
"""

import re
import resource
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from broker import Mosquitto
from likeness.carrier.database import Database
from postgres import Postgres
from processes import LIKENESS, Program
from scale import cost
from scale.cost import Cost

SHIPPED = Path(__file__).parents[2] / "systemd/mosquitto/likeness.conf"
# What our broker's file says for all doors, but for what tests/broker.py says already.
TAKEN_OVER = ("max_inflight_messages", "max_queued_messages", "max_keepalive")
SHARE = "ingest"
LOOK_EVERY_S = 0.5
CARRIER = """\
keys = "{keys}"
database = "{database}"
environment = "test"
host = "127.0.0.1"
port = {port}
client_id = "{name}"
share = "{share}"
retry_to_s = 2.0
"""

Kind = Literal["postgres", "sqlite"]


class Stage:
    """All of it, running for the length of a block."""

    def __init__(self, folder: Path, made: Path, *, ingests: int, kind: Kind) -> None:
        """Prepare.

        Args:
            folder: for what the programs keep and say.
            made: what was made ahead: the carrier's keys are there.
            ingests: how many share the results.
            kind: of the database.
        """
        raise_limits()
        self.broker = Broker(folder)
        self.postgres = Postgres() if kind == "postgres" else None
        self._place = str(folder / "carrier.db")
        self._folder, self._keys, self._count = folder, made / "carrier", ingests
        self.ingests: dict[str, Program] = {}
        self.falls = 0  # of ingests, by themselves
        self._down: set[str] = set()  # meant to be: not started again
        self._looking = threading.Event()
        self._nurse = threading.Thread(target=self._start_the_fallen, daemon=True)

    def __enter__(self) -> Self:
        self.broker.start()
        if self.postgres:
            self.postgres.start()
            self._place = self.postgres.database()
        Database.make(self._place)
        for number in range(1, self._count + 1):
            name = f"ingest-{number}"
            config = self._folder / f"{name}.toml"
            config.write_text(
                CARRIER.format(
                    keys=self._keys,
                    database=self._place,
                    port=self.broker.port,
                    name=name,
                    share=SHARE,
                )
            )
            self.ingests[name] = Program(
                self._folder / f"{name}.log",
                *(*LIKENESS, "carrier", "run", "--config", config),
            )
            self.ingests[name].start()
        self._nurse.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._looking.set()
        self._nurse.join()
        for program in self.ingests.values():
            program.kill()
        if self.postgres:
            self.postgres.remove()
        self.broker.kill()

    @property
    def is_ready(self) -> bool:
        """Whether each ingest has a line."""
        return all("event=broker_up" in one.said() for one in self.ingests.values())

    def database(self) -> Database:
        """Open the carrier's database, to look into it."""
        return Database(self._place)

    def kill(self, name: str) -> None:
        """End an ingest as a power cut would; it stays down."""
        self._down.add(name)
        self.ingests[name].kill()

    def start(self, name: str) -> None:
        """Start it again."""
        self.ingests[name].start()
        self._down.discard(name)

    def costs(self) -> Mapping[str, Cost]:
        """Return what each has cost so far, by its name; who is down is left out."""
        pids = {"broker": self.broker.pid}
        if self.postgres:
            pids["postgres"] = self.postgres.pid
        for name, program in self.ingests.items():
            if name not in self._down and not program.fell:
                pids[name] = program.pid
        return {name: cost.of(pid) for name, pid in pids.items()}

    def took(self) -> Mapping[str, Mapping[str, int]]:
        """Return what each ingest says it did, over its lives: records and batches."""
        return {name: _took(one.said()) for name, one in self.ingests.items()}

    def _start_the_fallen(self) -> None:
        while not self._looking.wait(LOOK_EVERY_S):
            for name, program in self.ingests.items():
                if name not in self._down and program.fell:
                    self.falls += 1
                    program.start()


def _took(said: str) -> Mapping[str, int]:
    batches = re.findall(r"event=batch (.*)", said)
    sums = Counter({"batches": len(batches), "kept": 0, "kept_before": 0})
    for batch in batches:
        words = (word.partition("=") for word in batch.split())
        sums.update({name: int(n) for name, _, n in words if name in sums})
    return sums


class Broker(Mosquitto):
    """With the numbers that we ship."""

    def __init__(self, folder: Path) -> None:
        lines = (f"{name} {shipped(name)}" for name in TAKEN_OVER)
        super().__init__(folder, more="\n".join(lines))

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None, "it does not run"
        return self._process.pid


def shipped(name: str) -> int:
    """Return a number of our broker's file."""
    found = re.search(rf"^{name} (\d+)$", SHIPPED.read_text(), re.MULTILINE)
    assert found is not None, f"{SHIPPED.name} has no {name}"
    return int(found[1])


def raise_limits() -> None:
    """Ten thousand lines are ten thousand files, here and in the broker."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
