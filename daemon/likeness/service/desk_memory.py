"""Which visits were decided by attendants, also after a restart.

A statement that the carrier has taken leaves the disk, so the desk keeps a small list
of its own. It is written after the statement: what a crash keeps out of it still waits
among the statements, and is read from there. Leaves to others: deciding, signing.
"""

import asyncio
import logging
from collections.abc import Iterator

import msgspec

from likeness.core import asks, jws, messages
from likeness.core.desk_words import Decided
from likeness.errors import StoreFull, Untrusted
from likeness.service.ports_keeping import Memory, StatementStore

log = logging.getLogger(__name__)

REMEMBERED = "desk_decisions"
MOST = 200  # some 40 KiB; a shop decides a few on a day


class DeskMemory:
    """The last decisions, in the result store's memory."""

    def __init__(self, memory: Memory, statements: StatementStore) -> None:
        """Take where small facts are kept, and where statements wait."""
        self._memory = memory
        self._statements = statements
        self._one_at_a_time = asyncio.Lock()  # the list is read and written as a whole

    async def decided(self) -> dict[tuple[str, int], Decided]:
        """Return the decisions by epoch and place of their results."""
        waiting = await self._statements.statements()
        stated = _decisions(one.token for one in waiting)
        return {(one.epoch, one.seq): one for one in [*await self._kept(), *stated]}

    async def keep(self, made: Decided) -> None:
        """Keep one more; if there is no room for it, its statement still stands."""
        async with self._one_at_a_time:
            kept = [*await self._kept(), made][-MOST:]
            text = msgspec.json.encode(kept).decode()
            try:
                await self._memory.remember(REMEMBERED, text)
            except StoreFull as fault:
                log.warning("event=decision_not_remembered why=%s", fault)

    async def _kept(self) -> list[Decided]:
        text = await self._memory.recall(REMEMBERED)
        try:
            return msgspec.json.decode(text or "[]", type=list[Decided])
        except msgspec.MsgspecError:  # of another release
            return []


def _decisions(tokens: Iterator[str]) -> Iterator[Decided]:
    for token in tokens:
        try:
            parsed = jws.parse(token, types=(asks.DECISION,))
            said = messages.from_json(parsed.payload, asks.Decision)
        except Untrusted:
            continue  # a dispute
        yield Decided(
            transaction=said.transaction,
            epoch=said.result.epoch,
            seq=said.result.seq,
            decision=said.decision,
            reason=said.reason,
            attendants=tuple(said.attendants),
            jti=said.jti,
        )
