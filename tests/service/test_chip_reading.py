"""The round of one card after another, with a reader and a talk that the test plays."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from likeness.chip.record import Access, ChipRecord
from likeness.chip.trouble import ChipTrouble
from likeness.core.card_events import ReaderReady, ReaderTrouble
from likeness.core.card_fields import Unreadable
from likeness.core.card_moments import (
    CardFound,
    CardRemoved,
    CardStillThere,
    CardTrouble,
)
from likeness.core.card_trouble import Trouble
from likeness.core.chip_moments import (
    ChipProgress,
    KeyNotUnderstood,
    KeyWanted,
    KeyWrong,
)
from likeness.core.mrz import AccessKey
from likeness.core.vocabulary import Card, CardKind
from likeness.errors import (
    CardGone,
    CardMute,
    CardUnfit,
    DeviceLost,
    DeviceRefused,
    LikenessError,
)
from likeness.service import chip_reading
from likeness.service.chip_reading import ChipEvent, ChipReading, Talk
from likeness.service.reading import CardPresented

AT_MOST_S = 20.0
RIGHT = "123456"
NUMBER = "L898902C3"
OK = b"\x90\x00"


class LoopClock:
    def now(self) -> float:
        return asyncio.get_running_loop().time()


class PlayedLine:
    """A reader in the test's hand: a card lies on it or not."""

    def __init__(self) -> None:
        self.card = True
        self.sent: list[bytes] = []
        self.powered = 0
        self.opened = 0
        self.faults: list[Exception] = []  # one for each transmission to come
        self.refusal: Exception | None = None  # of the next connect
        self.absent: LikenessError | None = None
        self.loses: DeviceLost | None = None  # at each connect
        self.slips: LikenessError | None = None  # when it is asked who lies there

    async def open(self) -> str:
        self.opened += 1
        if self.absent is not None:
            raise self.absent
        return "played reader"

    async def connect(self) -> bytes | None:
        if self.loses is not None:
            raise self.loses
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            raise refusal
        self.powered += self.card
        return b"\x3b" if self.card else None

    async def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        if self.faults:
            raise self.faults.pop(0)
        return bytes(1022) + OK

    async def present(self) -> bool:
        if self.slips is not None:
            raise self.slips
        return self.card

    async def release(self) -> None:
        return None

    async def close(self) -> None:
        return None


class PlayedChip:
    """A talk of four commands; opens with one CAN; may be told to fail first."""

    def __init__(self) -> None:
        self.troubles: list[ChipTrouble] = []
        self.tries_left: int | None = None
        self.blocks: list[int | None] = []
        self.keys: list[AccessKey] = []
        self.files = {"DG1": NUMBER.encode()}

    def read(self, key: AccessKey, *, block: int | None) -> Talk:
        self.blocks.append(block)
        self.keys.append(key)
        yield b"first"
        if self.troubles:
            raise self.troubles.pop(0)
        if key.can != RIGHT:
            raise ChipTrouble(
                Trouble.ACCESS_KEY_WRONG, "6300", tries_left=self.tries_left
            )
        for _ in range(3):
            yield b"more"
        return ChipRecord(Access.PACE, self.files)


def understand(record: ChipRecord, reader: str) -> Card | Unreadable:
    if "DG1" not in record.files:
        return Unreadable(Trouble.CARD_TAMPERED, "DG1")
    return Card(
        kind=CardKind.ICAO_ID,
        number=record.files["DG1"].decode(),
        name="",
        reader_id=reader,
    )


class Stage:
    """A reading with all that it needs, and what was told."""

    def __init__(self, reopen_after_s: Sequence[float] = (0.01,)) -> None:
        self.line, self.chip = PlayedLine(), PlayedChip()
        self.events: list[ChipEvent] = []
        self._queue: asyncio.Queue[ChipEvent] = asyncio.Queue()
        self.reading = ChipReading(
            self.line,
            LoopClock(),
            self._hear,
            read=self.chip.read,
            understand=understand,
            reopen_after_s=reopen_after_s,
        )

    def _hear(self, event: ChipEvent) -> None:
        self.events.append(event)
        self._queue.put_nowait(event)

    async def hears(self, kind: type[ChipEvent]) -> Any:
        async with asyncio.timeout(AT_MOST_S):
            while not isinstance(event := await self._queue.get(), kind):
                pass
        return event


