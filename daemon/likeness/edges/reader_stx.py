"""A serial line to a multi-in-one module, which the driver sees as one to a SAM.

Leaves to others: what becomes of each command (core/stx_talk), the tty (reader_serial).
"""

import asyncio
from collections.abc import Callable

from likeness.core.stx_talk import StxTalk
from likeness.edges.reader_serial import SerialLine


class StxLine:
    """`ByteLine` of `service.ports`, in SDT frames."""

    def __init__(self, path: str, baud: int) -> None:
        self._line = SerialLine(path, baud)
        self._talk = StxTalk()
        self._received: Callable[[bytes], None] = lambda _data: None
        self._openings = 0

    async def open(
        self, received: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        """Open the line; see SerialLine."""
        self._openings += 1
        self._talk = StxTalk()
        self._received = received
        await self._line.open(self._heard, lost)

    def write(self, data: bytes) -> None:
        """Send one command, or answer it where the module knows none."""
        said = self._talk.ask(data)
        if said.to_module:
            self._line.write(said.to_module)
            return
        # Later, so that a write never calls back into the one who writes.
        asyncio.get_running_loop().call_soon(
            self._answer, self._openings, said.to_dialogue
        )

    def set_baud(self, baud: int) -> None:
        """Go on at another rate."""
        self._line.set_baud(baud)

    def close(self) -> None:
        """Let go of the device."""
        self._openings += 1
        self._line.close()

    def _heard(self, data: bytes) -> None:
        if frames := self._talk.hear(data):
            self._received(frames)

    def _answer(self, opening: int, frames: bytes) -> None:
        if opening == self._openings:
            self._received(frames)
