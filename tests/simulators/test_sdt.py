"""The pty around the simulated reader, opened as any program would."""

import os
import select
import threading
from pathlib import Path

import pytest

from likeness.simulators.sdt import SdtSimulator

STATUS = bytes.fromhex("AA AA AA 96 69 00 03 11 FF ED")
OK = bytes.fromhex("AA AA AA 96 69 00 04 00 00 90 94")
AT_MOST_S = 10.0


def answer_to(device: int, command: bytes, size: int) -> bytes:
    os.write(device, command)
    heard = b""
    while len(heard) < size:
        ready, _, _ = select.select([device], [], [], AT_MOST_S)
        assert ready, "no answer"
        heard += os.read(device, size - len(heard))
    return heard


def test_it_answers_on_a_stable_path(tmp_path: Path) -> None:
    link = tmp_path / "reader"
    with SdtSimulator(link=link) as simulator:
        assert simulator.path == str(link)
        device = os.open(link, os.O_RDWR | os.O_NOCTTY)
        assert answer_to(device, STATUS, len(OK)) == OK
        os.close(device)
        device = os.open(link, os.O_RDWR | os.O_NOCTTY)  # another client
        assert answer_to(device, STATUS, len(OK)) == OK
        os.close(device)
    assert not link.is_symlink()


def test_unplug_takes_the_device_from_its_client(tmp_path: Path) -> None:
    link = tmp_path / "reader"
    with SdtSimulator(link=link) as simulator:
        device = os.open(link, os.O_RDWR | os.O_NOCTTY)
        simulator.unplug()
        simulator.unplug()
        assert not link.is_symlink()
        with pytest.raises(OSError, match="Input/output error"):
            os.write(device, STATUS)
        os.close(device)
        simulator.replug()
        simulator.replug()
        device = os.open(link, os.O_RDWR | os.O_NOCTTY)
        assert answer_to(device, STATUS, len(OK)) == OK
        os.close(device)


def test_a_client_that_does_not_read_cannot_block_it() -> None:
    with SdtSimulator() as simulator:
        device = os.open(simulator.path, os.O_RDWR | os.O_NOCTTY)
        for _ in range(3000):
            os.write(device, STATUS)
        simulator.take_away()  # still obeys
        os.close(device)


def in_use() -> tuple[int, int]:
    """Count threads and open files of this process."""
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


def test_it_leaves_no_thread_and_no_file_open() -> None:
    before = in_use()
    for _ in range(5):
        with SdtSimulator() as simulator:
            simulator.take_away()
    assert in_use() == before
