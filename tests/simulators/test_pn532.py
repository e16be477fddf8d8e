"""The simulated PN532 on a pty, opened as any program would."""

import os
import select
import threading
from pathlib import Path

import pytest

from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.pn532 import Pn532Simulator

WAKE = bytes.fromhex("5555" + "00" * 14)
VERSION = bytes.fromhex("0000FF02FED4022A00")
VERSION_IS = bytes.fromhex("0000FF00FF000000FF06FAD50332010607E800")
LIST = bytes.fromhex("0000FF04FCD44A0100E100")
LISTED = bytes.fromhex("0000FF11EFD54B0101")
AT_MOST_S = 10.0


def heard(device: int, size: int) -> bytes:
    said = b""
    while len(said) < size:
        ready, _, _ = select.select([device], [], [], AT_MOST_S)
        assert ready, "no answer"
        said += os.read(device, size - len(said))
    return said


def opened(simulator: Pn532Simulator) -> int:
    device = os.open(simulator.path, os.O_RDWR | os.O_NOCTTY)
    os.write(device, WAKE + VERSION)
    assert heard(device, len(VERSION_IS)) == VERSION_IS
    return device


def test_a_card_laid_later_answers_a_search_that_waits() -> None:
    with Pn532Simulator() as simulator:
        device = opened(simulator)
        os.write(device, LIST)
        assert heard(device, 6) == VERSION_IS[:6]
        simulator.lay(EmrtdCard(Chip({}, {}, "")))
        assert heard(device, len(LISTED)) == LISTED
        simulator.take_away()
        os.close(device)


def test_unplug_and_replug_under_a_stable_name(tmp_path: Path) -> None:
    link = tmp_path / "pn532"
    with Pn532Simulator(link=link) as simulator:
        device = opened(simulator)
        simulator.unplug()
        assert not link.is_symlink()
        with pytest.raises(OSError, match="Input/output error"):
            os.write(device, VERSION)
        os.close(device)
        simulator.replug()
        os.close(opened(simulator))
    assert not link.is_symlink()


def test_a_fault_unplugs_and_it_returns_by_itself(tmp_path: Path) -> None:
    link = tmp_path / "pn532"
    with Pn532Simulator(
        faults=["unplug:1@14"], link=link, replug_after_s=0.1
    ) as simulator:
        device = opened(simulator)
        os.write(device, bytes.fromhex("0000FF05FBD4140100001700"))
        with pytest.raises(OSError, match="Input/output error"):
            while True:
                select.select([device], [], [], AT_MOST_S)
                if not os.read(device, 100):
                    raise OSError(5, "Input/output error")
        os.close(device)
        returned = threading.Event()
        while not link.is_symlink():
            returned.wait(0.01)
        os.close(opened(simulator))


def test_it_leaves_no_thread_and_no_file_open() -> None:
    def in_use() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    before = in_use()
    for _ in range(5):
        with Pn532Simulator() as simulator:
            simulator.take_away()
    assert in_use() == before


def test_a_client_that_does_not_read_cannot_block_it() -> None:
    with Pn532Simulator() as simulator:
        device = opened(simulator)
        for _ in range(2000):
            os.write(device, VERSION)
        simulator.take_away()  # still obeys
        os.close(device)
