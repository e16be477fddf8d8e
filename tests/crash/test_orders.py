"""Orders to the real program over a real mosquitto: obeyed once, or refused, and why.

The test holds the carrier's command key and a plain MQTT client, so it can say what an
honest carrier never would. It also is the unit: what ends with 75 is started again.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from broker import Mosquitto
from likeness.core import jws, messages, orders
from likeness.edges import key_files
from processes import happens
from programs import Shop, Terminal
from signed_orders import command_claims, desired_claims, said, signed

pytestmark = [pytest.mark.broker, pytest.mark.slow]

READY_WITHIN_S = 60.0
ANSWER_WITHIN_S = 20.0
ENDS_WITHIN_S = orders.RESTARTS_AFTER_S + 20.0  # by order
DEVICE = "shop-1"
RESTART_CODE = 75


class Operator:
    """A client of another make of code, with the carrier's keys in its hands."""

    def __init__(self, broker: Mosquitto, keys: Path) -> None:
        self.keys = keys
        self.replies: list[tuple[bytes, dict[str, Any]]] = []
        self.retained: dict[str, dict[str, Any]] = {}
        self.elsewhere: list[bytes] = []
        self._client = Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_message = self._hear
        self._client.connect(broker.host, broker.port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        leaf = message.topic.rpartition("/")[2]
        if leaf == "reply":
            correlation = getattr(message.properties, "CorrelationData", b"")
            self.replies.append((correlation, said(bytes(message.payload))))
        elif leaf in ("reported", "birth"):
            self.retained[leaf] = json.loads(message.payload)
        elif leaf == "elsewhere":
            self.elsewhere.append(bytes(message.payload))

    def say(self, leaf: str, token: bytes, correlation: bytes = b"") -> None:
        more: Properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if correlation:
            more.CorrelationData = correlation
            more.ResponseTopic = messages.topic(DEVICE, "elsewhere")
        topic, retain = messages.topic(DEVICE, leaf), leaf == "desired"
        self._client.publish(topic, token, 1, retain, more).wait_for_publish(5)

    def command(self, counter: int, action: object, /, **other: object) -> bytes:
        """Sign a command as the carrier would; `key` is another key's name."""
        key = str(other.pop("key", "command"))
        epoch = str(self.retained["birth"]["epoch"])
        claims = command_claims(DEVICE, epoch, counter, action, **other)
        return signed(self.keys / f"{key}.key", claims, messages.COMMAND)

    def ask(self, token: bytes) -> tuple[str, str]:
        """Send a command; return what its own reply says."""
        of = jws.chain_hash(token)
        before = len(self.replies)
        self.say("cmd", token, of.encode())

        def mine() -> list[dict[str, Any]]:
            return [r for c, r in self.replies[before:] if c == of.encode()]

        assert happens(lambda: bool(mine()), ANSWER_WITHIN_S)
        reply = mine()[0]
        assert reply["of"] == of
        return reply["outcome"], reply.get("reason", "")

    def desire(self, version: int, config: object, **other: object) -> None:
        claims = desired_claims(DEVICE, version, config, **other)
        self.say("desired", signed(self.keys / "command.key", claims, messages.DESIRED))

    def is_reported(self, version: int, state: str) -> bool:
        def there() -> bool:
            said = self.retained.get("reported", {})
            return (said.get("version"), said.get("state")) == (version, state)

        return happens(there, ANSWER_WITHIN_S)

    def is_beside(self, version: int, reason: str) -> bool:
        """Say whether this one is reported as refused, and is not the newest."""

        def there() -> bool:
            beside = self.retained.get("reported", {}).get("refused", {})
            return (beside.get("version"), beside.get("reason")) == (version, reason)

        return happens(there, ANSWER_WITHIN_S)

    @property
    def running(self) -> dict[str, Any]:
        found: dict[str, Any] = self.retained["reported"]["running"]
        return found


@pytest.fixture
def shop(tmp_path: Path, pictures: Path) -> Iterator[Shop]:
    with Shop(tmp_path, pictures, DEVICE) as shop:
        for mortal in shop.mortals.values():
            mortal.start()
        assert shop.terminals[0].says("event=broker_up", READY_WITHIN_S)
        yield shop


@pytest.fixture
def operator(shop: Shop, tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(shop.broker, tmp_path / "keys" / "carrier")
    try:
        assert happens(lambda: "birth" in operator.retained, ANSWER_WITHIN_S)
        yield operator
    finally:
        operator.close()


def start_again(terminal: Terminal) -> None:
    """Do what the unit does; it must have ended by itself, with the code for that."""
    since = terminal.written
    assert happens(lambda: terminal.fell, ENDS_WITHIN_S)
    assert terminal.stop() == RESTART_CODE
    terminal.start()
    assert terminal.says("event=broker_up", READY_WITHIN_S, since)


def test_a_command_is_obeyed_once_and_refused_for_each_reason(
    shop: Shop, operator: Operator, tmp_path: Path
) -> None:
    (terminal,) = shop.terminals
    first = operator.command(5, "announce")
    assert operator.ask(first) == ("done", "")
    assert operator.elsewhere == [], "a Response Topic from outside is ignored"
    assert operator.ask(first) == ("refused", "replayed")
    assert operator.ask(operator.command(4, "announce")) == ("refused", "replayed")
    # killed and started again: the counter is still there
    since = terminal.written
    terminal.kill()
    terminal.start()
    assert terminal.says("event=broker_up", READY_WITHIN_S, since)
    assert operator.ask(first) == ("refused", "replayed")
    for token, why in (
        (operator.command(6, "announce", aud="shop-2"), "wrong_device"),
        (operator.command(6, "announce", iat=1000, exp=1060), "expired"),
        (operator.command(6, "announce", epoch="f" * 32), "wrong_epoch"),
        (operator.command(6, "open_the_door"), "unknown_command"),
        (operator.command(6, {"name": "restart", "now": True}), "bad_arguments"),
    ):
        assert operator.ask(token) == ("refused", why)
    # who is not the carrier's commander is not answered
    before = len(operator.replies)
    key_files.make_private(operator.keys / "forged.key")
    for key in ("forged", "visit", "receipt"):
        operator.say("cmd", operator.command(6, "restart", key=key), b"x")
    operator.say("cmd", first[:-4] + b"AAAA", b"x")
    operator.say("cmd", b"restart", b"x")
    assert terminal.says("why='not a JWS of three parts'", ANSWER_WITHIN_S)
    assert terminal.said().count("event=message_dropped topic='likeness/v1") == 5
    assert operator.ask(operator.command(6, "announce")) == ("done", "")
    assert len(operator.replies) == before + 1
    assert not terminal.fell


def test_a_restart_comes_after_the_visit_and_the_reply_before_it(
    shop: Shop, operator: Operator
) -> None:
    (terminal,) = shop.terminals
    terminal.reader.lay(shop.cards[0])
    assert terminal.says("Look at the camera.", ANSWER_WITHIN_S)
    token = operator.command(1, "restart")
    operator.say("cmd", token, b"one")
    assert operator.ask(operator.command(2, "announce")) == ("refused", "busy")
    assert not any(correlation == b"one" for correlation, _ in operator.replies)
    assert not terminal.fell
    assert terminal.says("event=visit_done", 60.0)
    terminal.reader.take_away()
    assert happens(lambda: terminal.fell, ENDS_WITHIN_S)
    assert happens(lambda: operator.replies[-1][0] == b"one", ANSWER_WITHIN_S)
    assert operator.replies[-1][1]["outcome"] == "done"
    start_again(terminal)
    assert operator.ask(token) == ("refused", "replayed")
    assert [verdict for _, verdict in terminal.announced()]  # the visit had its end


def test_a_desired_configuration_is_taken_refused_and_outlives_a_restart(
    shop: Shop, operator: Operator
) -> None:
    (terminal,) = shop.terminals
    assert operator.is_reported(0, "applied")
    operator.desire(7, {"telemetry_every_s": 9, "keep_days": 3})
    start_again(terminal)
    assert operator.is_reported(7, "applied")
    assert operator.running["telemetry_every_s"] == 9
    for version, config in (
        (8, {"telemetry_every_s": 0}),
        (9, {"purpose": "replace_sim"}),
        (10, {"profile": "no_such_profile"}),
    ):
        operator.desire(version, config)
        assert operator.is_reported(version, "refused"), version
        assert operator.running["telemetry_every_s"] == 9
    # an older one is refused beside the newest; it is retained, and heard again
    operator.desire(6, {"telemetry_every_s": 30})
    assert operator.is_beside(6, "stale")
    assert operator.is_reported(10, "refused")
    since = terminal.written
    terminal.kill()
    terminal.start()
    assert terminal.says("event=broker_up", READY_WITHIN_S, since)
    assert operator.is_beside(6, "stale")
    assert operator.is_reported(7, "applied")
    assert operator.running["keep_days"] == 3
    assert operator.running["telemetry_every_s"] == 9
    # back to the file's own values
    operator.desire(11, {})
    start_again(terminal)
    assert operator.is_reported(11, "applied")
    assert operator.running["telemetry_every_s"] == 5


def test_the_carriers_own_commands(
    shop: Shop, operator: Operator, tmp_path: Path
) -> None:
    (terminal,) = shop.terminals

    def order(*words: object) -> tuple[int, str]:
        given = [sys.executable, "-m", "likeness", "carrier", *map(str, words)]
        far = ["--device", DEVICE, "--config", str(tmp_path / "carrier.toml")]
        done = subprocess.run(
            [*given, *far], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    code, text = order("command", "self-test")
    assert (code, '"passed": true' in text) == (0, True), text
    code, text = order("command", "diagnose")
    assert code == 0, text
    assert '"disk": "ok: ' in text
    assert "event=ready" in text
    for name in ("cmd", "desired"):
        assert terminal.said().count(f"topic='likeness/v1/{DEVICE}/{name}'") == 0
    wanted = tmp_path / "wanted.toml"
    wanted.write_text('profile = "no_such"\n')
    code, text = order("desire", "--file", wanted)
    assert code == 1
    assert "refused: terminal.profile: there is no profile 'no_such'" in text
    code, text = order("command", "rotate-key")
    assert code == 0, text
    start_again(terminal)
    assert happens(lambda: operator.retained["birth"]["kid"] in text, ANSWER_WITHIN_S)
    code, text = order("command", "announce")  # its reply is signed by the new key
    assert (code, text) == (0, f"{DEVICE}: done\n")
    code, text = order("command", "announce", "--epoch", "f" * 32)
    assert (code, text) == (1, f"{DEVICE}: refused: wrong_epoch\n")
