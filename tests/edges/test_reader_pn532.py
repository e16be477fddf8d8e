"""The PN532 driver on a pty, over lines and readers that misbehave."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from likeness.edges.reader_pn532 import Pn532Reader
from likeness.errors import CardMute, DeviceLost, DeviceRefused
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.pn532 import Pn532Simulator
from likeness.simulators.pn532_reader import Radio
from simulated_chips import chip_of

SELECT = bytes.fromhex("00A4040C07A0000002471001")
SELECT_CARD_ACCESS = bytes.fromhex("00A4020C02011C")
READ = bytes.fromhex("00B0000000")
NAME = "PN532 firmware 1.6"
Script = Callable[[Pn532Reader, Pn532Simulator], Coroutine[Any, Any, None]]


def serve(
    script: Script, *faults: str, radio: Radio = "a", link: Path | None = None
) -> None:
    async def main(simulator: Pn532Simulator) -> None:
        reader = Pn532Reader(simulator.path)
        try:
            async with asyncio.timeout(30):
                await script(reader, simulator)
        finally:
            await reader.close()

    card = EmrtdCard(chip_of())
    with Pn532Simulator(card, faults=faults, radio=radio, link=link) as simulator:
        asyncio.run(main(simulator))


async def talk(reader: Pn532Reader) -> None:
    """Open, find the card, and hold a short talk with it."""
    assert await reader.open() == NAME
    assert await reader.connect()
    assert await reader.transmit(SELECT_CARD_ACCESS) == b"\x90\x00"
    answer = await reader.transmit(READ)
    assert answer.endswith(b"\x90\x00")
    assert len(answer) > 10
    assert await reader.transmit(SELECT) == b"\x90\x00"


@pytest.mark.parametrize("radio", ["a", "b"])
def test_a_talk_with_a_card_of_either_type(radio: Radio) -> None:
    async def script(reader: Pn532Reader, _: Pn532Simulator) -> None:
        await talk(reader)

    serve(script, radio=radio)


@pytest.mark.parametrize(
    "fault",
    ["no-ack:1", "noise", "split", "slow-drip:3", "glued", "asleep:1@4A", "late:1"],
)
def test_a_talk_over_a_line_that_misbehaves(fault: str) -> None:
    async def script(reader: Pn532Reader, _: Pn532Simulator) -> None:
        await talk(reader)

    serve(script, fault)


@pytest.mark.parametrize("fault", ["torn:1@40", "bad-sum:1@40", "bad-length:1@40"])
def test_a_damaged_answer_is_no_answer_and_the_next_is_one(fault: str) -> None:
    async def script(reader: Pn532Reader, _: Pn532Simulator) -> None:
        await reader.open()
        await reader.connect()
        with pytest.raises(CardMute):
            await reader.transmit(SELECT)
        assert await reader.connect()
        assert await reader.transmit(SELECT) == b"\x90\x00"

    serve(script, fault)


def test_a_card_that_leaves_is_mute_and_then_not_there() -> None:
    async def script(reader: Pn532Reader, simulator: Pn532Simulator) -> None:
        await reader.open()
        await reader.connect()
        simulator.take_away()
        with pytest.raises(CardMute):
            await reader.transmit(SELECT)
        assert not await reader.present()
        assert await reader.connect() is None
        await reader.release()
        simulator.lay(EmrtdCard(chip_of()))
        assert await reader.present()
        assert await reader.connect()

    serve(script)


@pytest.mark.parametrize("fault", ["unpowered", "no-ack", "garbage", "error-frame"])
def test_a_reader_that_does_not_answer_is_lost_with_what_to_do(fault: str) -> None:
    async def script(reader: Pn532Reader, _: Pn532Simulator) -> None:
        with pytest.raises(DeviceLost, match="see the cable"):
            await reader.open()
        with pytest.raises(DeviceLost):
            await reader.connect()

    serve(script, fault)


def test_a_reader_that_falls_silent_in_a_talk_is_lost_and_comes_back() -> None:
    async def script(reader: Pn532Reader, _: Pn532Simulator) -> None:
        await reader.open()
        with pytest.raises(DeviceLost, match="does not answer"):
            await reader.connect()
        await talk(reader)

    serve(script, "silent:1@4A")


def test_unplugged_in_mid_answer_and_plugged_in_again(tmp_path: Path) -> None:
    async def script(reader: Pn532Reader, simulator: Pn532Simulator) -> None:
        await reader.open()
        await reader.connect()
        with pytest.raises(DeviceLost):
            await reader.transmit(SELECT)
        with pytest.raises(DeviceLost):
            await reader.open()
        simulator.replug()
        await talk(reader)

    serve(script, "unplug:1@40", link=tmp_path / "nfc0")


def test_a_line_that_is_not_there_or_none(tmp_path: Path) -> None:
    with pytest.raises(DeviceLost):
        asyncio.run(Pn532Reader(str(tmp_path / "nfc0")).open())
    (tmp_path / "file").touch()
    with pytest.raises(DeviceRefused):
        asyncio.run(Pn532Reader(str(tmp_path / "file")).open())


def test_a_command_that_fits_no_frame_is_refused() -> None:
    async def script(reader: Pn532Reader, _: Pn532Simulator) -> None:
        await reader.open()
        await reader.connect()
        with pytest.raises(CardMute, match="too long"):
            await reader.transmit(bytes(262))
        assert await reader.transmit(SELECT) == b"\x90\x00"

    serve(script)


def test_closing_ends_who_waits() -> None:
    async def script(reader: Pn532Reader, _: Pn532Simulator) -> None:
        await reader.open()
        waiting = asyncio.create_task(reader.connect())
        await asyncio.sleep(0)
        await reader.close()
        with pytest.raises(DeviceLost):
            await waiting

    serve(script, "silent@4A")


def test_a_missing_reader_names_its_own_setting(tmp_path: Path) -> None:
    with pytest.raises(DeviceLost, match=r"no such card reader; .* set chip\.path"):
        asyncio.run(Pn532Reader(str(tmp_path / "pn532")).open())
