"""The line to the broker: MQTT v5 through paho, on a thread of its own.

- Each connection is a new paho client: what was in flight on the old one is forgotten
  here, since the outbox remembers it (paho would send it again beside us, and loses
  its own limit of 20 after a reconnect).
- Reconnecting waits 1 … 120 s with jitter; no broker at the start is the same case.
- paho's callbacks only hand over with `call_soon_threadsafe`; the loop never waits.

Leaves to others: what is published, what an answer means.
"""

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from likeness.core.backoff import Backoff
from likeness.core.line import Arrived, BrokerDown, BrokerEvent, BrokerUp, Published
from likeness.errors import ConfigError

log = logging.getLogger(__name__)

MAX_PACKET_BYTES = 20_000
MID_RANGE = 65_536  # MQTT packet identifiers have 16 bits
CONNECT_WITHIN_S = 5.0
# A line that stood this long was a good one: the next wait is short again.
STOOD_S = 10.0

Listener = Callable[[BrokerEvent], None]


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we vanish."""

    topic: str
    payload: bytes
    delay_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Where the broker is, and how we come to it."""

    host: str
    port: int
    client_id: str
    topics: tuple[str, ...]
    keepalive_s: int = 30
    session_expiry_s: int = 600  # commands survive a short absence
    will: Will | None = None
    ca_file: str = ""  # empty: no TLS
    cert_file: str = ""
    key_file: str = ""
    acknowledge_by_hand: bool = False  # the carrier does, after its commit
    retry_from_s: float = 1.0
    retry_to_s: float = 120.0


class MqttLine:
    """`Broker` of `service.ports`."""

    def __init__(
        self, settings: LineSettings, *, choose: Callable[[], float] = random.random
    ) -> None:
        """Take the settings, and a chooser that gives 0 … 1 for the jitter.

        Raises:
            ConfigError: a certificate or key cannot be used.
        """
        self._settings = settings
        self._tls = _tls(settings)
        self._backoff = Backoff(settings.retry_from_s, settings.retry_to_s, choose)
        self._client: Client | None = None
        self._up = False
        self._connection = 0  # counts them: a late PUBACK must not go to the next one
        self._down = asyncio.Event()
        self._listener: Listener = _nobody
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, listener: Listener) -> None:
        """Hold a connection until cancelled, and come back whenever it is lost."""
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        while True:
            began = self._loop.time()
            await self._hold()
            if self._loop.time() - began > STOOD_S:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_s())

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
    ) -> int | None:
        """Hand one message over; return its number, or None while there is no line."""
        if self._client is None or not self._up:
            return None
        expiry = {} if expiry_s is None else {"MessageExpiryInterval": expiry_s}
        properties = _properties(PacketTypes.PUBLISH, **expiry)
        info = self._client.publish(topic, payload, qos, retain, properties)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def acknowledge(self, receipt: int) -> None:
        """Send the PUBACK of one arrived message, if its connection still stands."""
        connection, mid = divmod(receipt, MID_RANGE)
        if self._client is not None and connection == self._connection:
            self._client.ack(mid, 1)

    async def _hold(self) -> None:
        """Keep one connection for as long as it lives."""
        self._down = asyncio.Event()
        self._connection += 1
        client = self._new_client()
        self._client = client
        connecting = asyncio.create_task(asyncio.to_thread(self._connect, client))
        try:
            await asyncio.shield(connecting)
            await self._down.wait()
        except OSError as problem:
            # ssl.SSLError and socket.gaierror are OSError as well.
            where = f"{self._settings.host}:{self._settings.port}"
            self._tell(BrokerDown(f"{where}: {_plain(problem)}"))
        finally:
            self._client, self._up = None, False
            await asyncio.wait([connecting])  # a thread cannot be cancelled
            connecting.exception()  # told above, or nobody waits for it any more
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    def _connect(self, client: Client) -> None:
        settings = self._settings
        client.connect(
            settings.host,
            settings.port,
            settings.keepalive_s,
            clean_start=settings.session_expiry_s == 0,
            properties=_properties(
                PacketTypes.CONNECT,
                SessionExpiryInterval=settings.session_expiry_s,
                MaximumPacketSize=MAX_PACKET_BYTES,
            ),
        )
        client.loop_start()

    def _new_client(self) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=settings.acknowledge_by_hand,
        )
        client.connect_timeout = CONNECT_WITHIN_S
        if self._tls is not None:
            client.tls_set_context(self._tls)
        if settings.will is not None:
            client.will_set(
                settings.will.topic,
                settings.will.payload,
                qos=1,
                retain=True,
                properties=_properties(
                    PacketTypes.WILLMESSAGE, WillDelayInterval=settings.will.delay_s
                ),
            )
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    # --- on paho's thread: hand over, nothing else ----------------------------------
    # Any: paho gives every callback its user data, which we do not use.
    def _on_connect(
        self,
        client: Client,
        _data: Any,
        _flags: ConnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if code.is_failure:
            return  # paho tells on_disconnect as well
        options = SubscribeOptions(qos=1)
        if self._settings.topics:
            client.subscribe([(topic, options) for topic in self._settings.topics])
        else:
            self._hand_over(client, BrokerUp())

    def _on_subscribe(
        self,
        client: Client,
        _data: Any,
        _mid: int,
        codes: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        if any(code.is_failure for code in codes):
            log.error("event=subscription_refused what=check the broker's access rules")
        self._hand_over(client, BrokerUp())

    def _on_disconnect(
        self,
        client: Client,
        _data: Any,
        _flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._hand_over(client, BrokerDown(str(code)))

    def _on_publish(
        self,
        client: Client,
        _data: Any,
        mid: int,
        code: ReasonCode,
        _properties: Properties,
    ) -> None:
        self._hand_over(client, Published(mid, code.value))

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # not UTF-8: no topic of ours
        receipt = self._connection * MID_RANGE + message.mid
        self._hand_over(client, Arrived(topic, bytes(message.payload), receipt))

    def _hand_over(self, client: Client, event: BrokerEvent) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: we are going
                self._loop.call_soon_threadsafe(self._arrive, client, event)

    # --- on the loop again ----------------------------------------------------------
    def _arrive(self, client: Client, event: BrokerEvent) -> None:
        if client is not self._client:
            return  # of an earlier connection
        match event:
            case BrokerUp():
                self._up = True
            case BrokerDown():
                self._up = False
                self._down.set()
            case _:
                pass
        self._tell(event)

    def _tell(self, event: BrokerEvent) -> None:
        self._listener(event)


def _nobody(_event: BrokerEvent) -> None:
    """Stand in until `run` brings a listener."""


def _properties(packet: int, **values: int) -> Properties:
    properties: Properties = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(properties, name, value)
    return properties


def _tls(settings: LineSettings) -> ssl.SSLContext | None:
    if not settings.ca_file:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.key_file or None)
    except OSError as problem:  # ssl.SSLError is one
        raise ConfigError(
            "mqtt.ca_file, mqtt.cert_file or mqtt.key_file cannot be used:"
            f" {_plain(problem)}"
        ) from problem
    return context


def _plain(problem: OSError) -> str:
    return problem.strerror or str(problem) or type(problem).__name__
