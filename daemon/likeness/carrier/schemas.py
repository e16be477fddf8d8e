"""The AsyncAPI 3 document and a JSON Schema for each message, made from the types.

Nothing here is written by hand but sentences: members, bounds and patterns are those
of the structs that both sides decode with. Leaves to others: the table of topics and
messages (`core.topics`), writing files (`commands.carrier_schemas`).
"""

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

from likeness import __version__
from likeness.core import jws, messages, topics
from likeness.core.topics import Topic, Who, Wire

Schema = dict[str, Any]  # Any: JSON of many shapes

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MQTT_BINDING = "0.2.0"
JOSE = "application/jose"
JSON = "application/json"
TERMINAL_KEEPALIVE_S = 30
COUNTER = "^(delivery|visit_order|command|desired|statement)_[a-z0-9_]+$"


def wires() -> list[Wire]:
    """Return every message: those on topics, then those inside of others."""
    on_topics = [wire for topic in topics.TOPICS for wire in topic.wires]
    return [*on_topics, *topics.INSIDE]


def message_schemas() -> dict[str, Schema]:
    """Return file name → the JSON Schema (2020-12) of what each message says."""
    return {f"{wire.name}.schema.json": _standing_alone(wire) for wire in wires()}


def asyncapi() -> Schema:
    """Return the AsyncAPI 3.0.0 document, seen from the terminal."""
    schemas = _components((wire.body for wire in wires()), "#/components/schemas/")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "likeness: between terminal and carrier",
            "version": __version__,
            "description": (
                "MQTT v5. A terminal sends and receives as said here; the carrier's"
                " programs do the opposite. What a JWS says is under x-jws: MQTT's own"
                " expiry, and the broker's word for who publishes, prove nothing."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "servers": {"broker": _server()},
        "channels": {topic.leaf: _channel(topic) for topic in topics.TOPICS},
        "operations": {
            _operation_name(topic): _operation(topic) for topic in topics.TOPICS
        },
        "components": {
            "messages": {
                wire.name: _message(topic, wire)
                for topic in topics.TOPICS
                for wire in topic.wires
            },
            "schemas": schemas,
            "securitySchemes": {
                "certificate": {
                    "type": "X509",
                    "description": "Its common name is the device, and the client id.",
                }
            },
        },
    }


# --- schemas ------------------------------------------------------------------------
def _standing_alone(wire: Wire) -> Schema:
    schemas = _components([wire.body], "#/$defs/")
    schema = schemas.pop(wire.body.__name__)
    known = {"$schema": DRAFT, "$id": f"urn:likeness:v1:{wire.name}", "$comment": ""}
    known["$comment"] = (
        f"The payload of a JWS with typ {wire.typ}; its signature is not checked here."
        if wire.typ
        else "The message as it goes over the line."
        if wire not in topics.INSIDE
        else "What is inside of a JWE."
    )
    return {**known, **schema, **({"$defs": schemas} if schemas else {})}


def _components(bodies: Iterable[type[msgspec.Struct]], at: str) -> dict[str, Schema]:
    """Return the schemas of these types and of all that they are made of, by name."""
    bodies = list(dict.fromkeys(bodies))
    late = {of: kind for of, kind in topics.LATE.items() if of[0] in bodies}
    wanted: list[Any] = [*bodies, *late.values()]  # unions are types, too
    template = at + "{name}"
    schemas, components = msgspec.json.schema_components(wanted, ref_template=template)
    for (body, member), schema in zip(late, schemas[len(bodies) :], strict=True):
        components[body.__name__]["properties"][member] = schema
    if "Telemetry" in components:
        counters = {COUNTER: {"type": "integer", "minimum": 0}}
        components["Telemetry"]["patternProperties"] = counters
    _tidy(components)
    return {name: components[name] for name in sorted(components)}


def _tidy(schema: object) -> None:
    """Take out OpenAPI's discriminators, which mean something else, and indents."""
    if isinstance(schema, dict):
        if isinstance(schema.get("description"), str):
            schema["description"] = inspect.cleandoc(schema["description"])
        if isinstance(schema.get("discriminator"), dict):
            del schema["discriminator"]
        for part in schema.values():
            _tidy(part)
    elif isinstance(schema, list):
        for part in schema:
            _tidy(part)


