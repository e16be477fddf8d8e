"""Every fault of the simulated reader on every kind of line, through the real driver.

The driver opens a real tty (warped_pty); the time is the loop's. In each cell a visitor
lays a card, and lays it again every 15 s until it is read, as people do; then a second
one comes. Faults pass after two strikes, or last until somebody mends them. Whatever
goes wrong, a card is told whole, once in each laying, and in the end it is told.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from likeness.core.card_answers import MEANINGS
from likeness.core.card_cycle import CardRemoved
from likeness.core.card_dialogue import ReaderReady, ReaderTrouble
from likeness.service.reading import CardEvent, CardPresented, CardReading
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt_faults import STATUS_BELONGS_TO, Kind, parse
from likeness.simulators.sdt_reader import SdtCard, SdtReader
from lines import Dripping, Late, Line, Lossy, Noisy, Perfect, Torn
from readers.warped_pty import CountingLine, LoopClock, PtyReader, play
from soak.warp_loop import WarpLoop

FIRST = simulated(fictitious_card(1), b"picture 1")
SECOND = simulated(fictitious_card(2), b"picture 2")
READER = "05.01-20110511-0001234567-0987654321"
TIMES = 2
LINES: dict[str, Callable[[], Line]] = {
    "perfect": Perfect,
    "dripping": Dripping,
    "noisy": Noisy,
    "late": Late,
    "torn": lambda: Torn(9),
    "lossy": Lossy,
}
UNKNOWN_STATUS = 0x55
STATUSES = [*MEANINGS, UNKNOWN_STATUS]
FAULTS = [kind.value for kind in Kind if kind is not Kind.STATUS]
FAULTS += [f"status-{status:02X}" for status in STATUSES]
# The card is refused in that laying; the reader is asked again in half a minute; a
# record would take 65 s.
TAKE_LONG = ("status-32", "status-40", "status-60", "status-66", "slow-drip:2@3001")
# Those that may meet any command: once at the first ones, and once at the record.
EVERYWHERE = [fault for fault in FAULTS if not parse(fault).command]
PASSING = [f"{fault}:{TIMES}" for fault in FAULTS]
PASSING += [f"{fault}:{TIMES}@3001" for fault in EVERYWHERE]
LAYINGS = 24
LAID_S, LIFTED_S = 15.0, 2.0


class Shop:
    """One reader, its driver, and visitors; keeps what was told in which laying."""

    def __init__(self, loop: WarpLoop, fault: str, line: str, folder: Path) -> None:
        baud = 9600 if line == "dripping" else 115200
        self.reader = SdtReader([parse(fault)], latency_s=0.02, baud=baud)
        self.pty = PtyReader(loop, self.reader, LINES[line](), folder / "reader")
        self.told: list[tuple[int, CardEvent]] = []
        self.laying = 0
        self.lies = False
        self.told_gone_too_soon = 0
        self._read = asyncio.Event()
        self.reading = CardReading(
            CountingLine(str(self.pty.link), baud, self.pty.owed),
            LoopClock(loop),
            self._hear,
            baud=baud,
        )

    async def visit(self, card: SdtCard) -> bool:
        """Lay a card until it is read; False if patience ends before."""
        for _ in range(LAYINGS):
            self.laying += 1
            self._read.clear()
            self.reader.lay(card)
            self.lies = True
            try:
                async with asyncio.timeout(LAID_S):
                    await self._read.wait()
            except TimeoutError:
                pass
            else:
                await asyncio.sleep(LIFTED_S)  # it may not be read a second time
            self.reader.take_away()
            self.lies = False
            await asyncio.sleep(LIFTED_S)
            if self._read.is_set():
                return True
        return False

    def cards(self) -> list[tuple[int, CardPresented]]:
        return [(at, one) for at, one in self.told if isinstance(one, CardPresented)]

    def _hear(self, event: CardEvent) -> None:
        self.told.append((self.laying, event))
        if isinstance(event, CardPresented):
            self._read.set()
        self.told_gone_too_soon += self.lies and isinstance(event, CardRemoved)


async def day(
    loop: WarpLoop, fault: str, line: str, folder: Path, mended_after_s: float = 0.0
) -> Shop:
    shop = Shop(loop, fault, line, folder)
    shop.pty.plug()
    running = asyncio.create_task(shop.reading.run())
    shop.reading.seek()
    if mended_after_s:
        shop.reader.lay(FIRST)
        await asyncio.sleep(mended_after_s)
        shop.reader.faults.clear()
        shop.reader.take_away()
        await asyncio.sleep(LIFTED_S)
    assert await shop.visit(FIRST)
    assert await shop.visit(SECOND)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    shop.pty.unplug()
    return shop


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("fault", PASSING)
def test_each_fault_on_each_line(fault: str, line: str, tmp_path: Path) -> None:
    shop = play(lambda loop: day(loop, fault, line, tmp_path))
    assert_only_whole_cards_once_in_each_laying(shop)
    assert shop.reader.faults[0].times == 0, "the fault was not met"
    if line == "lossy":
        return  # there patience is all
    if not fault.startswith(TAKE_LONG):
        assert shop.laying == len((FIRST, SECOND)), "a card had to be laid again"
    if not fault.startswith("status-"):
        assert shop.told_gone_too_soon == 0
    if line == "torn":
        assert shop.pty.unplugged >= 2  # and once at the end
        assert any(isinstance(event, ReaderTrouble) for _, event in shop.told)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_on_each_line_until_it_is_mended(
    fault: str, line: str, tmp_path: Path
) -> None:
    shop = play(lambda loop: day(loop, fault, line, tmp_path, mended_after_s=31.0))
    assert_only_whole_cards_once_in_each_laying(shop)


def assert_only_whole_cards_once_in_each_laying(shop: Shop) -> None:
    layings = [at for at, _ in shop.cards()]
    assert len(set(layings)) == len(layings)
    cards = [one.card for _, one in shop.cards()]
    assert {card.portrait_record for card in cards} == {FIRST.portrait, SECOND.portrait}
    for card in cards:
        record = FIRST if card.portrait_record == FIRST.portrait else SECOND
        assert card.number == record.text[122:158].decode("utf-16-le")
        assert card.reader_id == READER
    assert any(isinstance(event, ReaderReady) for _, event in shop.told)


def test_no_fault_and_no_status_is_missing() -> None:
    assert len(FAULTS) == len(Kind) - 1 + len(MEANINGS) + 1
    assert set(STATUS_BELONGS_TO) <= set(MEANINGS)
    assert UNKNOWN_STATUS not in MEANINGS
