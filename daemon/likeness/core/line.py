"""What the line to the broker tells those who listen; the same on both sides.

Leaves to others: the connection itself (`edges.broker`), what to do about it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BrokerUp:
    """The connection stands and the topics are subscribed."""


@dataclass(frozen=True, slots=True)
class BrokerDown:
    """There is no connection; what was in flight is unknown."""

    why: str


@dataclass(frozen=True, slots=True)
class Published:
    """The broker answered a publish."""

    message: int
    code: int  # MQTT v5 reason code of the PUBACK


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message on a topic that we follow."""

    topic: str
    payload: bytes = field(repr=False)
    receipt: int = 0  # to be handed to `acknowledge`, where that is done by hand


BrokerEvent = BrokerUp | BrokerDown | Published | Arrived
