"""The published schemas take what our code says, and nothing that is broken."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

import asyncapi_specs
import contract
from likeness.carrier import asked, schemas
from likeness.core import asks, facts, messages, orders, topics, visit_orders
from likeness.core.topics import Who
from likeness.edges.sealer import PersonSealer
from likeness.service import asking
from replays import CLIP
from results import bench, chain_of
from scale.fleet import made_up

pytestmark = pytest.mark.broker

SHIPPED = Path(__file__).parents[2] / "systemd" / "mosquitto"
NAMES = [wire.name for wire in schemas.wires()]


@pytest.fixture(scope="module")
def said(
    tmp_path_factory: pytest.TempPathFactory, pictures: Path
) -> dict[str, dict[str, Any]]:
    """Every message of the contract, as our code makes it."""
    signed = asyncio.run(contract.signed(tmp_path_factory.mktemp("signed")))
    plain = asyncio.run(
        contract.plain(tmp_path_factory.mktemp("plain"), pictures / CLIP)
    )
    return {name: json.loads(one) for name, one in {**signed, **plain}.items()}


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schemas.message_schemas()[f"{name}.schema.json"])


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_and_takes_what_our_code_says(
    name: str, said: dict[str, dict[str, Any]]
) -> None:
    schema = schemas.message_schemas()[f"{name}.schema.json"]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert [one.message for one in validator(name).iter_errors(said[name])] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_refuses_each_member_that_is_missing_or_of_another_kind(
    name: str, said: dict[str, dict[str, Any]]
) -> None:
    good, judge = said[name], validator(name)
    schema = schemas.message_schemas()[f"{name}.schema.json"]
    assert schema["required"]
    for member in schema["required"]:
        odd: object = [None] if isinstance(good[member], dict) else {"odd": [None]}
        assert not judge.is_valid({**good, member: odd}), member
        assert not judge.is_valid({k: v for k, v in good.items() if k != member})
    assert not judge.is_valid([good])


def test_bounds_and_inner_parts_are_checked(said: dict[str, dict[str, Any]]) -> None:
    cases: dict[str, dict[str, Any]] = {
        "result": {"iat": -1},
        "epoch": {"epoch": "0123456789ABCDEF" * 2},
        "receipt": {"head": "short"},
        "visit": {"purpose": "curiosity"},
        "status": {"status": "asleep"},
        "command": {"command": {"name": "format_disk"}},
        "desired": {"config": {"broker": "elsewhere"}},
        "start": {"transaction": ".."},
        "dispute": {"numbers": []},
        "telemetry": {"delivery_sent": "many"},
        "birth": {"models": {"mesh": "no digest"}},
    }
    for name, broken in cases.items():
        assert validator(name).is_valid(said[name])
        assert not validator(name).is_valid({**said[name], **broken}), name


def test_nobody_may_say_what_telemetry_has_no_member_for(
    said: dict[str, dict[str, Any]],
) -> None:
    known = set(facts.Telemetry.__struct_fields__)
    counters = re.compile(schemas.COUNTER)
    fleet = next(made_up(1, 1)).telemetry
    for one in (said["telemetry"], fleet):
        odd = [name for name in one if name not in known and not counters.match(name)]
        assert odd == [], "add it to core.facts.Telemetry"
    births = (said["birth"], next(made_up(1, 1)).birth)
    for birth in births:
        assert set(birth) == set(facts.Birth.__struct_fields__)
        assert set(birth["model_set"]) == set(facts.ModelSet.__struct_fields__)
    assert set(said["status"]) == {"status", "boot"}
    assert set(said["reported"]) <= set(orders.Reported.__struct_fields__)


# --- nothing is forgotten -----------------------------------------------------------
def test_every_typ_of_the_code_is_in_the_table() -> None:
    source = Path(messages.__file__).parents[1]
    found = {
        typ
        for path in source.rglob("*.py")
        for typ in re.findall(r'"(likeness-[a-z-]+\+jws)"', path.read_text("utf-8"))
        # What the carrier signs for its own side never goes over the line.
        if path.parent.name == "core"
    }
    assert found == {wire.typ for wire in schemas.wires() if wire.typ}
    told = {**asks.KINDS, **visit_orders.KINDS}
    assert told.items() <= {wire.typ: wire.body for wire in schemas.wires()}.items()


def test_every_topic_of_the_access_rules_is_in_the_table_and_goes_the_same_way() -> (
    None
):
    rules = (SHIPPED / "likeness-terminals.acl").read_text("utf-8")
    found = re.findall(r"^pattern (\w+) likeness/v1/%u/(\w+)$", rules, re.M)
    told = {
        ("write" if one.sender is Who.TERMINAL else "read", one.leaf)
        for one in topics.TOPICS
    }
    assert set(found) == told
    assert len(found) == len(topics.TOPICS)


def test_the_expiries_are_those_of_the_code() -> None:
    table = {wire.name: wire.expires_s for wire in schemas.wires()}
    assert table["ask"] == asking.ASK_EXPIRES_S
    assert table["visit"] == asked.VISIT_EXPIRES_S
    assert table["answer"] == asked.ANSWER_EXPIRES_S
    assert table["numbers"] == asked.NUMBERS_EXPIRE_S


# --- AsyncAPI -----------------------------------------------------------------------
@pytest.mark.asyncapi
def test_the_document_is_one_of_asyncapi_3() -> None:
    judge = Draft7Validator(asyncapi_specs.schema())
    document = schemas.asyncapi()
    assert [one.message for one in judge.iter_errors(document)] == []
    broken: list[dict[str, Any]] = [
        {"asyncapi": "2.6.0"},
        {"operations": {"send_result": {"action": "shout"}}},
        {"channels": {"result": {"address": 7}}},
        {"servers": {"broker": {"host": "h"}}},
    ]
    for part in broken:
        assert not judge.is_valid({**document, **part}), part


def references(part: object) -> list[str]:
    if isinstance(part, dict):
        here = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return here + [one for inner in part.values() for one in references(inner)]
    if isinstance(part, list):
        return [one for inner in part for one in references(inner)]
    return []


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = schemas.asyncapi()
    found = references(document)
    assert len(found) > len(NAMES)
    for reference in found:
        part: Any = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
        assert part, reference


def test_the_document_says_of_each_topic_who_how_and_what() -> None:
    document = schemas.asyncapi()
    assert document["channels"].keys() == {one.leaf for one in topics.TOPICS}
    send, hear = (document["operations"][one] for one in ("send_birth", "hear_cmd"))
    assert (send["action"], hear["action"]) == ("send", "receive")
    assert send["bindings"]["mqtt"] == {
        **{"qos": 1, "retain": True, "bindingVersion": "0.2.0"}
    }
    assert document["operations"]["send_telemetry"]["bindings"]["mqtt"]["qos"] == 0
    expiry = {
        name: one["bindings"]["mqtt"].get("messageExpiryInterval")
        for name, one in document["operations"].items()
    }
    assert expiry["hear_visit"] == visit_orders.LIFE_AT_MOST_S
    assert expiry["send_ask"] is None  # a statement does not expire
    assert expiry["send_result"] is None
    assert document["channels"]["result"]["address"] == "likeness/v1/{device}/result"
    told = document["components"]["messages"]
    assert told["numbers"]["x-jws"]["typ"] == asks.NUMBERS
    assert told["numbers"]["x-expiry"] == {"seconds": 15, "at_most": False}
    assert told["birth"]["payload"] == {"$ref": "#/components/schemas/Birth"}


def test_a_token_has_the_shape_that_the_document_gives_it(tmp_path: Path) -> None:
    told = schemas.asyncapi()["components"]["messages"]
    jws_shape, jwe_shape = (told[one]["payload"] for one in ("result", "numbers"))
    token = chain_of(bench(tmp_path), 1)[1]
    assert Draft202012Validator(jws_shape).is_valid(token)
    sealed = PersonSealer(bench(tmp_path).keys.public("person")).seal(b"x")
    assert Draft202012Validator(jwe_shape).is_valid(sealed)
    for shape, other in ((jws_shape, sealed), (jwe_shape, token), (jws_shape, "a.b")):
        assert not Draft202012Validator(shape).is_valid(other)