Script = Callable[[Stage], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chip_reading, "FIND_EVERY_S", 0.01)
    monkeypatch.setattr(chip_reading, "HOLD_EVERY_S", 0.01)


def play(script: Script, reopen_after_s: Sequence[float] = (0.01,)) -> Stage:
    async def main() -> Stage:
        stage = Stage(reopen_after_s)
        running = asyncio.create_task(stage.reading.run())
        try:
            stage.reading.seek()
            await script(stage)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return stage

    return asyncio.run(main())


def test_a_card_asks_for_its_key_is_read_once_and_is_taken_away() -> None:
    async def script(stage: Stage) -> None:
        await stage.hears(KeyWanted)
        stage.reading.enter(RIGHT)
        read = await stage.hears(CardPresented)
        assert read.card.number == NUMBER
        assert read.card.reader_id == "played reader"
        await asyncio.sleep(0.05)  # it still lies there
        stage.reading.seek()  # the next visitor's
        await stage.hears(CardStillThere)
        stage.line.card = False
        await stage.hears(CardRemoved)
        stage.line.card = True
        await stage.hears(KeyWanted)  # the former key is forgotten

    stage = play(script)
    assert stage.events == [
        ReaderReady("played reader"),
        CardFound(),
        KeyWanted(),
        ChipProgress(0),
        ChipProgress(2),
        ChipProgress(4),
        stage.events[6],
        CardStillThere(),
        CardRemoved(),
        CardFound(),
        KeyWanted(),
    ]


def test_a_key_that_was_entered_before_is_not_asked_for() -> None:
    async def script(stage: Stage) -> None:
        stage.line.card = False
        stage.reading.enter(RIGHT)
        stage.line.card = True
        await stage.hears(CardPresented)

    assert KeyWanted() not in play(script).events


def test_who_looks_again_is_told_again_which_key_is_wanted() -> None:
    async def script(stage: Stage) -> None:
        await stage.hears(KeyWanted)
        stage.reading.seek()  # the visit at the other reader is over
        await stage.hears(KeyWanted)
        stage.reading.enter("000000")
        await stage.hears(KeyWrong)
        stage.reading.seek()
        assert await stage.hears(KeyWrong) == KeyWrong(2)
        stage.reading.enter(RIGHT)
        await stage.hears(CardPresented)
        stage.reading.seek()
        await stage.hears(CardStillThere)

    play(script)


def test_no_card_is_looked_for_unless_one_is_wanted() -> None:
    async def script(stage: Stage) -> None:
        stage.reading.rest()
        await stage.hears(ReaderReady)
        await asyncio.sleep(0.05)
        assert stage.line.powered == 0
        stage.reading.seek()
        await stage.hears(CardFound)

    play(script)


def test_three_wrong_keys_and_the_card_must_be_taken_away() -> None:
    async def script(stage: Stage) -> None:
        await stage.hears(KeyWanted)
        stage.reading.enter("000000")
        assert await stage.hears(KeyWrong) == KeyWrong(2)
        stage.reading.enter("000001")
        assert await stage.hears(KeyWrong) == KeyWrong(1)
        stage.reading.enter("000002")
        trouble = await stage.hears(CardTrouble)
        assert trouble.kind is Trouble.ACCESS_KEY_BLOCKED
        stage.reading.enter(RIGHT)
        await asyncio.sleep(0.05)
        assert len(stage.chip.keys) == 3  # none more went to the chip
        stage.line.card = False
        await stage.hears(CardRemoved)

    play(script)


