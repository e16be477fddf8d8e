"""The line to the broker: MQTT v5 through paho, on a thread of its own.

- Each connection is a new paho client: what was in flight on the old one is forgotten
  here, since the outbox remembers it (paho would send it again beside us, and loses
  its own limit of 20 after a reconnect).
- Reconnecting waits 1 … 120 s with jitter; no broker at the start is the same case.
  Where somebody must act first it waits minutes. A wait is short again only when a line
  stood clearly longer than the wait before it: two programs that fight for one name,
  each cutting the other off, slow each other down.
- paho's callbacks only hand over with `call_soon_threadsafe`; the loop never waits.

Leaves to others: what is published, what an answer means, certificates (`broker_tls`).
"""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from likeness.core import line_faults
from likeness.core.backoff import Backoff
from likeness.core.line import Arrived, BrokerDown, BrokerEvent, BrokerUp, Published
from likeness.edges.brisk_client import BriskClient
from likeness.edges.broker_client import LineSettings as LineSettings  # noqa: PLC0414
from likeness.edges.broker_client import Will as Will  # noqa: PLC0414 - for users
from likeness.edges.broker_client import (
    connect,
    limits_of,
    new_client,
    properties,
    tls_of,
)
from likeness.edges.broker_window import BRISK_WINDOW, OWN_WINDOW, SendWindow

MID_RANGE = 65_536  # MQTT packet identifiers have 16 bits
STOOD_S = 10.0  # a line that stood no longer was none
# paho's words for an answer that is none of v5, and for a line that just ended
PROTOCOL_ERROR, UNSPECIFIED_ERROR = 0x82, 0x80
CUT_SHORT = 3  # so many of them in a row are no accident

Listener = Callable[[BrokerEvent], None]


