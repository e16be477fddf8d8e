"""A line of its own for whoever orders, and the signed answers that come on it.

An answer counts if this very terminal has signed it for this very order. Leaves to
others: what is ordered, signing it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from likeness.carrier import verify
from likeness.carrier.settings import Settings
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.core import jws, messages, orders
from likeness.core.line import Arrived, BrokerDown, BrokerEvent, BrokerUp, Published
from likeness.edges.broker import LineSettings, MqttLine
from likeness.errors import ConfigError, LikenessError, Untrusted

LINE_WITHIN_S = 10.0
REFUSED_FROM = 0x80  # MQTT v5, 3.4.2.1: reason codes of a PUBACK

Found = TypeVar("Found")


class Unanswered(LikenessError):
    """Nothing has come in time; it may have been carried out all the same."""


@dataclass(slots=True)
class Line:
    """A line that is up, and what it has heard so far."""

    mqtt: MqttLine
    heard: asyncio.Queue[Arrived] = field(default_factory=asyncio.Queue)
    leaves: set[str] = field(default_factory=set)  # of what was heard
    codes: dict[int, int] = field(default_factory=dict)  # of the broker's PUBACKs

    def hear(self, message: Arrived) -> None:
        """Take note of a message."""
        self.leaves.add(message.topic.rpartition("/")[2])
        self.heard.put_nowait(message)

    def took(self, number: int | None) -> bool:
        """Say whether the broker has taken a publish."""
        return number is not None and self.codes.get(number, REFUSED_FROM) < (
            REFUSED_FROM
        )

    async def first(
        self, leaf: str, read: Callable[[Arrived], Found | None], within_s: float
    ) -> Found:
        """Return the first message on a topic that `read` takes.

        Raises:
            Unanswered: there was none in time.
        """
        try:
            async with asyncio.timeout(within_s):
                while True:
                    message = await self.heard.get()
                    if message.topic.endswith(f"/{leaf}") and (
                        (found := read(message)) is not None
                    ):
                        return found
        except TimeoutError as late:
            raise Unanswered(f"nothing on '{leaf}' within {within_s:g} s") from late


class OrderLine:
    """The broker, the known devices, and the database of what was ordered."""

    def __init__(self, settings: Settings) -> None:
        """Open the database.

        Raises:
            ConfigError: it, the devices' keys or our certificate cannot be used.
        """
        if settings.ca_file and not settings.order_cert_file:
            raise ConfigError(
                "order_cert_file is empty: who orders needs a certificate made out to"
                f" '{settings.order_client_id}', with order_key_file"
            )
        self._settings = settings
        self._trust = Trust(Path(settings.keys) / "devices")
        self.store = CarrierStore(settings.database)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    async def answered(
        self,
        line: Line,
        device: str,
        leaf: str,
        token: str,
        *,
        wait_s: float,
        expires_after_s: int,
    ) -> orders.Reply:
        """Publish an order; return what this terminal has signed for it.

        Raises:
            Unanswered: nothing in time.
        """
        correlation = jws.chain_hash(token)[:16].encode()
        line.mqtt.publish(
            messages.topic(device, leaf),
            token.encode(),
            expiry_s=expires_after_s,
            correlation=correlation,
        )

        def read(message: Arrived) -> orders.Reply | None:
            if message.correlation != correlation:
                return None
            return self._reply(device, token, message.payload)

        return await line.first("reply", read, wait_s)

    def _reply(self, device: str, token: str, payload: bytes) -> orders.Reply | None:
        """Return a reply that this terminal has signed for this order."""
        try:
            parsed = jws.parse(payload, types=(messages.REPLY,))
            key = self._trust.key(device, parsed.kid)
            if key is None:
                changed = self.store.changed_key(device, parsed.kid)
                key = None if changed is None else verify.jwk_of(changed)
            if key is None or not self.store.is_current(device, parsed.kid):
                return None
            verify.check_signature(payload, key)
            reply = messages.from_json(parsed.payload, orders.Reply)
        except Untrusted:
            return None
        if reply.iss != device or reply.of != jws.chain_hash(token):
            return None
        self.store.keep_answer(token, payload.decode("ascii"))
        return reply

    @contextlib.asynccontextmanager
    async def up(self, device: str, *leaves: str) -> AsyncIterator[Line]:
        """Hold a line on which these topics of the device are followed.

        Raises:
            Unanswered: the broker is not there, or does not let us.
        """
        given = self._settings
        line = Line(
            MqttLine(
                LineSettings(
                    host=given.host,
                    port=given.port,
                    client_id=given.order_client_id,
                    topics=tuple(messages.topic(device, leaf) for leaf in leaves),
                    session_expiry_s=0,
                    ca_file=given.ca_file,
                    cert_file=given.order_cert_file,
                    key_file=given.order_key_file,
                    part="order_",
                    retry_to_s=given.retry_to_s,
                )
            )
        )
        up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def listen(event: BrokerEvent) -> None:
            match event:
                case BrokerUp(refused=()):
                    if not up.done():
                        up.set_result(None)
                case BrokerUp(refused=topics):
                    _fail(up, f"the broker does not let us follow {', '.join(topics)}")
                case BrokerDown(why):
                    _fail(up, f"the broker is not there: {why}")
                case Arrived():
                    line.hear(event)
                case Published(number, code):
                    line.codes[number] = code
                case _:
                    pass

        running = asyncio.ensure_future(line.mqtt.run(listen))
        try:
            async with asyncio.timeout(LINE_WITHIN_S):
                await up
            yield line
        except TimeoutError as late:
            raise Unanswered("the broker does not answer") from late
        finally:
            running.cancel()
            await asyncio.wait([running])


def _fail(up: "asyncio.Future[None]", why: str) -> None:
    if not up.done():
        up.set_exception(Unanswered(why))
