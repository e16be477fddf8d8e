"""PC/SC readers: Debian's pcscd with a virtual reader, and a child that lies."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chip_stage import Told, read, trusted
from likeness import config
from likeness.core.card_events import ReaderReady, ReaderTrouble
from likeness.core.card_moments import CardRemoved, CardTrouble
from likeness.core.card_trouble import Trouble
from likeness.core.chip_moments import ChipProgress, KeyWanted
from likeness.edges.reader_pcsc import NAME_MOST, PcscReader
from likeness.errors import CardGone, CardMute, CardUnfit, DeviceLost, DeviceRefused
from likeness.service.chip_reading import ChipReading
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.virtual_pcscd import VirtualPcscd
from likeness.simulators.vpcd import VpcdSimulator
from pcscd import running
from simulated_chips import CAN, chip_of

SELECT = bytes.fromhex("00A4040C07A0000002471001")
READER = "Virtual PCD"
PCSC = config.Chip(kind="pcsc", name=READER, scanner="-")
Script = Callable[[PcscReader, VpcdSimulator], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module")
def pcscd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualPcscd]:
    with running(tmp_path_factory.mktemp("pcscd")) as pcscd:
        yield pcscd


def serve(pcscd: VirtualPcscd, script: Script) -> None:
    async def main(slot: VpcdSimulator) -> None:
        reader = PcscReader(READER)
        try:
            async with asyncio.timeout(60):
                await script(reader, slot)
        finally:
            # In order: a pcscd that resets a card for a client that is gone, just when
            # the card goes as well and the next one comes, never sees that one.
            with suppress(DeviceLost):
                await reader.release()
            await reader.close()

    with VpcdSimulator(port=pcscd.port) as slot:
        asyncio.run(main(slot))


async def card_on(reader: PcscReader) -> bytes:
    while True:
        # pcscd may not have noticed yet that the child before is gone.
        with suppress(DeviceRefused):
            if (atr := await reader.connect()) is not None:
                return atr
        await asyncio.sleep(0.05)


@pytest.mark.pcsc
def test_a_card_comes_talks_and_goes(pcscd: VirtualPcscd) -> None:
    async def script(reader: PcscReader, slot: VpcdSimulator) -> None:
        assert (await reader.open()).startswith(READER)
        assert await reader.connect() is None
        assert not await reader.present()
        card = EmrtdCard(chip_of())
        slot.lay(card)
        assert await card_on(reader) == card.chip.atr
        assert await reader.transmit(SELECT) == b"\x90\x00"
        assert await reader.present()
        slot.take_away()
        with pytest.raises((CardGone, CardMute)):
            await reader.transmit(SELECT)
        while await reader.present():
            await asyncio.sleep(0.05)
        with pytest.raises(CardGone):
            await reader.transmit(SELECT)
        assert await reader.connect() is None

    serve(pcscd, script)


@pytest.mark.pcsc
def test_a_reader_that_another_has_is_refused(pcscd: VirtualPcscd) -> None:
    async def script(reader: PcscReader, slot: VpcdSimulator) -> None:
        slot.lay(EmrtdCard(chip_of()))
        await reader.open()
        await card_on(reader)
        second = PcscReader(READER)
        await second.open()
        with pytest.raises(DeviceRefused, match="in use by another program"):
            await second.connect()
        await second.close()

    serve(pcscd, script)


@pytest.mark.pcsc
def test_a_reader_of_another_name_is_lost(pcscd: VirtualPcscd) -> None:
    with pytest.raises(DeviceLost, match=r"set chip\.name"):
        asyncio.run(PcscReader("ACR122").open())


@pytest.mark.pcsc
def test_a_child_that_is_killed_is_a_lost_reader_and_begun_anew(
    pcscd: VirtualPcscd,
) -> None:
    async def script(reader: PcscReader, slot: VpcdSimulator) -> None:
        slot.lay(EmrtdCard(chip_of()))
        await reader.open()
        await card_on(reader)
        first = reader.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        with pytest.raises(DeviceLost, match="begun anew"):
            await reader.transmit(SELECT)
        await reader.open()
        assert reader.pid != first
        await card_on(reader)
        assert await reader.transmit(SELECT) == b"\x90\x00"

    serve(pcscd, script)


@pytest.mark.pcsc
def test_a_whole_card_and_pcscd_killed_in_the_middle_of_the_next(
    pcscd: VirtualPcscd, tmp_path: Path
) -> None:
    slot = VpcdSimulator(EmrtdCard(chip_of()), port=pcscd.port)

    async def script(reading: ChipReading, told: Told) -> None:
        reading.enter(CAN)
        card = await told.card()
        assert card.concerns == ()
        assert {"pace", "issuer_chain", "active_authentication"} <= {*card.checked}
        assert card.reader_id.startswith(READER)
        slot.take_away()
        await told.hears(CardRemoved)
        slot.lay(EmrtdCard(chip_of()))
        await told.hears(KeyWanted)
        reading.enter(CAN)
        while (await told.hears(ChipProgress)).kib < 2:
            pass
        pcscd.kill()
        trouble = await told.hears(ReaderTrouble)
        assert trouble.kind is Trouble.READER_ABSENT
        pcscd.start()
        await told.hears(ReaderReady)
        await told.hears(KeyWanted)
        reading.enter(CAN)
        await told.card()

    with slot:
        told = read(PCSC, trusted(tmp_path / "csca"), script)
    assert not any(isinstance(event, CardTrouble) for event in told.events)


# --- the child's word is not believed -----------------------------------------------
CHILD = """
import struct, sys, time
def say(body): sys.stdout.buffer.write(struct.pack('>I', len(body)) + body)
{code}
sys.stdout.flush()
sys.stdin.buffer.read()
"""


def acting(code: str) -> PcscReader:
    """A reader whose child runs this; it is given a tenth of the usual patience."""
    program = (sys.executable, "-c", CHILD.format(code=code))
    return PcscReader(program=program, patience=0.1)


def outcome(code: str) -> BaseException | str:
    async def main() -> str:
        reader = acting(code)
        try:
            return await reader.open()
        finally:
            await reader.close()

    try:
        return asyncio.run(main())
    except (DeviceLost, CardGone, CardMute, CardUnfit) as fault:
        return fault


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("time.sleep(1000)", DeviceLost, "hangs"),
        ("sys.exit(3)", DeviceLost, "ended"),
        ("say(b'L0x8010001D')", DeviceLost, "pcscd does not run"),
        ("say(b'Lno reader')", DeviceLost, "set chip.name"),
        ("say(b'Ppyscard')", DeviceRefused, "pip install 'likeness[pcsc]'"),
        ("say(b'R0x8010000B')", DeviceRefused, "in use"),
        ("say(b'?')", DeviceLost, "ended"),
        ("say(b'')", DeviceLost, "hangs"),
        ("sys.stdout.buffer.write(bytes([255]) * 200_000)", DeviceLost, "ended"),
        ("say(b'U0x8010000F')", CardUnfit, ""),
        ("say(b'M0x80100066')", CardMute, ""),
        ("say(b'G')", CardGone, ""),
    ],
)
def test_whatever_the_child_says_has_an_outcome(
    code: str, kind: type[Exception], says: str
) -> None:
    fault = outcome(code)
    assert isinstance(fault, kind)
    assert says in str(fault)


def test_what_it_says_well_is_taken() -> None:
    assert outcome("say(b'DA reader')") == "A reader"


def test_a_name_that_a_device_made_up_is_one_short_line() -> None:
    name = outcome(r"say(b'DX\nevent=visit_done verdict=accepted' + b'\x1b\xff' * 500)")
    assert isinstance(name, str)
    assert name.startswith("X\\nevent=visit_done")
    assert name.isprintable()
    assert len(name) == NAME_MOST


def test_nothing_is_asked_of_a_reader_that_is_not_open() -> None:
    with pytest.raises(DeviceLost, match="not open"):
        asyncio.run(PcscReader().connect())
