"""The whole path on a real tty: simulator, serial line, dialogue, card."""

import asyncio
import logging
from pathlib import Path

import pytest

from likeness.core.card_cycle import (
    CardFound,
    CardRemoved,
    CardStillThere,
    CardTrouble,
)
from likeness.core.card_dialogue import ReaderReady, ReaderTrouble
from likeness.core.card_trouble import Trouble
from likeness.edges.reader_serial import SerialLine
from likeness.service.reading import CardEvent, CardPresented, CardReading
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt import SdtSimulator
from likeness.simulators.sdt_reader import SdtCard
from readings import Heard, LoopClock, serve

FIRST = simulated(fictitious_card(1), b"picture 1")
SECOND = simulated(fictitious_card(2), b"picture 2")
READER = "05.01-20110511-0001234567-0987654321"


def number_of(card: SdtCard) -> str:
    return card.text[122:158].decode("utf-16-le")


def test_a_card_is_read_once_until_it_is_lifted(tmp_path: Path) -> None:
    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        reading.seek()
        await heard.wait_for(CardFound)
        card = (await heard.card()).card
        assert card.number == number_of(FIRST)
        assert card.portrait_record == FIRST.portrait
        assert card.reader_id == READER
        reading.rest()
        reading.seek()  # the next visitor, while the old card still lies there
        await heard.wait_for(CardStillThere)
        asked = len(simulator.reader.commands)
        while len(simulator.reader.commands) < asked + 3:
            await asyncio.sleep(0.01)
        simulator.take_away()
        await heard.wait_for(CardRemoved)
        simulator.lay(SECOND)
        assert (await heard.card()).card.number == number_of(SECOND)

    heard = serve(SdtSimulator(FIRST, link=tmp_path / "reader"), script)
    assert isinstance(heard.events[0], ReaderReady)
    assert sum(isinstance(event, CardPresented) for event in heard.events) == 2


def test_unplug_and_replug_under_the_same_name(tmp_path: Path) -> None:
    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        await heard.wait_for(ReaderReady)
        simulator.unplug()
        trouble = await heard.wait_for(ReaderTrouble)
        assert isinstance(trouble, ReaderTrouble)
        assert trouble.kind is Trouble.READER_ABSENT
        reading.seek()  # a wish while the line is gone is not lost
        simulator.replug()
        await heard.wait_for(ReaderReady)
        simulator.lay(FIRST)
        await heard.card()

    serve(SdtSimulator(link=tmp_path / "reader"), script)


def test_unplug_in_the_middle_of_a_record(tmp_path: Path) -> None:
    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        reading.seek()
        await heard.wait_for(CardFound)
        await heard.wait_for(ReaderTrouble)
        await heard.wait_for(ReaderReady)
        await heard.card()

    simulator = SdtSimulator(
        FIRST,
        faults=["unplug:1@3001"],
        link=tmp_path / "reader",
        replug_after_s=0.1,
    )
    serve(simulator, script)


def test_a_card_that_stays_through_a_replug_is_not_read_again(tmp_path: Path) -> None:
    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        reading.seek()
        await heard.card()
        simulator.unplug()
        await heard.wait_for(ReaderTrouble)
        simulator.replug()  # the field dropped: this chip would be found again
        await heard.wait_for(ReaderReady)
        asked = len(simulator.reader.commands)
        while len(simulator.reader.commands) < asked + 5:
            await asyncio.sleep(0.01)

    heard = serve(SdtSimulator(FIRST, link=tmp_path / "reader"), script)
    assert sum(isinstance(event, CardPresented) for event in heard.events) == 1
    assert not any(isinstance(event, CardRemoved) for event in heard.events)


def test_paced_as_a_slow_line(tmp_path: Path) -> None:
    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        reading.seek()
        assert (await heard.card()).card.number == number_of(FIRST)

    serve(SdtSimulator(FIRST, paced=True, baud=57600), script)


def test_a_card_of_unknown_layout_is_named(tmp_path: Path) -> None:
    strange = SdtCard(FIRST.text[:248] + b"Q\0" + FIRST.text[250:], FIRST.portrait)

    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        reading.seek()
        trouble = await heard.wait_for(CardTrouble)
        assert trouble == CardTrouble(Trouble.CARD_UNSUPPORTED, "layout")

    serve(SdtSimulator(strange), script)


def test_a_missing_reader_is_told_once_and_awaited(tmp_path: Path) -> None:
    link = tmp_path / "reader"
    told: list[CardEvent] = []

    async def main() -> None:
        heard = Heard()
        line = SerialLine(str(link), 115200)
        reading = CardReading(line, LoopClock(), heard, reopen_after_s=(0.02,))
        running = asyncio.create_task(reading.run())
        await heard.wait_for(ReaderTrouble)
        await asyncio.sleep(0.1)  # several attempts
        with SdtSimulator(link=link):
            await heard.wait_for(ReaderReady)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        told.extend(heard.events)

    asyncio.run(main())
    assert [type(event) for event in told[:2]] == [ReaderTrouble, ReaderReady]
    trouble = told[0]
    assert isinstance(trouble, ReaderTrouble)
    assert trouble.kind is Trouble.READER_ABSENT
    assert "no such card reader" in trouble.detail


def test_nothing_personal_in_log_trace_or_repr(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[str] = []

    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        reading.seek()
        await heard.card()
        seen.extend(map(repr, reading.trace))
        seen.extend(map(repr, heard.events))

    with caplog.at_level(logging.DEBUG):
        serve(SdtSimulator(FIRST), script)
    everything = caplog.text + "".join(seen)
    assert "command='read'" in everything
    for secret in (number_of(FIRST), "样本", repr(FIRST.text[:8])[2:-1]):
        assert secret not in everything
    for raw in (FIRST.text, FIRST.portrait):
        assert raw[:16].hex() not in everything
        assert raw[:16].hex(" ").upper() not in everything
