"""Brings one order to one terminal and waits for what becomes of it.

An answer counts if this very terminal has signed it for this very order. What a
terminal reports of its configuration is not signed: the broker's rules vouch for it.
Leaves to others: numbers (`issued_orders`), signing (`words`), what it means.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from likeness.carrier import verify
from likeness.carrier.issued_orders import COMMAND, DESIRED, NewOrder
from likeness.carrier.serve import Settings
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import Life, OrderWords
from likeness.core import jws, messages, orders
from likeness.core.line import Arrived, BrokerDown, BrokerEvent, BrokerUp, Published
from likeness.edges.broker import LineSettings, MqttLine
from likeness.errors import ConfigError, LikenessError, Untrusted

DESIRED_LIVES_S = 90 * 24 * 3600
BIRTH_WITHIN_S = 5.0
LINE_WITHIN_S = 10.0
REFUSED_FROM = 0x80  # MQTT v5, 3.4.2.1: reason codes of a PUBACK

Found = TypeVar("Found")


class Unanswered(LikenessError):
    """Nothing has come in time; it may have been carried out all the same."""


class _Birth(msgspec.Struct):
    epoch: messages.Epoch


@dataclass(slots=True)
class _Line:
    """A line that is up, and what it has heard so far."""

    mqtt: MqttLine
    heard: asyncio.Queue[Arrived] = field(default_factory=asyncio.Queue)
    leaves: set[str] = field(default_factory=set)  # of what was heard
    codes: dict[int, int] = field(default_factory=dict)  # of the broker's PUBACKs

    def hear(self, message: Arrived) -> None:
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
        """Return the first message on a topic that `read` takes."""
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


class Ordering:
    """Orders in the carrier's name; see `Settings` for its line and its keys."""

    def __init__(self, settings: Settings) -> None:
        """Open keys and database.

        Raises:
            ConfigError: one of them cannot be used.
        """
        if settings.ca_file and not settings.order_cert_file:
            raise ConfigError(
                "order_cert_file is empty: who orders needs a certificate made out to"
                f" '{settings.order_client_id}', with order_key_file"
            )
        keys = Path(settings.keys)
        self._settings = settings
        self._words = OrderWords(keys / "command.key")
        self._trust = Trust(keys / "devices")
        self._store = CarrierStore(Path(settings.database))

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    async def command(
        self,
        device: str,
        action: orders.Action,
        *,
        wait_s: float,
        expires_after_s: int,
        epoch: str = "",
    ) -> orders.Reply:
        """Order one thing and return the terminal's signed reply.

        Args:
            device: which terminal.
            action: what.
            wait_s: for the reply.
            expires_after_s: from then on the order is no good any more.
            epoch: of the terminal's database; empty: as its birth says.

        Raises:
            Unanswered: no birth, or no reply in time.
        """
        async with self._line(device, "birth", "reply") as line:
            epoch = epoch or await _epoch_of(device, line)
            now_s = int(time.time())
            life = Life(now_s, now_s + expires_after_s)
            name = msgspec.json.encode(action).decode()

            def make(counter: int) -> str:
                return self._words.command(device, epoch, counter, action, life)

            token = self._store.issue(NewOrder(device, COMMAND, name, make), now_s)
            correlation = jws.chain_hash(token)[:16].encode()
            line.mqtt.publish(
                messages.topic(device, "cmd"),
                token.encode(),
                expiry_s=expires_after_s,
                correlation=correlation,
            )

            def read(message: Arrived) -> orders.Reply | None:
                if message.correlation != correlation:
                    return None
                return self._reply(device, token, message.payload)

            return await line.first("reply", read, wait_s)

    async def desire(
        self, device: str, overrides: orders.Overrides, *, wait_s: float
    ) -> orders.Reported:
        """Say which configuration is desired; return what the terminal made of it.

        Raises:
            Unanswered: it has not taken or refused it in time.
        """
        now_s = int(time.time())
        life = Life(now_s, now_s + DESIRED_LIVES_S)
        versions: list[int] = []

        def make(version: int) -> str:
            versions.append(version)
            return self._words.desired(device, version, overrides, life)

        def read(message: Arrived) -> orders.Reported | None:
            try:
                said = messages.from_json(message.payload, orders.Reported)
            except Untrusted:
                return None  # as an answer by somebody else
            beside = said.refused
            if beside is not None and beside.version in versions:
                told = msgspec.structs.asdict(beside)
                return msgspec.structs.replace(said, **told, state="refused")
            ours = said.version in versions and said.state != "pending"
            return said if ours else None

        async with self._line(device, "birth", "reported") as line:
            name = messages.to_json(overrides).decode()
            token = self._store.issue(NewOrder(device, DESIRED, name, make), now_s)
            topic = messages.topic(device, "desired")
            number = line.mqtt.publish(topic, token.encode(), retain=True)
            try:
                said = await line.first("reported", read, wait_s)
            except Unanswered as late:
                name = f"configuration {versions[-1]} for {device}"
                raise Unanswered(_pending(name, line, number, late)) from late
            self._store.keep_answer(token, messages.to_json(said).decode())
            return said

    def _reply(self, device: str, token: str, payload: bytes) -> orders.Reply | None:
        """Return a reply that this terminal has signed for this order."""
        try:
            parsed = jws.parse(payload, types=(messages.REPLY,))
            key = self._trust.key(device, parsed.kid)
            if key is None:
                changed = self._store.changed_key(device, parsed.kid)
                key = None if changed is None else verify.jwk_of(changed)
            if key is None or not self._store.is_current(device, parsed.kid):
                return None
            verify.check_signature(payload, key)
            reply = messages.from_json(parsed.payload, orders.Reply)
        except Untrusted:
            return None
        if reply.iss != device or reply.of != jws.chain_hash(token):
            return None
        self._store.keep_answer(token, payload.decode("ascii"))
        return reply

    @contextlib.asynccontextmanager
    async def _line(self, device: str, *leaves: str) -> AsyncIterator[_Line]:
        given = self._settings
        line = _Line(
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


def _pending(name: str, line: _Line, number: int | None, late: Unanswered) -> str:
    """Say what is known of a configuration that no terminal has applied yet."""
    if not line.took(number):
        return f"{name}: the broker has not taken it; look at its rules and its log"
    if "birth" not in line.leaves:
        why = "this device was never seen on this broker, check its name"
    elif "reported" in line.leaves:
        why = "it is not in force yet"
    else:
        why = str(late)
    return (
        f"{name} was sent, stays at the broker and is pending: {why}; it takes force at"
        " the terminal's next start (one that was run by hand must be started again)"
    )


async def _epoch_of(device: str, line: _Line) -> str:
    try:
        return await line.first("birth", _epoch, BIRTH_WITHIN_S)
    except Unanswered as late:
        raise Unanswered(
            f"{device}: this device was never seen on this broker, check its name"
            f" ({late})"
        ) from late


def _epoch(message: Arrived) -> str | None:
    try:
        return msgspec.json.decode(message.payload, type=_Birth).epoch
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