def test_a_chip_that_counts_keeps_its_last_try() -> None:
    async def script(stage: Stage) -> None:
        stage.chip.tries_left = 1
        await stage.hears(KeyWanted)
        stage.reading.enter("000000")
        trouble = await stage.hears(CardTrouble)
        assert trouble.kind is Trouble.ACCESS_KEY_BLOCKED

    assert len(play(script).chip.keys) == 1


def test_what_is_no_key_does_not_reach_the_chip() -> None:
    async def script(stage: Stage) -> None:
        await stage.hears(KeyWanted)
        stage.reading.enter("hello")
        await stage.hears(KeyNotUnderstood)
        stage.reading.enter(RIGHT)
        await stage.hears(CardPresented)

    assert len(play(script).chip.keys) == 1


def test_a_can_where_only_the_mrz_opens() -> None:
    async def script(stage: Stage) -> None:
        stage.chip.troubles = [ChipTrouble(Trouble.ACCESS_KEY_OF_MRZ, "no PACE")]
        stage.reading.enter(RIGHT)
        assert await stage.hears(KeyWanted) == KeyWanted(mrz_only=True)

    play(script)


def test_a_broken_talk_is_begun_anew_once_with_the_same_key() -> None:
    async def script(stage: Stage) -> None:
        stage.chip.troubles = [ChipTrouble(Trouble.CARD_COMM, "MAC")]
        stage.reading.enter(RIGHT)
        await stage.hears(CardPresented)
        assert len(stage.chip.keys) == 2

    play(script)


def test_a_talk_that_breaks_twice_is_over() -> None:
    async def script(stage: Stage) -> None:
        stage.chip.troubles = [ChipTrouble(Trouble.CARD_COMM, "MAC")] * 2
        stage.reading.enter(RIGHT)
        trouble = await stage.hears(CardTrouble)
        assert trouble.kind is Trouble.CARD_COMM

    play(script)


def test_smaller_blocks_are_given_on() -> None:
    async def script(stage: Stage) -> None:
        stage.chip.troubles = [
            ChipTrouble(Trouble.CARD_COMM, "6700", smaller_block=block)
            for block in (111, 55)
        ]
        stage.reading.enter(RIGHT)
        await stage.hears(CardPresented)

    assert play(script).chip.blocks == [None, 111, 55]


def test_a_card_torn_away_is_a_removal() -> None:
    async def script(stage: Stage) -> None:
        stage.reading.enter(RIGHT)
        await stage.hears(CardPresented)
        stage.line.card = False
        await stage.hears(CardRemoved)
        stage.line.faults = [CardGone("0x80100069")]
        stage.reading.enter(RIGHT)
        stage.line.card = True
        await stage.hears(CardRemoved)

    stage = play(script)
    assert not any(isinstance(event, CardTrouble) for event in stage.events)


def test_a_mute_card_that_is_gone_was_taken_away() -> None:
    async def script(stage: Stage) -> None:
        await stage.hears(KeyWanted)
        stage.line.faults = [CardMute("error 01")]  # the reader cannot tell why
        stage.reading.enter(RIGHT)
        stage.line.card = False
        await stage.hears(CardRemoved)

    stage = play(script)
    assert not any(isinstance(event, CardTrouble) for event in stage.events)


def test_a_mute_card_that_stays_is_tried_once_more() -> None:
    async def script(stage: Stage) -> None:
        stage.line.faults = [CardMute("error 01"), CardMute("error 01")]
        stage.reading.enter(RIGHT)
        trouble = await stage.hears(CardTrouble)
        assert trouble == CardTrouble(Trouble.CARD_COMM, "error 01")

    assert len(play(script).chip.keys) == 2


def test_a_card_that_was_read_and_cannot_be_used() -> None:
    async def script(stage: Stage) -> None:
        stage.chip.files = {}
        stage.reading.enter(RIGHT)
        trouble = await stage.hears(CardTrouble)
        assert trouble == CardTrouble(Trouble.CARD_TAMPERED, "DG1")

    play(script)


