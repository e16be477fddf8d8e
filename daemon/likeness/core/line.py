"""What the line to the broker tells those who listen; the same on both sides.

Leaves to others: the connection itself (`edges.broker`), what to do about it.
"""

from dataclasses import dataclass, field

from likeness.core.line_faults import LineFault

# What MQTT v5, 3.2.2.3, lets a client assume when the broker names no limits.
MAX_WINDOW = 65_535
MAX_PACKET_BYTES = 268_435_460


@dataclass(frozen=True, slots=True)
class BrokerUp:
    """The connection stands and the topics were asked for.

    Attributes:
        window: how many publishes may wait for their PUBACK (Receive Maximum).
        packet_bytes: the largest packet that the broker takes.
        refused: topics that it does not let us follow.
    """

    window: int = MAX_WINDOW
    packet_bytes: int = MAX_PACKET_BYTES
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokerDown:
    """There is no connection; what was in flight is unknown.

    `fault` is there when it was not just lost: then somebody may have to act.
    """

    why: str
    fault: LineFault | None = None


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
    # To be handed to `acknowledge`, where that is done by hand; 0: it came with QoS 0.
    receipt: int = 0
    correlation: bytes = field(default=b"", repr=False)  # MQTT v5, 3.3.2.3.6
    is_retained: bool = False  # the broker had kept it; it was not said just now


BrokerEvent = BrokerUp | BrokerDown | Published | Arrived
