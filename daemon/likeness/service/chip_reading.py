"""Runs the reading of chips between a reader and the terminal.

    SEEK --card--> KEY --key--> READ --read or refused--> HELD --removed--> SEEK
     ^              |  <--wrong key-- |                                       ^
     +--------------+------ the card is taken away at any time ---------------+

One coroutine goes round; a reader that is gone is opened again, each time a little
later. A card is read once while it lies there. Its key is asked for at most three
times, never so often that the chip would block it, and forgotten as soon as it was
used. A talk that broke is begun anew once. Leaves to others: the talk itself
(chip/reading), what the record means (`understand`), what a visit does with a card.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Generator, Sequence
from typing import Protocol

from likeness.chip.record import ChipRecord
from likeness.chip.trouble import ChipTrouble
from likeness.core.card_events import ReaderReady
from likeness.core.card_fields import Unreadable
from likeness.core.card_moments import (
    CardFound,
    CardRemoved,
    CardStillThere,
    CardTrouble,
)
from likeness.core.card_trouble import Trouble
from likeness.core.chip_attempts import Again, Attempts
from likeness.core.chip_moments import ChipMoment, ChipProgress, KeyWanted
from likeness.core.mrz import AccessKey
from likeness.core.vocabulary import Card
from likeness.errors import CardGone, CardMute, CardUnfit, DeviceLost
from likeness.service.key_desk import KeyDesk
from likeness.service.ports import ChipLine, Clock
from likeness.service.reader_news import ReaderNews
from likeness.service.reading import CardEvent, CardPresented
from likeness.service.reopening import REOPEN_AFTER_S, Reopening, trouble_of

log = logging.getLogger(__name__)

FIND_EVERY_S = 0.25
HOLD_EVERY_S = 0.4
REST_S = 5.0  # without a wish for a card
READ_WITHIN_S = 90.0
MUTE_CONNECTS = 3  # in a row become a word on the screen
PROGRESS_KIB = 2

ChipEvent = CardEvent | ChipMoment
Talk = Generator[bytes, bytes, ChipRecord]


class Reader(Protocol):
    """Begins a talk with a chip; see chip.reading."""

    def __call__(self, key: AccessKey, *, block: int | None) -> Talk:
        """Return the talk; `block`: read no more bytes at once."""
        ...


class ChipReading:
    """The reader of chips as the terminal sees it.

    Args:
        line: the reader; may be opened and closed many times.
        clock: monotonic seconds.
        on_event: told what happened, on the loop.
        read: begins a talk with a chip.
        understand: makes a card of what was read, with the reader's name, or says why
            not; takes its time, and is called on a thread of its own.
        reopen_after_s: waits between attempts; the last one repeats.
    """

    def __init__(
        self,
        line: ChipLine,
        clock: Clock,
        on_event: Callable[[ChipEvent], None],
        *,
        read: Reader,
        understand: Callable[[ChipRecord, str], Card | Unreadable],
        reopen_after_s: Sequence[float] = REOPEN_AFTER_S,
    ) -> None:
        self._line = line
        self._clock = clock
        self._on_event = on_event
        self._read = read
        self._understand = understand
        self._reopening = Reopening(clock, reopen_after_s)
        self._news = ReaderNews(on_event)
        self._name = ""
        self._wanted = asyncio.Event()
        self._holding = False  # a card lies there that was read or refused
        self._asked: ChipMoment | None = None  # a card lies there and wants its key
        self._desk = KeyDesk(clock, on_event)
        self._stirred_s = clock.now()

    @property
    def stirred_s(self) -> float:
        """When it last did something: asked the reader, heard it, tried to open it."""
        return self._stirred_s

    def seek(self) -> None:
        """Look for a card from now on; one that was read must be taken away first."""
        self._wanted.set()
        # Later: who wishes for a card is still busy with what it is wished for.
        asyncio.get_running_loop().call_soon(self._say_what_lies_there)

    def _say_what_lies_there(self) -> None:
        if self._holding:
            self._on_event(CardStillThere())
        elif self._asked is not None:  # nobody heard it while a visit had the screen
            self._on_event(self._asked)

    def rest(self) -> None:
        """Look for no card; the removal of one that was read is still told."""
        self._wanted.clear()

    def enter(self, line: str) -> None:
        """Take one line that was scanned or typed."""
        self._desk.enter(line)

    def forget(self) -> None:
        """Forget a key that was entered: its card was read, or is gone."""
        self._desk.forget()

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            self._reopening.begin()
            try:
                await self._serve_one_opening()
            except (DeviceLost, CardGone, CardMute, CardUnfit) as problem:
                self._news.tell(trouble_of(problem))
            finally:
                self.forget()
                await self._line.close()
            await asyncio.sleep(self._reopening.wait_s())

    # --- one opening, one card ------------------------------------------------------
    async def _serve_one_opening(self) -> None:
        self._stir()
        self._name = await self._line.open()
        self._news.tell(ReaderReady(self._name))
        mute = 0
        while True:
            self._stir()
            if not self._wanted.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REST_S):
                        await self._wanted.wait()
                continue
            try:
                there = await self._line.connect() is not None
                mute = 0
            except CardUnfit:
                self._on_event(CardTrouble(Trouble.WRONG_CARD, ""))
                await self._hold()
                continue
            except CardMute as why:
                there, mute = False, mute + 1
                if mute == MUTE_CONNECTS:
                    self._on_event(CardTrouble(Trouble.HOLD_STILL, str(why)))
            if there:
                await self._serve_one_card()
            else:
                await asyncio.sleep(FIND_EVERY_S)

    async def _serve_one_card(self) -> None:
        self._on_event(CardFound())
        try:
            event = await self._read_card()
        except CardGone:
            self._on_event(CardRemoved())
            return
        finally:
            self.forget()
        self._on_event(event)
        await self._hold()

    async def _hold(self) -> None:
        """Wait until the card is taken away; it is not read again before."""
        self._holding = True
        try:
            while await self._line.present():
                self._stir()
                await asyncio.sleep(HOLD_EVERY_S)
        finally:
            self._holding = False
        await self._line.release()
        self._on_event(CardRemoved())

    async def _read_card(self) -> CardPresented | CardTrouble:
        """Return what is to be told of the card, once; raise CardGone."""
        attempts = Attempts()
        key = await self._key(None)
        while True:
            try:
                record = await self._talk(key, attempts.block)
                return await self._understood(record)
            except ChipTrouble as trouble:
                log.info("event=chip_not_read why=%s", trouble)
                after = attempts.failed(
                    trouble.kind,
                    trouble.detail,
                    tries_left=trouble.tries_left,
                    smaller_block=trouble.smaller_block,
                )
            except (CardMute, CardUnfit) as mute:
                log.info("event=chip_not_read why=%s", mute)
                await self._card_stays()
                after = attempts.failed(Trouble.CARD_COMM, str(mute))
            match after:
                case CardTrouble():
                    return after
                case Again():
                    continue
                case _:
                    key = await self._key(after)

    async def _key(self, why: ChipMoment | None) -> AccessKey:
        """Say why a key is wanted; wait for it as long as the card lies there.

        The first time a key may have been entered already, and then nothing is said.
        """
        if why is None and (key := await self._desk.take(0.0)) is not None:
            return key
        self._asked = why or KeyWanted()
        self._on_event(self._asked)
        try:
            while True:
                await self._card_stays()
                if (key := await self._desk.take(HOLD_EVERY_S)) is not None:
                    return key
        finally:
            self._asked = None

    async def _card_stays(self) -> None:
        self._stir()
        if not await self._line.present():
            raise CardGone("taken away before it was read")

    async def _talk(self, key: AccessKey, block: int | None) -> ChipRecord:
        """Carry one talk from the chip's power-up to its end."""
        if await self._line.connect() is None:
            raise CardGone("taken away before it was read")
        self._on_event(ChipProgress(0))
        until_s = self._clock.now() + READ_WITHIN_S
        size, told = 0, 0
        talk = self._read(key, block=block)
        try:
            command = next(talk)
            while True:
                self._stir()
                if self._clock.now() > until_s:
                    raise ChipTrouble(Trouble.CARD_COMM, "it takes too long")
                answer = await self._line.transmit(command)
                size += len(answer)
                if (kib := size >> 10) >= told + PROGRESS_KIB:
                    told = kib
                    self._on_event(ChipProgress(kib))
                command = talk.send(answer)
        except StopIteration as end:
            record: ChipRecord = end.value
            return record
        finally:
            talk.close()

    async def _understood(self, record: ChipRecord) -> CardPresented | CardTrouble:
        """Check what was read; that is work for a moment, and not for the loop."""
        card = await asyncio.to_thread(self._understand, record, self._name)
        match card:
            case Unreadable(kind, where):
                log.warning("event=card_unreadable kind=%s field=%s", kind, where)
                return CardTrouble(kind, where)
            case Card():
                return CardPresented(card)

    def _stir(self) -> None:
        self._stirred_s = self._clock.now()
