"""The Telegraf example, as far as it can be tried without Telegraf.

Telegraf is in none of the registries that we reach: it was never run. Here its file is
read as TOML, its topics and access are tried at a real broker with the rules that we
ship, and its paths in what a real daemon says.
"""

import asyncio
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import contract
from likeness.core import facts, messages
from likeness.simulators.authority import Authority, Kind
from replays import CLIP
from scale.fleet import make_up
from terminals import DEVICE
from tls_broker import Guest, shipped

FILE = Path(__file__).parents[2] / "systemd" / "monitoring" / "telegraf.conf"
INPUTS = tomllib.loads(FILE.read_text(encoding="utf-8"))["inputs"]["mqtt_consumer"]
TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "string": (str,),
}


def leaf_of(one: dict[str, Any]) -> str:
    (topic,) = one["topics"]
    return str(topic).rpartition("/")[2]


def paths(one: dict[str, Any]) -> list[dict[str, Any]]:
    (parser,) = one["json_v2"]
    tags = [{**tag, "type": "string"} for tag in parser.get("tag", [])]
    return [*tags, *parser["field"]]


def at(said: dict[str, Any], path: str) -> object:
    found: Any = said
    for step in path.split("."):
        found = found[step]
    return found


def test_the_topics_are_ours_and_their_parts_fit() -> None:
    assert [leaf_of(one) for one in INPUTS] == ["telemetry", "status", "birth"]
    for one in INPUTS:
        (parsing,) = one["topic_parsing"]
        assert one["topics"] == [parsing["topic"]]
        assert parsing["topic"] == messages.topic("+", leaf_of(one))
        parts = messages.topic("shop-1", leaf_of(one)).split("/")
        tags = dict(zip(parsing["tags"].split("/"), parts, strict=True))
        named = dict(zip(parsing["measurement"].split("/"), parts, strict=True))
        assert tags["device"] == "shop-1"
        assert (
            named["measurement"]
            == leaf_of(one)
            == one["json_v2"][0]["measurement_name"]
        )
    assert len({one["client_id"] for one in INPUTS}) == len(INPUTS)


@pytest.fixture(scope="module")
def said(
    tmp_path_factory: pytest.TempPathFactory, pictures: Path
) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("daemon")
    heard = asyncio.run(contract.plain(folder, pictures / CLIP))
    return {leaf: json.loads(one) for leaf, one in heard.items()}


@pytest.mark.broker
def test_each_path_is_in_what_a_real_terminal_says(
    said: dict[str, dict[str, Any]],
) -> None:
    whole = make_up(0, 1).telemetry  # with what this machine cannot measure
    for one in INPUTS:
        leaf = leaf_of(one)
        for path in paths(one):
            name = path["path"]
            if not path.get("optional"):
                assert isinstance(at(said[leaf], name), TYPES[path["type"]]), name
            else:
                assert name in facts.Telemetry.__struct_fields__
                assert isinstance(at(whole, name), TYPES[path["type"]]), name


@pytest.mark.broker
def test_the_shipped_rules_let_telegraf_hear_these_and_no_result(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path / "pki")
    with shipped(tmp_path / "broker", authority) as broker:
        shop = authority.make(DEVICE, Kind.DEVICE)
        for one in INPUTS:
            who = authority.make(one["client_id"], Kind.CARRIER)
            with (
                Guest(broker.carrier_port, authority.servers, who) as telegraf,
                Guest(broker.port, authority.servers, shop) as terminal,
            ):
                telegraf.follow(*one["topics"])
                telegraf.follow("likeness/v1/+/result")
                terminal.say(messages.topic(DEVICE, "result"), b"secret")
                topic = messages.topic(DEVICE, leaf_of(one))
                terminal.say(topic, b"{}")
                assert telegraf.hears(topic, b"{}")
                assert all(payload != b"secret" for _, payload in telegraf.heard)
