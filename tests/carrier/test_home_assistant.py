"""What Home Assistant would read: each document, and what its templates show."""

import asyncio
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import pytest

import contract
from broker import Mosquitto, mosquitto
from likeness.__main__ import main
from likeness.carrier import home_assistant
from likeness.core import messages
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from likeness.simulators.authority import Authority, Kind
from processes import happens
from replays import CLIP
from scale.fleet import make_up
from terminals import DEVICE
from tls_broker import Guest, shipped

# homeassistant/<component>/<node>/<object>/config, as its documentation has it.
TOPIC = re.compile(
    r"homeassistant/(sensor|binary_sensor)/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+)/config"
)
REFUSED = 0x87
NEEDED = {"name", "unique_id", "state_topic", "value_template", "device", "origin"}


def rendered(template: str, payload: bytes) -> str:
    """What a template makes of a message, as Home Assistant renders it: value_json."""
    made = jinja2.Environment(autoescape=False).from_string(template)  # noqa: S701
    return made.render(value_json=json.loads(payload), value=payload.decode())


def by_name(device: str = DEVICE) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in home_assistant.configs(device).values()}


def test_each_document_has_what_is_required_and_a_name_of_its_own() -> None:
    documents = home_assistant.configs("shop-1") | home_assistant.configs("shop-2")
    ids = [one["unique_id"] for one in documents.values()]
    assert len(set(ids)) == len(documents) == 2 * len(home_assistant.FIGURES)
    for topic, one in documents.items():
        assert TOPIC.fullmatch(topic), topic
        assert set(one) >= NEEDED
        assert one["device"]["identifiers"]
        assert json.loads(json.dumps(one)) == one
        if "/binary_sensor/" in topic:
            assert "unit_of_measurement" not in one
            assert "state_class" not in one


def test_a_name_that_is_no_node_becomes_one_of_its_own() -> None:
    nodes = {home_assistant.node_of(one) for one in ("a.b", "a_b", "a:b", "店-1")}
    assert len(nodes) == 4
    assert all(re.fullmatch("[a-zA-Z0-9_-]+", one) for one in nodes)
    (topic, one), *_ = home_assistant.configs("a.b").items()
    assert TOPIC.fullmatch(topic)
    assert one["state_topic"].startswith("likeness/v1/a.b/")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> dict[str, bytes]:
    """What a real daemon says of itself over a real broker."""
    folder = tmp_path_factory.mktemp("daemon")
    return asyncio.run(contract.plain(folder, pictures / CLIP))


@pytest.mark.broker
def test_templates_give_what_a_real_terminal_says(said: dict[str, bytes]) -> None:
    birth, telemetry = (json.loads(said[one]) for one in ("birth", "telemetry"))
    binary = {one.name for one in home_assistant.FIGURES if not one.is_sensor}
    shown = {
        name: rendered(one["value_template"], said[one["state_topic"].split("/")[-1]])
        for name, one in by_name().items()
    }
    assert shown["Records waiting"] == str(telemetry["outbox_waiting"]) != "0"
    assert shown["Disk free"] == str(telemetry["disk_free_kib"])
    assert shown["Visits"] == "0"
    assert shown["Software"] == birth["software"]
    assert shown["Models"] == "packaged"
    assert shown["Reader lost"] == "ON"  # there is none in this test
    assert shown["Camera missing"] == "OFF"
    assert shown["Part hangs"] == "OFF"
    assert shown["Line fault"] == "none"
    for name, value in shown.items():
        is_word = value in {"ON", "OFF", "None"}
        assert is_word if name in binary else value, name


def test_templates_give_what_a_sick_terminal_says_and_unknown_for_what_is_not() -> None:
    told = {**make_up(0, 1).telemetry, "throttled": True, "temperature_c": 84.5}
    told |= {"clock": "unsynced", "reader": "lost", "camera": "missing"}
    told |= {"hung": ["camera"], "outbox_oldest_s": 7200, "line_fault": "unanswered"}
    sick, less = messages.to_json(told), b'{"outbox_waiting":0}'
    shown = {
        name: (
            rendered(one["value_template"], sick),
            rendered(one["value_template"], less),
        )
        for name, one in by_name().items()
        if one["state_topic"].endswith("/telemetry")
    }
    assert shown["Temperature"] == ("84.5", "None")
    assert shown["Oldest waiting"] == ("7200", "None")
    for name in ("Throttled", "Clock not set", "Reader lost", "Camera missing"):
        assert shown[name] == ("ON", "None"), name
    assert shown["Part hangs"] == ("ON", "None")
    assert shown["Line fault"] == ("unanswered", "none")
    assert shown["Records waiting"][1] == "0"


