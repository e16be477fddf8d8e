"""One broker, one carrier and some slim terminals, each a program of its own.

Between each of them and the broker lies a proxy that can go silent. `inflict` does one
fault and mends it again. Leaves to others: which faults, what became of the results.
"""

import sys
import time
from pathlib import Path

import msgspec

from broker import Mosquitto
from crash.faults import Fault, Kind
from crash.slim_terminal import CLOSED, Arm, Orders, bench_keys_of
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys, store_file
from processes import LIKENESS, Mortal, Program
from silent_proxy import SilentProxy

TESTS = Path(__file__).parent.parent
CARRIER = """\
keys = "{keys}"
database = "{database}"
environment = "test"
host = "127.0.0.1"
port = {port}
retry_to_s = 2.0
"""
# Patterns, not topics: an anonymous session that mosquitto 2.0.11 restores from its
# file has no `topic` rules until its client is back; what it should queue meanwhile is
# dropped, with a PUBACK that says success. (Rules of a named user are not affected.)
OPEN_RULES = "pattern readwrite #\n"
# Nobody may write results.
CLOSED_RULES = """\
pattern read #
pattern write likeness/v1/+/receipt
pattern write likeness/v1/+/birth
pattern write likeness/v1/+/status
pattern write likeness/v1/+/telemetry
"""
# The file is written at each change, not once in half an hour.
PERSISTENT = "autosave_on_changes true\nautosave_interval 1\n"
READY_WITHIN_S = 60.0
STILL_S = 12.0  # nothing came for so long: nothing will


class SlimTerminal(Program):
    """`slim_terminal` with its own state and its own proxy."""

    def __init__(self, orders: Orders, proxy: SilentProxy) -> None:
        self.home = Path(orders.home)
        self.home.mkdir(exist_ok=True)
        words = msgspec.json.encode(orders).decode()
        command = (sys.executable, "-m", "crash.slim_terminal", words)
        super().__init__(self.home / "log", *command, cwd=TESTS)
        self.device = orders.device
        self.proxy = proxy
        self.keys = bench_keys_of(orders)
        self.database = self.home / "state" / store_file.NAME

    @property
    def waiting(self) -> int:
        """How many records have no receipt."""
        return store_file.survey(self.database).waiting

    def close(self) -> None:
        """No more results; what waits is still delivered."""
        (self.home / CLOSED).touch()


class Cell:
    """Everything that one campaign needs; nothing runs yet."""

    def __init__(
        self,
        folder: Path,
        arm: Arm,
        *,
        terminals: int = 3,
        pace_s: tuple[float, float] = (0.05, 0.3),
        persistence: bool = False,
    ) -> None:
        self._arm = arm
        self._rules = folder / "acl"
        self._rules.write_text(OPEN_RULES)
        more = f"acl_file {self._rules}\n" + (PERSISTENT if persistence else "")
        self.broker = Mosquitto(folder, persistence=persistence, more=more)
        self.database = folder / "carrier.db"
        keys = folder / "keys"
        self.terminals = []
        for number in range(1, terminals + 1):
            orders = Orders(
                arm=arm,
                device=f"shop-{number}",
                home=str(folder / f"shop-{number}"),
                keys=str(keys),
                port=(proxy := SilentProxy(self.broker.port)).port,
                pace_s=pace_s,
            )
            bench_keys.make(keys, orders.device, (Environment.TEST,))
            self.terminals.append(SlimTerminal(orders, proxy))
        self.carrier_proxy = SilentProxy(self.broker.port)
        config = folder / "carrier.toml"
        config.write_text(
            CARRIER.format(
                keys=keys / "carrier",
                database=self.database,
                port=self.carrier_proxy.port,
            )
        )
        self.carrier = Program(
            folder / "carrier.log", *LIKENESS, "carrier", "run", "--config", config
        )

    @property
    def programs(self) -> list[Mortal]:
        """All that can be killed."""
        return [self.broker, self.carrier, *self.terminals]

    @property
    def drained(self) -> bool:
        """Whether nothing that was made is still on its way."""
        if self._arm == "outbox":
            return not any(one.waiting for one in self.terminals)
        return self.carrier.silent_s > STILL_S

    def raise_fallen(self) -> list[str]:
        """Start again who has ended unkilled, which would be a fault of its own."""
        ours = {"carrier": self.carrier, **{one.device: one for one in self.terminals}}
        fallen = [name for name, program in ours.items() if program.fell]
        for name in fallen:
            ours[name].start()
        return fallen

    def __enter__(self) -> "Cell":
        self.broker.start()
        self.carrier.start()
        # Else the first results go to nobody, which would be a fault of its own.
        assert self.carrier.says("event=broker_up", READY_WITHIN_S)
        for terminal in self.terminals:
            terminal.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        for program in self.programs:
            program.kill()
        for proxy in (self.carrier_proxy, *(one.proxy for one in self.terminals)):
            proxy.close()

    def inflict(self, fault: Fault) -> None:
        """Let it happen, and be over."""
        terminal = self.terminals[fault.terminal % len(self.terminals)]
        match fault.kind:
            case Kind.BROKER_ENDED:
                self.broker.stop()
                time.sleep(fault.lasts_s)
                self.broker.start()
            case Kind.TERMINAL_SILENT:
                _silence(fault, terminal.proxy)
            case Kind.CARRIER_SILENT:
                _silence(fault, self.carrier_proxy)
            case Kind.REFUSED:
                self._give_rules(CLOSED_RULES)
                time.sleep(fault.lasts_s)
                self._give_rules(OPEN_RULES)
            case Kind.BROKER_FROZEN:
                _freeze(fault, self.broker)
            case Kind.CARRIER_FROZEN:
                _freeze(fault, self.carrier)
            case _:
                _kill(fault, *self._doomed(fault.kind, terminal))

    def _doomed(self, kind: Kind, terminal: Mortal) -> list[Mortal]:
        """Return who is killed, in order."""
        broker, carrier = self.broker, self.carrier
        doomed: dict[Kind, list[Mortal]] = {
            Kind.TERMINAL_KILLED: [terminal],
            Kind.BROKER_KILLED: [broker],
            Kind.CARRIER_KILLED: [carrier],
            Kind.CARRIER_AWAY: [carrier],
            Kind.BROKER_TERMINAL_KILLED: [broker, terminal],
            Kind.CARRIER_TERMINAL_KILLED: [carrier, terminal],
            Kind.CARRIER_BROKER_KILLED: [carrier, broker],
        }
        return doomed[kind]

    def _give_rules(self, rules: str) -> None:
        self._rules.write_text(rules)
        self.broker.reload()


def _kill(fault: Fault, *doomed: Mortal) -> None:
    for number, program in enumerate(doomed):
        if number:
            time.sleep(fault.between_s)
        program.kill()
    time.sleep(fault.lasts_s)
    for program in doomed:
        program.start()


def _silence(fault: Fault, proxy: SilentProxy) -> None:
    proxy.silence()
    time.sleep(fault.lasts_s)
    if fault.ends_well:
        proxy.resume()
    else:
        proxy.cut()


def _freeze(fault: Fault, program: Mosquitto | Program) -> None:
    program.freeze()
    time.sleep(fault.lasts_s)
    program.thaw()