# --- AsyncAPI -----------------------------------------------------------------------
def _server() -> Schema:
    will = {"topic": messages.topic("{device}", "status"), "qos": 1, "retain": True}
    will["message"] = messages.to_json(
        messages.Status(status="lost", boot="its boot id")
    ).decode()
    mqtt = {
        "cleanSession": False,
        "keepAlive": TERMINAL_KEEPALIVE_S,
        "lastWill": will,
        "bindingVersion": MQTT_BINDING,
    }
    return {
        "host": "broker.example:8883",
        "protocol": "secure-mqtt",
        "protocolVersion": "5",
        "description": "Both sides show a certificate.",
        "security": [{"$ref": "#/components/securitySchemes/certificate"}],
        "bindings": {"mqtt": mqtt},
    }


def _channel(topic: Topic) -> Schema:
    return {
        "address": messages.topic("{device}", topic.leaf),
        "description": topic.says,
        "parameters": {"device": {"description": "The terminal's name."}},
        "messages": {
            wire.name: {"$ref": f"#/components/messages/{wire.name}"}
            for wire in topic.wires
        },
    }


def _operation_name(topic: Topic) -> str:
    verb = "send" if topic.sender is Who.TERMINAL else "hear"
    return f"{verb}_{topic.leaf}"


def _operation(topic: Topic) -> Schema:
    said: Schema = {
        "action": "send" if topic.sender is Who.TERMINAL else "receive",
        "channel": {"$ref": f"#/channels/{topic.leaf}"},
        "summary": topic.says,
        "messages": [
            {"$ref": f"#/channels/{topic.leaf}/messages/{wire.name}"}
            for wire in topic.wires
        ],
        "bindings": {
            "mqtt": {
                "qos": topic.qos,
                "retain": topic.retain,
                **_expiry(topic),
                "bindingVersion": MQTT_BINDING,
            }
        },
    }
    if topic.leaf == "cmd":
        said["reply"] = {
            "channel": {"$ref": "#/channels/reply"},
            "messages": [{"$ref": "#/channels/reply/messages/reply"}],
        }
    return said


def _expiry(topic: Topic) -> Schema:
    """The longest of its messages, if each expires; `x-expiry` has each one's own."""
    all_s = [wire.expires_s for wire in topic.wires if wire.expires_s is not None]
    return (
        {"messageExpiryInterval": max(all_s)} if len(all_s) == len(topic.wires) else {}
    )


def _message(topic: Topic, wire: Wire) -> Schema:
    body = {"$ref": f"#/components/schemas/{wire.body.__name__}"}
    said: Schema = {
        "name": wire.name,
        "title": wire.typ or wire.name,
        "summary": (wire.body.__doc__ or "").strip().partition("\n")[0],
        "contentType": JOSE if wire.typ else JSON,
        "payload": _token(wire) if wire.typ else body,
        "bindings": {"mqtt": {"bindingVersion": MQTT_BINDING}},
    }
    if wire.typ:
        said["x-jws"] = {"typ": wire.typ, "alg": jws.ES256, "claims": body}
    if wire.sealed:
        said["x-jwe"] = {"alg": "ECDH-ES", "enc": "A256GCM", "holds": "the JWS"}
    if wire.expires_s is not None:
        said["x-expiry"] = {"seconds": wire.expires_s, "at_most": wire.own_expiry}
    if topic.leaf == "reply":
        where = "$message.header#/correlationData"
        said["correlationId"] = {
            "location": where,
            "description": "MQTT v5 Correlation Data, as it came with the order.",
        }
    return said


def _token(wire: Wire) -> Schema:
    part = "[A-Za-z0-9_-]"
    # ECDH-ES has no encrypted key: the second of a JWE's five parts is empty.
    shape = [f"{part}+"] * 3
    if wire.sealed:
        shape = [f"{part}+", "", *[f"{part}+"] * 3]
    return {
        "type": "string",
        "maxLength": jws.MAX_TOKEN_BYTES,
        "pattern": "^" + r"\.".join(shape) + "$",
    }
