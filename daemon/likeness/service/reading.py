"""Runs the card dialogue between a serial line and the terminal.

One loop: take the next thing that happened (bytes, a lost line, a wish, the deadline),
give it to the dialogue, carry out its effects. A line that is gone is opened again,
each time a little later. Leaves to others: the rules (core/card_dialogue) and what a
visit does with a card.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import assert_never

from likeness.core.card_cycle import (
    NO_WISHES,
    CardFound,
    CardRead,
    CardRemoved,
    CardStillThere,
    CardTrouble,
    Wishes,
)
from likeness.core.card_dialogue import (
    Bytes,
    Dialogue,
    Effect,
    Event,
    Lost,
    Opened,
    ReaderReady,
    ReaderTrouble,
    Reopen,
    Rest,
    Seek,
    SetBaud,
    TimePassed,
    Write,
)
from likeness.core.card_exchange import FULL_SPEED_BAUD, Trace
from likeness.core.card_fields import Unreadable, read_card
from likeness.core.vocabulary import Card
from likeness.errors import DeviceLost
from likeness.service.ports import ByteLine, Clock
from likeness.service.reader_news import ReaderNews
from likeness.service.reopening import REOPEN_AFTER_S, Reopening, trouble_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CardPresented:
    """A card was read and understood."""

    card: Card = field(repr=False)


CardEvent = (
    CardPresented
    | CardFound
    | CardTrouble
    | CardStillThere
    | CardRemoved
    | ReaderReady
    | ReaderTrouble
)


class CardReading:
    """The card reader as the terminal sees it.

    Args:
        line: the serial line; may be opened and closed many times.
        clock: monotonic seconds.
        on_event: told what happened, on the loop. ReaderReady and ReaderTrouble may
            repeat themselves only when something changed.
        baud: the rate tried first; a slow line gets more patience.
        wishes: what to read of a card beside text and portrait.
        rf_size: the most bytes in one radio transfer; 0: as the reader has it.
        reopen_after_s: waits between attempts; the last one repeats.
    """

    def __init__(
        self,
        line: ByteLine,
        clock: Clock,
        on_event: Callable[[CardEvent], None],
        *,
        baud: int = FULL_SPEED_BAUD,
        wishes: Wishes = NO_WISHES,
        rf_size: int = 0,
        reopen_after_s: Sequence[float] = REOPEN_AFTER_S,
    ) -> None:
        self._line = line
        self._clock = clock
        self._on_event = on_event
        self._reopening = Reopening(clock, reopen_after_s)
        self._dialogue = Dialogue(baud=baud, wishes=wishes, rf_size=rf_size)
        # Each event carries the number of the opening that it belongs to.
        self._events: asyncio.Queue[tuple[int, Event]] = asyncio.Queue()
        self._opening = 0
        self._news = ReaderNews(on_event)
        self._stirred_s = clock.now()

    @property
    def trace(self) -> tuple[Trace, ...]:
        """The last exchanges, oldest first, without their data: for diagnosis."""
        return tuple(self._dialogue.exchange.trace)

    @property
    def stirred_s(self) -> float:
        """When it last did something: asked the reader, heard it, tried to open it."""
        return self._stirred_s

    def seek(self) -> None:
        """Look for a card from now on."""
        self._events.put_nowait((self._opening, Seek()))

    def rest(self) -> None:
        """Look for no card; the removal of one that was read is still told."""
        self._events.put_nowait((self._opening, Rest()))

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            while True:
                self._reopening.begin()
                await self._serve_one_opening()
                await asyncio.sleep(self._reopening.wait_s())
        finally:
            self._line.close()

    async def _serve_one_opening(self) -> None:
        self._opening += 1
        self._stirred_s = self._clock.now()
        post = partial(self._post, self._opening)
        try:
            await self._line.open(
                lambda data: post(Bytes(data)), lambda why: post(Lost(why))
            )
        except DeviceLost as problem:
            self._news.tell(trouble_of(problem))
            return
        open_now = self._handle(Opened())
        while open_now:
            opening, event = await self._next()
            wish = isinstance(event, Seek | Rest)
            if wish or opening == self._opening:
                open_now = self._handle(event)
        self._line.close()

    def _post(self, opening: int, event: Event) -> None:
        self._events.put_nowait((opening, event))

    async def _next(self) -> tuple[int, Event]:
        due = self._dialogue.deadline
        wait_s = None if due is None else max(0.0, due - self._clock.now())
        try:
            async with asyncio.timeout(wait_s):
                return await self._events.get()
        except TimeoutError:
            return self._opening, TimePassed()

    def _handle(self, event: Event) -> bool:
        """Carry one event in and its effects out; False when the line must close."""
        self._stirred_s = now = self._clock.now()
        effects = self._dialogue.handle(event, now)
        log.debug("event=card_dialogue at=%.3f > %r", now, event)
        for effect in effects:
            log.debug("event=card_dialogue at=%.3f < %r", now, effect)
        return all([self._carry_out(effect) for effect in effects])

    def _carry_out(self, effect: Effect) -> bool:
        match effect:
            case Write(_, data):
                self._line.write(data)
            case SetBaud(baud):
                self._line.set_baud(baud)
            case CardRead():
                self._on_event(_understood(effect))
            case CardFound() | CardTrouble() | CardStillThere() | CardRemoved():
                self._on_event(effect)
            case ReaderReady() | ReaderTrouble():
                self._news.tell(effect, baud=self._dialogue.exchange.baud)
            case Reopen():
                return False
            case _:
                assert_never(effect)
        return True


def _understood(read: CardRead) -> CardPresented | CardTrouble:
    card = read_card(read.text, read.portrait_record, read.reader_id, read.appended)
    match card:
        case Unreadable(kind, where):
            log.warning("event=card_unreadable kind=%s field=%s", kind, where)
            return CardTrouble(kind, where)
        case Card():
            return CardPresented(replace(card, fingerprint_record=read.fingerprint))