@pytest.mark.parametrize(
    ("status", "there", "connection"),
    [
        ("online", "online", "ON"),
        ("stopping", "offline", "OFF"),
        ("lost", "offline", "OFF"),
    ],
)
def test_availability_follows_status(status: str, there: str, connection: str) -> None:
    payload = messages.to_json(messages.Status(status=status, boot="b"))
    figures = by_name()
    (available,) = figures["Visits"]["availability"]
    assert available["topic"] == messages.topic(DEVICE, "status")
    assert rendered(available["value_template"], payload) == there
    assert there in (available["payload_available"], available["payload_not_available"])
    connected = figures["Connection"]
    assert "availability" not in connected
    assert rendered(connected["value_template"], payload) == connection


# --- the command --------------------------------------------------------------------
def carrier_file(folder: Path, port: int, more: str = "") -> Path:
    for device in ("shop-1", "shop-2"):
        bench_keys.make(folder / "keys", device, (Environment.TEST,))
    path = folder / "carrier.toml"
    more = more or 'environment = "test"'
    path.write_text(
        f'keys = "{folder}/keys/carrier"\ndatabase = "{folder}/c.db"\n'
        f'host = "localhost"\nport = {port}\n{more}\n'
    )
    return path


class HomeAssistant:
    """Keeps what stands under its prefix."""

    def __init__(self, broker: Mosquitto) -> None:
        self.kept: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._client = contract.watcher(broker, "homeassistant/#", self._hear)

    def _hear(self, topic: str, payload: bytes) -> None:
        with self._lock:
            self.kept[topic] = payload

    def has(self, what: Callable[[dict[str, bytes]], bool]) -> bool:
        return happens(lambda: what(dict(self.kept)), 10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.mark.broker
def test_it_is_published_retained_and_taken_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    each = len(home_assistant.FIGURES)
    with mosquitto(tmp_path) as broker:
        given = ["carrier", "discovery", "--config"]
        given += [str(carrier_file(tmp_path, broker.port))]
        assert main([*given, "--dry-run"]) == 0
        shown = dict(
            line.split(" ", 1) for line in capsys.readouterr().out.splitlines()
        )
        early = HomeAssistant(broker)
        assert main(given) == 0
        assert f"{2 * each} for 2 terminal(s) published" in capsys.readouterr().out
        late = HomeAssistant(broker)  # comes after: it is retained
        for one in (early, late):
            assert one.has(lambda kept: len(kept) == 2 * each)
        assert late.kept == {topic: text.encode() for topic, text in shown.items()}
        assert main([*given, "--device", "shop-1", "--remove"]) == 0
        assert early.has(lambda kept: list(kept.values()).count(b"") == each)
        last = HomeAssistant(broker)
        assert last.has(lambda kept: len(kept) == each)
        assert all("/shop-2/" in topic for topic in last.kept)
        for one in (early, late, last):
            one.close()
        assert main([*given, "--device", "shop-3"]) == 2
        assert "shop-3.json" in capsys.readouterr().err


@pytest.mark.broker
def test_the_shipped_rules_let_it_and_nobody_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = Authority(tmp_path / "pki")
    with shipped(tmp_path / "broker", authority) as broker:
        for name, is_let in (("likeness-discovery", True), ("likeness-fleet", False)):
            who = authority.make(name, Kind.CARRIER)
            more = (
                f'ca_file = "{authority.servers}"\n'
                f'discovery_client_id = "{name}"\n'
                f'discovery_cert_file = "{who.cert}"\n'
                f'discovery_key_file = "{who.key}"'
            )
            folder = tmp_path / name
            folder.mkdir()
            config = carrier_file(folder, broker.carrier_port, more)
            code = main(["carrier", "discovery", "--config", str(config)])
            said = capsys.readouterr()
            assert code == (0 if is_let else 1), said
            assert ("published" in said.out) == is_let
            assert is_let or "its access rules for 'likeness-fleet'" in said.err
        bad = carrier_file(
            tmp_path, broker.carrier_port, f'ca_file = "{authority.servers}"'
        )
        assert main(["carrier", "discovery", "--config", str(bad)]) == 78
        assert "discovery_cert_file is empty" in capsys.readouterr().err
        home = authority.make("home-assistant", Kind.CARRIER)
        with Guest(broker.carrier_port, authority.servers, home) as one:
            one.follow("homeassistant/#")
            topic, document = next(iter(home_assistant.configs("shop-1").items()))
            assert one.hears(topic, msgspec.json.encode(document))
            assert one.say(topic, b"{}", retain=True) == REFUSED
            assert one.say(messages.topic("shop-1", "cmd"), b"x") == REFUSED
