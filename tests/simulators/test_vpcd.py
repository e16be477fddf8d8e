"""The virtual slot against a driver of the tests' own, byte by byte."""

import socket
from collections.abc import Iterator

import pytest

from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_chip import ATR, Chip
from likeness.simulators.emrtd_files import CARD_ACCESS
from likeness.simulators.vpcd import VpcdSimulator

AT_MOST_S = 20.0
CONTENT = bytes(range(1, 9))
CHIP = Chip({CARD_ACCESS: CONTENT}, {}, "")
SELECT, READ = bytes.fromhex("00A4020C02011C"), bytes.fromhex("00B0000000")
OFF, ON, GIVE_ATR = b"\0", b"\1", b"\4"


class Driver:
    """What libifdvpcd does: listens, and asks whoever comes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(AT_MOST_S)
        self.port: int = self._listener.getsockname()[1]
        self._line: socket.socket | None = None

    def wait_for_card(self) -> None:
        self.hang_up()
        self._line, _ = self._listener.accept()
        self._line.settimeout(AT_MOST_S)

    def tell(self, message: bytes) -> None:
        assert self._line is not None
        self._line.sendall(len(message).to_bytes(2) + message)

    def ask(self, message: bytes) -> bytes:
        self.tell(message)
        return self.hear(int.from_bytes(self.hear(2)))

    def hear(self, size: int) -> bytes:
        assert self._line is not None
        heard = b""
        while len(heard) < size:
            part = self._line.recv(size - len(heard))
            assert part, "the card is gone"
            heard += part
        return heard

    def card_goes(self) -> bool:
        assert self._line is not None
        return self._line.recv(1) == b""

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def close(self) -> None:
        self.hang_up()
        self._listener.close()


@pytest.fixture
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


def test_a_conversation(driver: Driver) -> None:
    with VpcdSimulator(EmrtdCard(CHIP), port=driver.port):
        driver.wait_for_card()
        assert driver.ask(GIVE_ATR) == ATR
        driver.tell(ON)
        assert driver.ask(SELECT) == b"\x90\0"
        assert driver.ask(READ) == CONTENT + b"\x90\0"
        driver.tell(OFF)
        driver.tell(ON)
        assert driver.ask(READ) == b"\x69\x85"  # nothing is selected anew


def test_a_card_is_taken_away_and_another_laid(driver: Driver) -> None:
    with VpcdSimulator(EmrtdCard(CHIP), port=driver.port) as slot:
        driver.wait_for_card()
        slot.take_away()
        assert driver.card_goes()
        slot.take_away()
        slot.lay(EmrtdCard(Chip({}, {}, "")))
        driver.wait_for_card()
        driver.tell(ON)
        assert driver.ask(SELECT) == b"\x6a\x82"


def test_a_card_that_removes_itself_returns(driver: Driver) -> None:
    card = EmrtdCard(CHIP, faults=["removed:1@CardAccess"])
    with VpcdSimulator(card, port=driver.port, back_after_s=0.1):
        driver.wait_for_card()
        driver.tell(ON)
        driver.ask(SELECT)
        assert driver.ask(READ)[-2:] == b"\x90\0"
        driver.tell(READ)
        assert driver.card_goes()
        driver.wait_for_card()
        driver.tell(ON)
        assert driver.ask(SELECT) == b"\x90\0"


def test_it_waits_for_a_driver_and_outlives_it(driver: Driver) -> None:
    with VpcdSimulator(EmrtdCard(CHIP), port=driver.port) as slot:
        driver.wait_for_card()
        assert slot.connected.wait(AT_MOST_S)
        driver.hang_up()
        driver.wait_for_card()
        assert driver.ask(GIVE_ATR) == ATR


def test_a_mute_card_can_be_taken_away(driver: Driver) -> None:
    with VpcdSimulator(EmrtdCard(CHIP, faults=["silent"]), port=driver.port):
        driver.wait_for_card()
        driver.tell(ON)
        driver.tell(SELECT)
        assert driver.ask(GIVE_ATR) == ATR
    assert driver.card_goes()


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with VpcdSimulator(EmrtdCard(CHIP), port=port) as slot:
            assert not slot.connected.is_set()
