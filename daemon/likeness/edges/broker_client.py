"""What paho must be told: the settings of a line, and a client made from them.

Leaves to others: when to connect, what to do with what the client hears.
"""

import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from likeness.core import line
from likeness.core.line import MAX_WINDOW, BrokerUp
from likeness.edges import tls_time
from likeness.edges.bounded_client import MAX_PACKET_BYTES, BoundedClient
from likeness.edges.brisk_client import BriskClient
from likeness.edges.broker_tls import tls_context

CONNECT_WITHIN_S = 5.0
SESSION_EXPIRY_S = 600  # commands survive a short absence


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we vanish."""

    topic: str
    payload: bytes
    delay_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Where the broker is, and how we come to it.

    Attributes:
        client_id: our name; with a certificate it is the common name as well.
        topics: what to subscribe to.
        session_expiry_s: for how long the broker keeps what comes while we are away.
        ca_file: empty for no TLS.
        part: of the configuration that these files stand in, for errors.
        acknowledge_by_hand: no PUBACK before `acknowledge`; the carrier's way.
        receive_maximum: how many the broker may send before we have answered them.
        retry_from_s: the shortest wait before connecting again.
        retry_to_s: the longest.
        stubborn_from_s: the same where somebody must act first, see `LineFault`.
        stubborn_to_s: the longest of these.
        answer_within_s: a broker that owes an answer for longer is left, though its
            pings come: on the same line nothing is ever sent again.
        brisk: for thousands of messages a second, see `brisk_client`.
        known_time: what is known about the time, for certificates.
    """

    host: str
    port: int
    client_id: str
    topics: tuple[str, ...]
    keepalive_s: int = 30
    session_expiry_s: int = SESSION_EXPIRY_S
    will: Will | None = None
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    part: str = "mqtt."
    acknowledge_by_hand: bool = False
    receive_maximum: int = 20
    retry_from_s: float = 1.0
    retry_to_s: float = 120.0
    stubborn_from_s: float = 60.0
    stubborn_to_s: float = 600.0
    answer_within_s: float = 60.0
    brisk: bool = False
    known_time: Callable[[], tls_time.KnownTime] = tls_time.sure


def tls_of(settings: LineSettings) -> ssl.SSLContext | None:
    """Return the TLS context, None for a line without.

    Raises:
        ConfigError: a certificate or key cannot be used.
    """
    if not settings.ca_file:
        return None
    return tls_context(
        name=settings.client_id,
        ca_file=settings.ca_file,
        cert_file=settings.cert_file,
        key_file=settings.key_file,
        part=settings.part,
    )


def new_client(settings: LineSettings, tls: ssl.SSLContext | None) -> BoundedClient:
    """Return a client that comes back to nobody by itself and speaks v5 only.

    In MQTT 3.1.1 a broker says "success" to a publish that it refuses.
    """
    kind = BriskClient if settings.brisk else BoundedClient
    client = kind(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
        reconnect_on_failure=False,
        manual_ack=settings.acknowledge_by_hand,
    )
    if settings.acknowledge_by_hand:
        client.most_unanswered = settings.receive_maximum
    client.connect_timeout = CONNECT_WITHIN_S
    client.on_socket_open = _send_at_once
    if tls is not None:
        tls_time.arm(tls, settings.known_time())
        client.tls_set_context(tls)
    if settings.will is not None:
        delay = properties(
            PacketTypes.WILLMESSAGE, WillDelayInterval=settings.will.delay_s
        )
        client.will_set(
            settings.will.topic,
            settings.will.payload,
            qos=1,
            retain=True,
            properties=delay,
        )
    return client


# Any: paho gives every callback its user data, and any kind of socket.
def _send_at_once(_client: Client, _data: Any, sock: Any) -> None:
    """Let a small packet not wait for the one before it (RFC 896, RFC 1122 4.2.3.4).

    With the far side's delayed acknowledgement each question took 40 ms longer.
    """
    with contextlib.suppress(OSError):  # a line that is gone already is told elsewhere
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def connect(client: Client, settings: LineSettings) -> None:
    """Connect, and start the client's thread if it has one; this blocks for seconds.

    Raises:
        OSError: nobody there, no such host, or no trust (`ssl.SSLError`).
    """
    client.connect(
        settings.host,
        settings.port,
        settings.keepalive_s,
        clean_start=settings.session_expiry_s == 0,
        properties=properties(
            PacketTypes.CONNECT,
            SessionExpiryInterval=settings.session_expiry_s,
            MaximumPacketSize=MAX_PACKET_BYTES,
            ReceiveMaximum=settings.receive_maximum,
        ),
    )
    if not settings.brisk:
        client.loop_start()


def limits_of(said: Properties | None) -> BrokerUp | None:
    """Read a CONNACK (MQTT v5, 3.2.2.3); None if it allows less than we need."""

    def value(name: str, otherwise: int) -> int:
        # paho has no attribute for what the broker did not say
        return int(getattr(said, name, otherwise))

    if value("MaximumQoS", 2) == 0 or value("RetainAvailable", 1) == 0:
        return None
    return BrokerUp(
        value("ReceiveMaximum", MAX_WINDOW),
        value("MaximumPacketSize", line.MAX_PACKET_BYTES),
    )


def properties(packet: int, **values: int | bytes) -> Properties:
    """Return MQTT v5 properties for a kind of packet."""
    made: Properties = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(made, name, value)
    return made
