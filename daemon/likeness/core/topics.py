"""The public contract of design 3.5 as a table: every topic and every message on it.

The schemas and the AsyncAPI document are made from it, and tests hold it against the
broker's access rules, the `typ` constants and what the programs publish. Leaves to
others: the messages' members (`messages`, `asks`, `orders`, `visit_orders`, `facts`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from likeness.core import asks, facts, messages, orders, visit_orders

DAY_S = 24 * 3600


class Who(StrEnum):
    """Who publishes on a topic; the other side subscribes to it."""

    TERMINAL = "terminal"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class Wire:
    """One message as it goes over the line.

    Attributes:
        name: short, for documents and file names.
        body: what it says: JSON, or the claims of a JWS.
        typ: of the JWS; "": plain JSON.
        expires_s: MQTT message expiry; None: it does not expire there.
        sealed: the JWS goes inside a JWE, to the visit's key (RFC 7516, compact).
        own_expiry: who orders chooses the expiry, up to `expires_s`.
    """

    name: str
    body: type[msgspec.Struct]
    typ: str = ""
    expires_s: int | None = None
    sealed: bool = False
    own_expiry: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of each device: `likeness/v1/<device>/<leaf>`."""

    leaf: str
    sender: Who
    says: str
    wires: tuple[Wire, ...]
    qos: int = 1
    retain: bool = False


TOPICS = (
    Topic(
        "birth",
        Who.TERMINAL,
        "What the terminal is; said whenever its line comes up.",
        (Wire("birth", facts.Birth),),
        retain=True,
    ),
    Topic(
        "status",
        Who.TERMINAL,
        "Whether it is there; its last will says `lost`.",
        (Wire("status", messages.Status),),
        retain=True,
    ),
    Topic(
        "telemetry",
        Who.TERMINAL,
        "How things stand, every mqtt.telemetry_every_s.",
        (Wire("telemetry", facts.Telemetry),),
        qos=0,
    ),
    Topic(
        "result",
        Who.TERMINAL,
        "Records of the chain; sent again until a receipt covers them.",
        (
            Wire("result", messages.Result, messages.RESULT),
            Wire("epoch", messages.EpochBegins, messages.EPOCH),
            Wire("key", messages.KeyChange, messages.KEY),
        ),
    ),
    Topic(
        "receipt",
        Who.CARRIER,
        "What is kept, cumulative; or the refusal of one record.",
        (
            Wire("receipt", messages.Receipt, messages.RECEIPT),
            Wire("refusal", messages.Refusal, messages.REFUSAL),
        ),
    ),
    Topic(
        "ask",
        Who.TERMINAL,
        "Questions and statements.",
        (
            Wire("ask", messages.Ask, messages.ASK, 30),
            Wire("anchor", messages.TimeAnchor, messages.ANCHOR),
            Wire("decision", asks.Decision, asks.DECISION),
            Wire("dispute", asks.Dispute, asks.DISPUTE),
            Wire("question", asks.Question, asks.QUESTION),
        ),
    ),
    Topic(
        "visit",
        Who.CARRIER,
        "The carrier's half of a visit's seed; or orders to start or cancel one.",
        (
            Wire("visit", messages.Visit, messages.VISIT, 30),
            Wire(
                "start",
                visit_orders.Start,
                visit_orders.START,
                visit_orders.LIFE_AT_MOST_S,
                own_expiry=True,
            ),
            Wire(
                "cancel",
                visit_orders.Cancel,
                visit_orders.CANCEL,
                visit_orders.LIFE_AT_MOST_S,
                own_expiry=True,
            ),
        ),
    ),
    Topic(
        "answer",
        Who.CARRIER,
        "What became of a statement; or the numbers in a name, sealed.",
        (
            Wire("answer", asks.Answer, asks.ANSWER, 3600),
            Wire("numbers", asks.Numbers, asks.NUMBERS, 15, sealed=True),
        ),
    ),
    Topic(
        "desired",
        Who.CARRIER,
        "The configuration that is wanted.",
        (Wire("desired", orders.Desired, messages.DESIRED),),
        retain=True,
    ),
    Topic(
        "reported",
        Who.TERMINAL,
        "What became of it, and what runs.",
        (Wire("reported", orders.Reported),),
        retain=True,
    ),
    Topic(
        "cmd",
        Who.CARRIER,
        "One command; answered by its Correlation Data.",
        (Wire("command", orders.Command, messages.COMMAND, DAY_S, own_expiry=True),),
    ),
    Topic(
        "reply",
        Who.TERMINAL,
        "What became of a command, a start or a cancel; with its Correlation Data.",
        (Wire("reply", orders.Reply, messages.REPLY),),
    ),
)

# Inside other messages, never on a topic of their own.
INSIDE = (
    Wire("key-proof", messages.KeyProof, messages.KEY_PROOF),  # `proof` of a `key`
    Wire("person", messages.Person),  # `person` of a result, opened
)
# What a member that is read only after its signature holds: its schema.
# Any: a type, or a union of types.
LATE: dict[tuple[type[msgspec.Struct], str], Any] = {
    (orders.Command, "command"): orders.Action,
    (orders.Desired, "config"): orders.Overrides,
}