def test_a_card_of_another_kind() -> None:
    async def script(stage: Stage) -> None:
        stage.line.refusal = CardUnfit("no ISO-DEP")
        trouble = await stage.hears(CardTrouble)
        assert trouble.kind is Trouble.WRONG_CARD
        stage.line.card = False
        await stage.hears(CardRemoved)

    assert CardFound() not in play(script).events


def test_a_card_taken_away_while_its_key_is_looked_for() -> None:
    async def script(stage: Stage) -> None:
        await stage.hears(KeyWanted)
        stage.line.card = False
        await stage.hears(CardRemoved)

    play(script)


def test_a_lost_reader_is_told_once_and_opened_again() -> None:
    async def script(stage: Stage) -> None:
        stage.line.faults = [DeviceLost("pcscd is gone")]
        stage.line.absent = DeviceLost("pcscd is gone")
        stage.reading.enter(RIGHT)
        trouble = await stage.hears(ReaderTrouble)
        assert trouble == ReaderTrouble(Trouble.READER_ABSENT, "pcscd is gone")
        while stage.line.opened < 4:
            await asyncio.sleep(0.01)
        stage.line.absent = None
        await stage.hears(ReaderReady)
        await stage.hears(KeyWanted)  # the card is still there, its key is forgotten

    stage = play(script)
    assert sum(isinstance(event, ReaderTrouble) for event in stage.events) == 1


def test_a_reader_that_opens_and_is_lost_at_once_is_opened_ever_more_rarely() -> None:
    async def script(stage: Stage) -> None:
        stage.line.loses = DeviceLost("PC/SC hangs")
        for _ in range(3):
            await stage.hears(ReaderTrouble)
        await asyncio.sleep(0.1)
        assert stage.line.opened == 3

    play(script, reopen_after_s=(0.01, 0.01, 1000.0))


OUT_OF_TURN = [CardGone(""), CardMute("0x80100066"), CardUnfit("")]


@pytest.mark.parametrize("word", OUT_OF_TURN)
def test_a_word_about_a_card_in_place_of_a_reader_is_the_readers_fault(
    word: LikenessError,
) -> None:
    async def script(stage: Stage) -> None:
        stage.line.absent = word
        trouble = await stage.hears(ReaderTrouble)
        assert trouble.kind is Trouble.READER_FAULT
        stage.line.absent = None
        await stage.hears(ReaderReady)

    play(script)


@pytest.mark.parametrize("word", OUT_OF_TURN)
def test_a_word_about_a_card_in_place_of_its_presence_is_the_readers_fault(
    word: LikenessError,
) -> None:
    async def script(stage: Stage) -> None:
        stage.reading.enter(RIGHT)
        await stage.hears(CardPresented)
        stage.line.slips = word
        trouble = await stage.hears(ReaderTrouble)
        assert trouble.kind is Trouble.READER_FAULT
        stage.line.slips = None
        await stage.hears(KeyWanted)

    play(script)


def test_a_reader_that_is_not_for_us() -> None:
    async def script(stage: Stage) -> None:
        stage.line.absent = DeviceRefused("in use")
        stage.line.faults = [DeviceLost("gone")]
        stage.reading.enter(RIGHT)
        while (trouble := await stage.hears(ReaderTrouble)).detail != "in use":
            pass
        assert trouble.kind is Trouble.READER_CONFIG

    play(script)


def test_it_stirs_while_it_waits() -> None:
    async def script(stage: Stage) -> None:
        await stage.hears(KeyWanted)
        before = stage.reading.stirred_s
        while stage.reading.stirred_s == before:
            await asyncio.sleep(0.01)

    play(script)


def test_nothing_personal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def script(stage: Stage) -> None:
        await stage.hears(KeyWanted)
        stage.reading.enter("000777")
        await stage.hears(KeyWrong)
        stage.reading.enter(RIGHT)
        await stage.hears(CardPresented)

    with caplog.at_level(logging.DEBUG):
        stage = play(script)
    assert "event=reader_ready" in caplog.text
    for secret in ("000777", RIGHT, NUMBER):
        assert secret not in caplog.text
        assert secret not in repr(stage.events)
