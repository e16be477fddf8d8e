"""Brings one order to one terminal and waits for what becomes of it.

What a terminal reports of its configuration is not signed: the broker's rules vouch for
it. Leaves to others: numbers (`issued_orders`), signing (`words`), the line and signed
answers (`order_line`), what it means.
"""

import time
from pathlib import Path

import msgspec

from likeness.carrier.issued_orders import COMMAND, DESIRED, NewOrder
from likeness.carrier.order_line import Line, OrderLine
from likeness.carrier.order_line import Unanswered as Unanswered  # noqa: PLC0414
from likeness.carrier.settings import Settings
from likeness.carrier.words import Life, OrderWords
from likeness.core import messages, orders
from likeness.core.line import Arrived
from likeness.errors import Untrusted

DESIRED_LIVES_S = 90 * 24 * 3600
BIRTH_WITHIN_S = 5.0


class _Birth(msgspec.Struct):
    epoch: messages.Epoch


class Ordering:
    """Orders in the carrier's name; see `Settings` for its line and its keys."""

    def __init__(self, settings: Settings) -> None:
        """Open keys and database.

        Raises:
            ConfigError: one of them cannot be used.
        """
        self._far = OrderLine(settings)
        self._words = OrderWords(Path(settings.keys) / "command.key")

    def close(self) -> None:
        """Let go of the database."""
        self._far.close()

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
        async with self._far.up(device, "birth", "reply") as line:
            epoch = epoch or await _epoch_of(device, line)
            now_s = int(time.time())
            life = Life(now_s, now_s + expires_after_s)
            name = msgspec.json.encode(action).decode()

            def make(counter: int) -> str:
                return self._words.command(device, epoch, counter, action, life)

            token = self._far.store.issue(NewOrder(device, COMMAND, name, make), now_s)
            return await self._far.answered(
                line,
                device,
                "cmd",
                token,
                wait_s=wait_s,
                expires_after_s=expires_after_s,
            )

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

        async with self._far.up(device, "birth", "reported") as line:
            name = messages.to_json(overrides).decode()
            token = self._far.store.issue(NewOrder(device, DESIRED, name, make), now_s)
            topic = messages.topic(device, "desired")
            number = line.mqtt.publish(topic, token.encode(), retain=True)
            try:
                said = await line.first("reported", read, wait_s)
            except Unanswered as late:
                name = f"configuration {versions[-1]} for {device}"
                raise Unanswered(_pending(name, line, number, late)) from late
            self._far.store.keep_answer(token, messages.to_json(said).decode())
            return said


def _pending(name: str, line: Line, number: int | None, late: Unanswered) -> str:
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


async def _epoch_of(device: str, line: Line) -> str:
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
