"""The readers that a configuration asks for, and what they are told to read."""

import asyncio
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from likeness import config, parts
from likeness.core.vocabulary import Card, Today
from likeness.edges.clock import SystemClock
from likeness.errors import ConfigError
from likeness.service.chip_reading import ChipEvent
from likeness.service.reading import CardPresented
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.pn532 import Pn532Simulator
from likeness.simulators.scanner import Scanner
from likeness.simulators.sdt import SdtSimulator
from simulated_chips import CAN, chip_of

AT_MOST_S = 30.0


def settings(**parts_of_it: object) -> config.Config:
    return config.Config(terminal=config.Terminal(device="shop-7"), **parts_of_it)  # type: ignore[arg-type]


def cards_of(given: config.Config, count: int) -> dict[str, Card]:
    """Run the configured readers until so many cards were read, by reader."""

    async def main() -> dict[str, Card]:
        read: dict[str, Card] = {}
        done = asyncio.Event()

        def listener(name: str) -> Callable[[ChipEvent], None]:
            def hear(event: ChipEvent) -> None:
                if isinstance(event, CardPresented):
                    read[name] = event.card
                    if len(read) == count:
                        done.set()

            return hear

        readers = parts.readers_of(
            given, SystemClock(), listener, lambda: Today(date(2026, 11, 22))
        )
        running = asyncio.create_task(readers.run())
        readers.seek()
        try:
            async with asyncio.timeout(AT_MOST_S):
                await done.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return read

    return asyncio.run(main())


def test_a_terminal_with_both_readers_reads_both_cards() -> None:
    resident = simulated(fictitious_card(1), b"picture")
    with (
        SdtSimulator(resident) as sdt,
        Pn532Simulator(EmrtdCard(chip_of(number="D23145890"))) as pn532,
        Scanner() as scanner,
    ):
        given = settings(
            reader=config.Reader(path=sdt.path),
            chip=config.Chip(kind="pn532", path=pn532.path, scanner=scanner.path),
        )
        assert parts.reader_names(given) == ("sdt", "chip")
        timer = _later(0.5, lambda: scanner.scan(CAN))
        try:
            read = cards_of(given, 2)
        finally:
            timer.join()
    assert read["sdt"].kind.startswith("cn_")
    assert read["chip"].number == "D23145890"
    assert read["chip"].checked[0] == "pace"


def test_what_is_wished_for_reaches_the_reader() -> None:
    with SdtSimulator(simulated(fictitious_card(1), b"picture")) as sdt:
        reader = config.Reader(path=sdt.path, addresses=True, fingerprint=True)
        cards_of(settings(reader=reader), 1)
        assert any(one.startswith("3010") for one in sdt.reader.commands)


def test_a_trust_folder_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    chip = config.Chip(kind="pcsc", scanner="-")
    given = settings(chip=chip, trust=config.Trust(dir=str(tmp_path / "nowhere")))
    with pytest.raises(ConfigError, match=r"trust\.dir"):
        cards_of(given, 1)


def _later(after_s: float, action: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(after_s, action)
    timer.start()
    return timer
