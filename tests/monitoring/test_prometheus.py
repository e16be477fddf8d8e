"""Debian's Prometheus scrapes our real programs over TLS, with their tokens.

With the example that we ship: only places are replaced, and it looks more often. Then
every query of the Grafana dashboard is put to it. Grafana itself is not in Debian.
"""

import json
import re
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client

import contract
from broker import Mosquitto, free_port, mosquitto
from deliveries import DEVICE
from likeness.core import jws, messages
from likeness.core.chain import ChainHead
from likeness.edges import desk_token
from likeness.simulators.authority import Authority, Issued, Kind
from processes import LIKENESS, Program, happens
from results import EPOCH, REFUSED, bench, chain_of, result_at
from scale.fleet import made_up, publish_fleet

pytestmark = [pytest.mark.prometheus, pytest.mark.broker]

SHIPPED = Path(__file__).parents[2] / "systemd" / "monitoring"
DASHBOARD = json.loads((SHIPPED / "grafana/likeness.json").read_text(encoding="utf-8"))
WITHIN_S = 60.0
SEED = 1
TERMINALS = 40  # made up, and one that we know and have not seen


class Prometheus:
    """A server of its own, asked over its API."""

    def __init__(self, folder: Path, config: str) -> None:
        self._port = free_port()
        path = folder / "prometheus.yml"
        path.write_text(config)
        self.program = Program(
            folder / "prometheus.log",
            "prometheus",
            f"--config.file={path}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
        )

    def ask(self, what: str, **how: str) -> Any:  # Any: JSON of its API
        more = f"?{urllib.parse.urlencode(how)}" if how else ""
        url = f"http://127.0.0.1:{self._port}/api/v1/{what}{more}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as refused:
            said = json.load(refused)
        assert said["status"] == "success", said
        return said["data"]

    def query(self, expr: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("query", query=expr)["result"]
        return found

    def has(self, expr: str) -> Callable[[], bool]:
        def look() -> bool:
            try:
                return bool(self.query(expr))
            except (OSError, ValueError, AssertionError):  # it is not ready yet
                return False

        return look


def listens(port: int) -> bool:
    def look() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return happens(look, WITHIN_S)


@contextmanager
def lives(program: Program) -> Iterator[Program]:
    program.start()
    try:
        yield program
    finally:
        program.kill()


def web(folder: Path, name: str, port: int, server: Issued) -> str:
    token = folder / f"{name}.token"
    desk_token.put_new(token)
    return (
        f'port = {port}\nnames = ["localhost:{port}"]\ntoken_file = "{token}"\n'
        f'cert_file = "{server.cert}"\nkey_file = "{server.key}"\n'
    )


def example(folder: Path, authority: Authority, ports: dict[str, int]) -> str:
    """The shipped configuration, with other places, and quicker."""
    text = (SHIPPED / "prometheus.yml").read_text(encoding="utf-8")
    for name, port in ports.items():
        file = f"/etc/prometheus/likeness-{name}.token"
        assert file in text
        text = text.replace(file, str(folder / f"{name}.token"))
        text, count = re.subn(
            rf"targets: \[{name}[^]]*\]", f"targets: ['localhost:{port}']", text
        )
        assert count == 1
    text = text.replace("/etc/prometheus/likeness-ca.pem", str(authority.servers))
    text = text.replace("likeness.rules.yml", str(SHIPPED / "likeness.rules.yml"))
    return re.sub(r"(scrape|evaluation)_interval: 15s", r"\1_interval: 1s", text)


def results_come(broker: Mosquitto, tokens: list[str]) -> Client:
    client = contract.watcher(broker, "likeness/v1/+/receipt", lambda *_: None)
    for token in [*tokens, "forged." * 2 + "x"]:
        client.publish(messages.topic(DEVICE, "result"), token, qos=1)
    return client


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus, with both of our programs, a fleet and some results."""
    folder = tmp_path_factory.mktemp("monitoring")
    authority = Authority(folder / "pki")
    server = authority.make("localhost", Kind.SERVER, hosts=("localhost",))
    near = bench(folder)
    ports = {"ingest": free_port(), "fleet": free_port()}
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(folder))
        for command, name, part in (
            ("run", "ingest", "metrics"),
            ("fleet", "fleet", "fleet"),
        ):
            config = folder / f"{name}.toml"
            config.write_text(
                f'keys = "{folder}/keys/carrier"\nenvironment = "test"\n'
                f'database = "{folder}/carrier.db"\n'
                f'host = "{broker.host}"\nport = {broker.port}\n'
                f"[{part}]\n{web(folder, name, ports[name], server)}"
            )
            log = folder / f"{name}.log"
            program = Program(log, *LIKENESS, "carrier", command, "--config", config)
            stack.enter_context(lives(program))
            assert listens(ports[name]), program.said()
        publish_fleet(broker.port, TERMINALS, SEED)
        far = Prometheus(folder, example(folder, authority, ports))
        stack.enter_context(lives(far.program))
        both = 'count(up{job=~"likeness-.+"} == 1) == 2'
        assert happens(far.has(both), WITHIN_S), far.ask("targets")
        tokens = chain_of(near, 6)
        head = ChainHead(EPOCH, 6, jws.chain_hash(tokens[5]))
        fork = result_at(near, head, replace(REFUSED, transaction="t-2"))
        client = results_come(broker, [*tokens, fork])
        for seen in (
            "sum(increase(likeness_results_total[1m])) > 0",
            f"sum(likeness_terminals) == {TERMINALS + 1}",
            "sum(rate(likeness_batch_seconds_count[1m])) > 0",
        ):
            assert happens(far.has(seen), WITHIN_S), seen
        yield far
        client.disconnect()
        client.loop_stop()


def test_the_series_are_there_with_the_names_that_are_promised(
    scraped: Prometheus,
) -> None:
    names = set(scraped.ask("label/__name__/values"))
    assert {
        "likeness_results_total",
        "likeness_records_total",
        "likeness_asks_total",
        "likeness_batch_seconds_bucket",
        "likeness_commit_seconds_bucket",
        "likeness_waiting",
        "likeness_receipts_total",
        "likeness_alarms_total",
        "likeness_line_up",
        "likeness_terminals",
        "likeness_terminals_outbox_oldest_seconds",
        "likeness_terminals_by_software",
        "likeness_clock_bad_terminals",
        "likeness_throttled_terminals",
        "likeness_desired_pending_terminals",
        "likeness_unknown_messages_total",
    } <= names
    assert scraped.query("likeness_line_up == 1")
    (kept,) = scraped.query('likeness_records_total{what="kept"}')
    assert kept["value"][1] == "7"  # six results after the record that begins the chain
    (dropped,) = scraped.query('likeness_records_dropped_total{reason="malformed"}')
    assert dropped["value"][1] == "1"


def test_no_label_names_a_terminal_or_a_result(scraped: Prometheus) -> None:
    ours = [
        one["metric"] for one in scraped.query('{__name__=~"(likeness|process)_.+"}')
    ]
    labels = {label for one in ours for label in one}
    assert labels <= {
        *("__name__", "instance", "job", "le", "version", "which"),
        *("verdict", "what", "reason", "kind", "state", "clock", "software"),
        "than_seconds",
    }
    values = {value for one in ours for value in one.values()}
    assert not any("sim-" in value or DEVICE in value for value in values)
    assert len(ours) < 400


def test_what_prometheus_counts_is_the_fleet(scraped: Prometheus) -> None:
    counted = {
        one["metric"]["state"]: int(one["value"][1])
        for one in scraped.query("likeness_terminals")
    }
    said = Counter(one.status for one in made_up(TERMINALS, SEED))
    none = dict.fromkeys(("online", "stopping", "lost"), 0)
    assert counted == {**none, **said, "unknown": 1}
    versions = scraped.query('likeness_terminals_by_software{software!=""}')
    assert sum(int(one["value"][1]) for one in versions) >= TERMINALS


def test_the_alert_rules_are_loaded_and_healthy(scraped: Prometheus) -> None:
    def judged() -> bool:
        groups = scraped.ask("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return bool(rules) and all(rule["health"] == "ok" for rule in rules)

    assert happens(judged, WITHIN_S), scraped.ask("rules")


def test_a_fork_raises_its_alert(scraped: Prometheus) -> None:
    fires = 'ALERTS{alertname="LikenessForkAlarm", alertstate="firing"}'
    assert happens(scraped.has(fires), WITHIN_S)
    told = {
        one["labels"]["alertname"]: one["annotations"]
        for one in scraped.ask("alerts")["alerts"]
    }
    assert "likeness carrier alarms" in told["LikenessForkAlarm"]["do"]
    assert "LikenessKeyAlarm" not in told


def test_without_its_token_prometheus_sees_nothing(scraped: Prometheus) -> None:
    (url,) = {
        one["scrapeUrl"]
        for one in scraped.ask("targets")["activeTargets"]
        if one["labels"]["job"] == "likeness-fleet"
    }
    assert url.startswith("https://")
    anybody = ssl._create_unverified_context()  # noqa: S323
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(url, context=anybody, timeout=10)  # noqa: S310


# --- Grafana ------------------------------------------------------------------------
# Where there is nothing to show there is no series.
MAY_BE_EMPTY = {"Alerts", "Alarms of the last day", "Certificates end in"}


def queries() -> list[tuple[str, str]]:
    return [
        (panel["title"], target["expr"])
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", [])
    ]


@pytest.mark.parametrize(("title", "expr"), queries())
def test_a_panel_has_what_it_shows(scraped: Prometheus, title: str, expr: str) -> None:
    asked = expr.replace("$__rate_interval", "1m").replace("$instance", ".*")
    assert "$" not in asked
    until_s = time.time()
    data = scraped.ask(
        "query_range", query=asked, start=str(until_s - 60), end=str(until_s), step="5"
    )
    assert data["resultType"] == "matrix"
    if title not in MAY_BE_EMPTY:
        assert happens(lambda: bool(scraped.query(asked)), 10), "no series"


def test_the_dashboard_can_be_imported() -> None:
    (given,) = DASHBOARD["__inputs"]
    assert (given["name"], given["type"]) == ("DS_PROMETHEUS", "datasource")
    (variable,) = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"]) == ("instance", "query")
    assert DASHBOARD["id"] is None
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    required = {one["id"] for one in DASHBOARD["__requires"]}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
        if panel["type"] != "row":
            assert panel["type"] in required
            assert panel["datasource"]["uid"] == "${DS_PROMETHEUS}"
            assert panel["targets"]


def test_the_variable_of_the_dashboard_finds_our_programs(scraped: Prometheus) -> None:
    (variable,) = DASHBOARD["templating"]["list"]
    found = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
    assert found
    series, label = found.groups()
    assert len(scraped.ask(f"label/{label}/values", **{"match[]": series})) == 2