class MqttLine:
    """`Broker` of `service.ports_carrier`."""

    def __init__(
        self,
        settings: LineSettings,
        *,
        choose: Callable[[], float] = random.random,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take the settings.

        Args:
            settings: where to, and as whom.
            choose: gives 0 … 1, for the jitter.
            pause: waits so many seconds.

        Raises:
            ConfigError: a certificate or key cannot be used.
        """
        self._settings = settings
        self._tls = tls_of(settings)
        self._pause = pause
        self._soon = Backoff(settings.retry_from_s, settings.retry_to_s, choose)
        self._late = Backoff(settings.stubborn_from_s, settings.stubborn_to_s, choose)
        self._client: Client | None = None
        self._window = SendWindow(BRISK_WINDOW if settings.brisk else OWN_WINDOW)
        self._connection = 0  # counts them: a late PUBACK must not go to the next one
        self._limits = BrokerUp()  # what the broker said when we came
        self._heard = False  # whether the broker has answered our CONNECT
        self._up = False
        self._down = asyncio.Event()
        self._fault: line_faults.LineFault | None = None
        self._began_s = 0.0
        self._waited_s = 0.0
        self._short = 0  # lines in a row that were cut short
        self._listener: Listener = _nobody
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, listener: Listener) -> None:
        """Hold a connection until cancelled, and come back whenever it is lost."""
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        while True:
            self._began_s = self._loop.time()
            await self._hold()
            self._waited_s = self._wait_s()
            await self._pause(self._waited_s)

    def _wait_s(self) -> float:
        if self._stood_s() > max(STOOD_S, 2 * self._waited_s):
            self._soon.reset()
            self._late.reset()
        stubborn = self._fault is not None and not self._fault.passes
        return (self._late if stubborn else self._soon).next_s()

    def _stood_s(self) -> float:
        return self._loop.time() - self._began_s if self._loop else 0.0

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes = b"",
    ) -> int | None:
        """Hand one message over; return its number, or None while there is no line."""
        client = self._client
        if client is None or not self._up:
            return None
        said: dict[str, int | bytes] = {}
        if expiry_s is not None:
            said["MessageExpiryInterval"] = expiry_s
        if correlation:
            said["CorrelationData"] = correlation
        more = properties(PacketTypes.PUBLISH, **said) if said else None

        def send() -> int | None:
            if isinstance(client, BriskClient) and qos:
                return client.send(topic, payload, retain, more)
            info = client.publish(topic, payload, qos, retain, more)
            return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

        return send() if qos == 0 else self._window.take(send)

    def follow(self, *topics: str) -> None:
        """Ask for further topics on this connection; the next one does not know them.

        A broker queues what it had kept (retained) of all topics that are asked for at
        once, and drops what is too much: who follows a whole fleet asks in turns.
        """
        if self._client is not None and self._up:
            options = SubscribeOptions(qos=1)
            self._client.subscribe([(topic, options) for topic in topics])

    def acknowledge(self, receipt: int) -> None:
        """Send the PUBACK of one arrived message, if its connection still stands."""
        connection, mid = divmod(receipt, MID_RANGE)
        if self._client is not None and connection == self._connection:
            self._client.ack(mid, 1)

    async def _hold(self) -> None:
        """Keep one connection for as long as it lives."""
        self._down = asyncio.Event()
        self._fault, self._heard = None, False
        self._connection += 1
        client = self._new_client()
        self._client = client
        connecting = asyncio.create_task(
            asyncio.to_thread(connect, client, self._settings)
        )
        try:
            await asyncio.shield(connecting)
            if isinstance(client, BriskClient):
                client.attach(asyncio.get_running_loop())
            await self._until_down()
        except OSError as problem:
            # ssl.SSLError and socket.gaierror are OSError as well.
            where = f"{self._settings.host}:{self._settings.port}"
            self._tell_down(BrokerDown(f"{where}: {_plain(problem)}", _trust(problem)))
        finally:
            self._client, self._up = None, False
            await asyncio.wait([connecting])  # a thread cannot be cancelled
            connecting.exception()  # told above, or nobody waits for it any more
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    async def _until_down(self) -> None:
        """Wait for the line's end, and end it where an answer never comes."""
        while not self._down.is_set():
            owed = self._owed()
            try:
                async with asyncio.timeout(self._settings.answer_within_s):
                    await self._down.wait()
            except TimeoutError:
                if owed is not None and owed == self._owed():
                    fault = line_faults.OWES_ANSWER
                    self._tell_down(BrokerDown("no answer, though it pings", fault))

    def _owed(self) -> int | None:
        """Return what the broker has not answered: a message, or that we are let in."""
        return self._window.oldest if self._up else 0  # messages count from 1

    def _new_client(self) -> Client:
        client = new_client(self._settings, self._tls)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_breach = self._on_breach
        if isinstance(client, BriskClient):
            client.on_plain = self._on_plain
            client.on_answer = self._on_answer
        return client

    # --- on paho's thread: hand over, nothing else ----------------------------------
    # Any: paho gives every callback its user data, which we do not use.
    def _on_connect(
        self,
        client: Client,
        _data: Any,
        _flags: ConnectFlags,
        code: ReasonCode,
        said: Properties | None,
    ) -> None:
        if self._heard:
            return  # a second CONNACK: the first one counts
        self._heard = True
        if code.is_failure:
            down = BrokerDown(str(code), line_faults.fault_of(code.value))
            self._hand_over(client, down)
            return
        limits = limits_of(said)
        if limits is None:
            fault = line_faults.TOO_LITTLE
            self._hand_over(client, BrokerDown("what the broker allows", fault))
            return
        self._limits = limits
        options = SubscribeOptions(qos=1)
        if self._settings.topics:
            client.subscribe([(topic, options) for topic in self._settings.topics])
        else:
            self._hand_over(client, self._limits)

    def _on_subscribe(
        self,
        client: Client,
        _data: Any,
        _mid: int,
        codes: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        answers = zip(self._settings.topics, codes, strict=False)
        refused = tuple(topic for topic, code in answers if code.is_failure)
        self._hand_over(client, replace(self._limits, refused=refused))

    def _on_disconnect(
        self,
        client: Client,
        _data: Any,
        flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        fault, why = None, str(code)
        if flags.is_disconnect_packet_from_server:
            fault = line_faults.fault_of(code.value)
        elif not self._heard:
            strange = code.value == PROTOCOL_ERROR
            fault = line_faults.NOT_V5 if strange else line_faults.UNANSWERED
        elif code.value == UNSPECIFIED_ERROR:
            why = "the line was cut"
        self._hand_over(client, BrokerDown(why, fault))

    def _on_breach(self, client: Client, why: str) -> None:
        self._hand_over(client, BrokerDown(why, line_faults.TOO_MUCH))

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
            if message.qos:
                client.ack(message.mid, 1)  # else its place is never free again
            return  # not UTF-8: no topic of ours
        receipt = self._connection * MID_RANGE + message.mid if message.qos else 0
        # paho has no attribute for what was not sent
        correlation = getattr(message.properties, "CorrelationData", b"")
        retained = bool(message.retain)
        arrived = Arrived(topic, bytes(message.payload), receipt, correlation, retained)
        self._hand_over(client, arrived)

    def _hand_over(self, client: Client, event: BrokerEvent) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: we are going
                self._loop.call_soon_threadsafe(self._arrive, client, event)

    # --- on the loop, by a client without a thread ----------------------------------
    def _on_plain(self, client: Client, name: bytes, payload: bytes, mid: int) -> None:
        try:
            topic = name.decode()
        except UnicodeDecodeError:
            client.ack(mid, 1)
            return  # no topic of ours
        receipt = self._connection * MID_RANGE + mid
        self._arrive(client, Arrived(topic, payload, receipt))

    def _on_answer(self, client: Client, mid: int, code: int) -> None:
        self._arrive(client, Published(mid, code))

    # --- on the loop again ----------------------------------------------------------
    def _arrive(self, client: Client, event: BrokerEvent) -> None:
        if client is not self._client or self._down.is_set():
            return  # of an earlier connection, or of one that is over
        match event:
            case BrokerUp() if self._up:
                pass  # a second SUBACK: nobody asked
            case BrokerUp(window):
                self._up = True
                self._window.open(window)
                self._listener(event)
            case BrokerDown():
                self._tell_down(event)
            case Published(mid, code):
                if (number := self._window.answered(mid)) is not None:
                    self._listener(Published(number, code))
            case Arrived():
                self._listener(event)

    def _tell_down(self, event: BrokerDown) -> None:
        short = self._up and self._stood_s() <= STOOD_S
        self._short = self._short + 1 if short else 0
        if event.fault is None and self._short >= CUT_SHORT:
            event = BrokerDown(event.why, line_faults.CUT_SHORT)
        self._up, self._fault = False, event.fault
        self._down.set()
        self._listener(event)


def _nobody(_event: BrokerEvent) -> None:
    """Stand in until `run` brings a listener."""


def _trust(problem: OSError) -> line_faults.LineFault | None:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return line_faults.SERVER_UNTRUSTED
    return line_faults.UNANSWERED if isinstance(problem, ssl.SSLError) else None


def _plain(problem: OSError) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return problem.verify_message
    return problem.strerror or str(problem) or type(problem).__name__
