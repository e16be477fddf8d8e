"""A multi-in-one module behind the same driver, on a real tty."""

import asyncio
from pathlib import Path

import pytest

from likeness.core.card_cycle import CardFound, CardRemoved, CardStillThere, CardTrouble
from likeness.core.card_dialogue import ReaderReady, ReaderTrouble
from likeness.core.card_trouble import Trouble
from likeness.edges.reader_stx import StxLine
from likeness.service.reading import CardPresented, CardReading
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt import SdtSimulator
from likeness.simulators.sdt_stx import StxReader
from readings import Heard, serve

FIRST = simulated(fictitious_card(1), b"picture 1")
SECOND = simulated(fictitious_card(2), b"picture 2")


def number_of(text: bytes) -> str:
    return text[122:158].decode("utf-16-le")


def module(*faults: str, halts: bool = False, link: Path | None = None) -> SdtSimulator:
    simulator = SdtSimulator(FIRST, faults=faults, stx=True, link=link)
    assert isinstance(simulator.reader, StxReader)
    simulator.reader.halts = halts
    return simulator


@pytest.mark.parametrize("halts", [False, True])
def test_a_card_is_read_once_until_it_is_lifted(halts: bool) -> None:
    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        ready = await heard.wait_for(ReaderReady)
        assert ready == ReaderReady("")  # this kind has no id
        reading.seek()
        await heard.wait_for(CardFound)
        card = (await heard.card()).card
        assert card.number == number_of(FIRST.text)
        assert card.portrait_record == FIRST.portrait
        asked = len(simulator.reader.commands)
        while len(simulator.reader.commands) < asked + 6:
            await asyncio.sleep(0.01)
        simulator.take_away()
        if not halts:
            await heard.wait_for(CardRemoved)
        simulator.lay(SECOND)
        assert (await heard.card()).card.number == number_of(SECOND.text)

    heard = serve(module(halts=halts), script, StxLine)
    assert sum(isinstance(event, CardPresented) for event in heard.events) == 2


def test_the_next_visitor_is_asked_to_take_the_card_away() -> None:
    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        reading.seek()
        await heard.card()
        reading.rest()
        reading.seek()
        await heard.wait_for(CardStillThere)
        simulator.take_away()
        await heard.wait_for(CardRemoved)

    serve(module(), script, StxLine)


@pytest.mark.parametrize(
    "fault",
    ["noise", "split", "glued", "bad-xor:1@CA00", "cut:1@CA00", "silent:1@CA02"],
)
def test_a_passing_fault_costs_no_card(fault: str) -> None:
    async def script(
        reading: CardReading, heard: Heard, _simulator: SdtSimulator
    ) -> None:
        reading.seek()
        assert (await heard.card()).card.number == number_of(FIRST.text)

    serve(module(fault), script, StxLine)


def test_a_refused_card_is_named() -> None:
    async def script(
        reading: CardReading, heard: Heard, _simulator: SdtSimulator
    ) -> None:
        reading.seek()
        trouble = await heard.wait_for(CardTrouble)
        assert trouble == CardTrouble(Trouble.CARD_REJECTED, "00 00 32")

    serve(module("status-32@CA00"), script, StxLine)


def test_unplug_and_replug(tmp_path: Path) -> None:
    async def script(
        reading: CardReading, heard: Heard, simulator: SdtSimulator
    ) -> None:
        await heard.wait_for(ReaderReady)
        simulator.unplug()
        await heard.wait_for(ReaderTrouble)
        simulator.replug()
        await heard.wait_for(ReaderReady)
        reading.seek()
        await heard.card()

    serve(module(link=tmp_path / "reader"), script, StxLine)


def test_an_answer_made_here_does_not_reach_the_next_opening(tmp_path: Path) -> None:
    said: list[bytes] = []

    async def main() -> None:
        with SdtSimulator(stx=True) as simulator:
            line = StxLine(simulator.path, 115200)
            await line.open(said.append, lambda _why: None)
            line.write(bytes.fromhex("AA AA AA 96 69 00 03 10 FF EC"))
            line.close()
            await asyncio.sleep(0)
            assert said == []
            await line.open(said.append, lambda _why: None)
            line.write(bytes.fromhex("AA AA AA 96 69 00 03 10 FF EC"))
            await asyncio.sleep(0)
            assert said == [bytes.fromhex("AA AA AA 96 69 00 04 00 00 90 94")]
            line.close()

    asyncio.run(main())
