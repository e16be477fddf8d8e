"""An attendant's own decision about one visit that was referred: made once, and kept.

Where two persons are asked for, the first proposes and the second, another one,
confirms; if they disagree nothing is decided and both begin anew. A proposal lives in
memory only. Leaves to others: which visits may be decided (desk.py), signing and the
disk (`Statements`), whether a staff number is its holder's (see desk_token.py).
"""

import asyncio
import logging

from msgspec.structs import replace

from likeness.core.chain import Link
from likeness.core.desk_words import (
    Decide,
    Decided,
    Decision,
    DecisionReason,
    Refused,
    VisitLine,
)
from likeness.core.next_step import after_decision
from likeness.errors import KeyLost, StoreFull
from likeness.service.desk_memory import DeskMemory
from likeness.service.ports_parts import Statements

log = logging.getLogger(__name__)


class Deciding:
    """One for each result; calls side by side are taken one after the other."""

    def __init__(
        self,
        memory: DeskMemory,
        transaction: str,
        result: Link,
        *,
        two_persons: bool,
    ) -> None:
        """Begin undecided, about this result of this transaction."""
        self._memory = memory
        self._transaction = transaction
        self._result = result
        self._two_persons = two_persons
        self._proposed: Decide | None = None
        self._made: Decision | None = None
        self._one_at_a_time = asyncio.Lock()

    def made_before(self, made: Decided) -> None:
        """Take up what was decided before a restart."""
        code = made.reason.partition(":")[0].partition(" ")[0]
        known = code in set(DecisionReason)
        self._made = Decision(
            decision=made.decision,
            reason=DecisionReason(code) if known else DecisionReason.OTHER,
            attendants=made.attendants,
            jti=made.jti,
        )

    def shown_in(self, line: VisitLine) -> VisitLine:
        """Return the visit's line with what is decided or proposed."""
        if self._made is not None:
            step = after_decision(self._made.decision)
            return replace(line, decision=self._made, next_step=step)
        first = self._proposed
        return replace(
            line,
            decision=first
            and Decision(
                decision=first.decision,
                reason=first.reason,
                attendants=(first.attendant,),
            ),
        )

    async def decide(self, wanted: Decide, by: Statements) -> Refused | None:
        """Take one attendant's word; None: it is kept, or waits for the second's."""
        async with self._one_at_a_time:
            if self._made is not None:
                return None if self._says_again(wanted) else Refused.ALREADY_DECIDED
            if not self._two_persons:
                return await self._make(
                    wanted, by, (wanted.attendant,), _reason(wanted)
                )
            return await self._propose_or_confirm(wanted, by)

    async def _propose_or_confirm(
        self, wanted: Decide, by: Statements
    ) -> Refused | None:
        first = self._proposed
        if first is None:
            self._proposed = wanted
            return None
        if first.attendant.casefold() == wanted.attendant.casefold():
            if wanted.decision == first.decision:
                return Refused.SAME_ATTENDANT
            self._proposed = wanted  # a first word may be taken back
            return None
        if wanted.decision != first.decision:
            self._proposed = None
            return Refused.ATTENDANTS_DISAGREE
        reason = _reason(first)
        if (second := _reason(wanted)) != reason:
            reason = f"{reason} / {second}"
        return await self._make(first, by, (first.attendant, wanted.attendant), reason)

    async def _make(
        self, first: Decide, by: Statements, attendants: tuple[str, ...], reason: str
    ) -> Refused | None:
        try:
            jti = await by.decision(
                transaction=self._transaction,
                result=self._result,
                decision=first.decision,
                reason=reason,
                attendants=attendants,
            )
        except (StoreFull, KeyLost) as fault:
            log.warning("event=decision_not_safe why=%s", fault)
            return Refused.NOT_KEPT
        log.info("event=decided seq=%d decision=%s", self._result.seq, first.decision)
        await self._memory.keep(
            Decided(
                transaction=self._transaction,
                epoch=self._result.epoch,
                seq=self._result.seq,
                decision=first.decision,
                reason=str(first.reason),
                attendants=attendants,
                jti=jti,
            )
        )
        self._proposed = None
        self._made = Decision(
            decision=first.decision,
            reason=first.reason,
            attendants=attendants,
            jti=jti,
        )
        return None

    def _says_again(self, wanted: Decide) -> bool:
        """Say whether it is a repeated word of who has decided: a lost answer."""
        made = self._made
        return (
            made is not None
            and wanted.decision == made.decision
            and wanted.attendant in made.attendants
        )


def _reason(wanted: Decide) -> str:
    return f"{wanted.reason}: {wanted.note}" if wanted.note else str(wanted.reason)
