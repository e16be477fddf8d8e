"""Sends one command after the other to a chip and keeps count; protected or not.

A talk is a generator: it yields the bytes of a command and is sent the bytes of the
answer. Whoever drives it has the transport. Fetches what a chip holds back (61XX), and
bounds the talk: a chip that never comes to an end is given up.
Leaves to others: what is asked, and what an answer means.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from likeness.chip.secure_messaging import SecureMessaging
from likeness.chip.trouble import broken_talk
from likeness.core.apdu import EXPECTED_MOST, BadApdu, Command, Response

Returned = TypeVar("Returned")
Talk = Generator[bytes, bytes, Returned]

GET_RESPONSE = 0xC0


@dataclass(slots=True)
class ReadingStats:
    """What one reading cost, for measuring."""

    commands: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0


class Channel:
    """The way to one chip; `session` is set once there is one."""

    def __init__(self, stats: ReadingStats, *, most_commands: int) -> None:
        self.session: SecureMessaging | None = None
        self._stats = stats
        self._most_commands = most_commands

    def ask(self, command: Command) -> Talk[Response]:
        """Send a command, protected if there is a session; return its answer.

        Raises:
            ChipTrouble: the talk broke.
        """
        if self.session is None:
            return (yield from self._fetch(command))
        answer = yield from self._fetch(self.session.protect(command))
        return self.session.unprotect(answer)

    def _fetch(self, command: Command) -> Talk[Response]:
        """Send and collect the whole answer, in parts if it comes so."""
        answer = yield from self._exchange(command)
        data = bytearray(answer.data)
        while answer.waiting is not None:
            more = Command(0x00, GET_RESPONSE, 0, 0, expected=answer.waiting)
            answer = yield from self._exchange(more)
            if answer.waiting is not None and not answer.data:
                raise broken_talk("the chip says that more waits and gives nothing")
            data += answer.data
            if len(data) > EXPECTED_MOST:
                raise broken_talk("an answer without an end")
        return Response(bytes(data), answer.status)

    def _exchange(self, command: Command) -> Talk[Response]:
        if self._stats.commands >= self._most_commands:
            raise broken_talk(f"no end after {self._most_commands} commands")
        sent = command.encode()
        self._stats.commands += 1
        self._stats.bytes_sent += len(sent)
        answer = yield sent
        self._stats.bytes_received += len(answer)
        try:
            return Response.decode(answer)
        except BadApdu as bad:
            raise broken_talk(str(bad)) from bad
