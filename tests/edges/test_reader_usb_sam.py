"""A SAM on USB pipes behind the same driver; the device is simulated."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from likeness.core.card_cycle import CardFound, CardRemoved
from likeness.core.card_dialogue import ReaderReady, ReaderTrouble
from likeness.core.card_trouble import Trouble
from likeness.edges.reader_usb_sam import UsbSamLine
from likeness.edges.usb_pipes import open_pipes
from likeness.errors import DeviceLost, DeviceRefused
from likeness.service.reading import CardPresented, CardReading
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt_faults import parse
from likeness.simulators.sdt_reader import SdtReader
from likeness.simulators.sdt_usb import SdtUsb
from readings import Heard, LoopClock

FIRST = simulated(fictitious_card(1), b"picture 1")
SECOND = simulated(fictitious_card(2), b"picture 2")
STATUS = bytes.fromhex("AA AA AA 96 69 00 03 11 FF ED")
OK = bytes.fromhex("AA AA AA 96 69 00 04 00 00 90 94")

Script = Callable[[CardReading, Heard], Coroutine[Any, Any, None]]


def serve(device: SdtUsb, script: Script) -> Heard:
    async def main() -> Heard:
        heard = Heard()
        line = UsbSamLine("0400:c35a", device.open)
        reading = CardReading(line, LoopClock(), heard, reopen_after_s=(0.05,))
        running = asyncio.create_task(reading.run())
        try:
            await script(reading, heard)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return heard

    return asyncio.run(main())


@pytest.mark.parametrize("whole", [False, True])
def test_cards_are_read_one_after_another(whole: bool) -> None:
    device = SdtUsb(SdtReader(), whole=whole)
    device.lay(FIRST)

    async def script(reading: CardReading, heard: Heard) -> None:
        reading.seek()
        assert await heard.wait_for(ReaderReady) == ReaderReady(
            "05.01-20110511-0001234567-0987654321"
        )
        await heard.wait_for(CardFound)
        assert (await heard.card()).card.portrait_record == FIRST.portrait
        device.take_away()
        await heard.wait_for(CardRemoved)
        device.lay(SECOND)
        assert (await heard.card()).card.portrait_record == SECOND.portrait

    heard = serve(device, script)
    assert sum(isinstance(event, CardPresented) for event in heard.events) == 2


def test_unplug_and_replug() -> None:
    device = SdtUsb(SdtReader())

    async def script(reading: CardReading, heard: Heard) -> None:
        await heard.wait_for(ReaderReady)
        device.unplug()
        reading.seek()  # so that the reader is asked at once
        trouble = await heard.wait_for(ReaderTrouble)
        assert isinstance(trouble, ReaderTrouble)
        assert trouble.kind is Trouble.READER_ABSENT
        assert trouble.detail.startswith("usb 0400:c35a: No such device")
        device.replug()
        await heard.wait_for(ReaderReady)
        device.lay(FIRST)
        await heard.card()

    serve(device, script)


@pytest.mark.parametrize("fault", ["unplug:1@3001", "silent:1@2001", "bad-xor:1@3001"])
def test_a_passing_fault_costs_no_card(fault: str) -> None:
    device = SdtUsb(SdtReader([parse(fault)]))
    device.lay(FIRST)

    async def script(reading: CardReading, heard: Heard) -> None:
        reading.seek()
        if fault.startswith("unplug"):
            await heard.wait_for(ReaderTrouble)
            device.replug()
        assert (await heard.card()).card.portrait_record == FIRST.portrait

    serve(device, script)


def test_its_thread_ends_with_it_and_says_nothing_afterwards() -> None:
    device, said = SdtUsb(SdtReader()), list[bytes]()

    async def main() -> None:
        line = UsbSamLine("0400:c35a", device.open)
        line.write(b"nobody is there yet")
        await line.open(said.append, lambda _why: None)
        line.set_baud(9600)
        line.write(STATUS)
        async with asyncio.timeout(10):
            while b"".join(said) != OK:
                await asyncio.sleep(0.01)
        line.write(STATUS)
        line.close()
        line.close()
        await line.open(said.append, lambda _why: None)  # the one before has let go
        line.close()
        async with asyncio.timeout(10):
            while "usb-reader" in {thread.name for thread in threading.enumerate()}:
                await asyncio.sleep(0.01)

    asyncio.run(main())
    assert b"".join(said) == OK


def test_a_missing_library_is_named() -> None:
    with pytest.raises((DeviceRefused, DeviceLost), match=r"pyusb|no such|USB library"):
        open_pipes("0400:c35a")
