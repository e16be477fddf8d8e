"""The serial edge on real ptys."""

import asyncio
import fcntl
import os
import select
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness.edges.reader_serial import SerialLine
from likeness.errors import DeviceLost, DeviceRefused
from likeness.simulators.sdt import rate_of

AT_MOST_S = 10.0


class Pty:
    """Both ends of a pty; the test plays the device."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)

    def unplug(self) -> None:
        for end in (self.master, self.slave):
            if end >= 0:
                os.close(end)
        self.master = self.slave = -1


@pytest.fixture
def pty() -> Iterator[Pty]:
    device = Pty()
    yield device
    device.unplug()


class Ears:
    """Hears what a line tells."""

    def __init__(self) -> None:
        self.data = b""
        self.lost: list[str] = []
        self.news = asyncio.Event()

    def received(self, data: bytes) -> None:
        self.data += data
        self.news.set()

    def gone(self, why: str) -> None:
        self.lost.append(why)
        self.news.set()

    async def until(self, size: int) -> None:
        async with asyncio.timeout(AT_MOST_S):
            while len(self.data) < size and not self.lost:
                self.news.clear()
                await self.news.wait()


async def opened(path: str, ears: Ears) -> SerialLine:
    line = SerialLine(path, 115200)
    await line.open(ears.received, ears.gone)
    return line


def test_every_byte_passes_in_both_directions(pty: Pty) -> None:
    async def main() -> None:
        ears = Ears()
        line = await opened(pty.path, ears)
        every = bytes(range(256))
        line.write(every)
        assert os.read(pty.master, 4096) == every
        os.write(pty.master, every)
        await ears.until(256)
        assert ears.data == every
        line.close()

    asyncio.run(main())


def test_another_rate_holds_on_the_open_line_and_at_the_next_opening(pty: Pty) -> None:
    async def main() -> None:
        ears = Ears()
        line = await opened(pty.path, ears)
        rates = [rate_of(pty.slave)]
        os.write(pty.master, b"at the old rate")
        select.select([pty.slave], [], [], AT_MOST_S)
        line.set_baud(19200)
        rates.append(rate_of(pty.slave))
        os.write(pty.master, b"new")
        await ears.until(3)
        assert ears.data == b"new"
        line.close()
        line.set_baud(9600)
        await line.open(ears.received, ears.gone)
        rates.append(rate_of(pty.slave))
        line.close()
        assert rates == [115200, 19200, 9600]

    asyncio.run(main())


def test_another_rate_on_a_line_that_is_gone_is_told_as_lost(pty: Pty) -> None:
    async def main() -> None:
        ears = Ears()
        line = await opened(pty.path, ears)
        pty.unplug()
        line.set_baud(9600)
        await ears.until(1)
        assert len(ears.lost) == 1

    asyncio.run(main())


def test_bytes_from_before_the_opening_are_dropped(pty: Pty) -> None:
    async def main() -> None:
        ears = Ears()
        os.write(pty.master, b"stale")
        line = await opened(pty.path, ears)
        os.write(pty.master, b"fresh")
        await ears.until(5)
        assert ears.data == b"fresh"
        line.close()

    asyncio.run(main())


def test_unplug_is_told_once_and_the_device_let_go(pty: Pty) -> None:
    async def main() -> None:
        ears = Ears()
        line = await opened(pty.path, ears)
        path = pty.path
        pty.unplug()
        await ears.until(1)
        line.write(b"into the void")
        await asyncio.sleep(0)
        assert len(ears.lost) == 1
        assert ears.lost[0].startswith(path)
        line.close()
        with pytest.raises(DeviceLost, match="no such card reader; plug it in"):
            await opened(path, ears)

    asyncio.run(main())


def test_a_write_into_an_unplugged_line_is_told_later(pty: Pty) -> None:
    async def main() -> None:
        ears = Ears()
        line = await opened(pty.path, ears)
        pty.unplug()
        line.write(b"command")
        assert ears.lost == []  # never from inside write
        await ears.until(1)
        assert len(ears.lost) == 1

    asyncio.run(main())


def test_a_line_that_takes_no_bytes_is_lost(pty: Pty) -> None:
    async def main() -> None:
        ears = Ears()
        line = await opened(pty.path, ears)
        line.write(b"x" * 1_000_000)  # far more than a pty buffers
        await ears.until(1)
        assert ears.lost == [f"{pty.path}: it takes no bytes"]

    asyncio.run(main())


def test_a_closed_line_is_silent_and_can_be_opened_again(pty: Pty) -> None:
    async def main() -> None:
        ears = Ears()
        line = await opened(pty.path, ears)
        line.close()
        line.close()
        line.write(b"nobody")
        await line.open(ears.received, ears.gone)
        os.write(pty.master, b"again")
        await ears.until(5)
        assert (ears.data, ears.lost) == (b"again", [])
        line.close()

    asyncio.run(main())


def test_a_device_in_use_is_refused(pty: Pty) -> None:
    async def main() -> None:
        first = await opened(pty.path, Ears())
        with pytest.raises(DeviceRefused, match="in use by another program"):
            await opened(pty.path, Ears())
        first.close()
        (await opened(pty.path, Ears())).close()

    asyncio.run(main())


def test_a_device_locked_by_another_process_is_refused(pty: Pty) -> None:
    fcntl.flock(pty.slave, fcntl.LOCK_EX)
    with pytest.raises(DeviceRefused, match="in use"):
        asyncio.run(opened(pty.path, Ears()))


@pytest.mark.parametrize("kind", ["missing", "file", "folder", "null", "dangling"])
def test_what_is_no_reader_says_what_to_do(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    match kind:
        case "file":
            path.write_bytes(b"")
        case "folder":
            path.mkdir()
        case "null":
            path = Path("/dev/null")
        case "dangling":
            path.symlink_to(tmp_path / "nothing")
        case _:
            pass
    with pytest.raises(DeviceLost) as told:
        asyncio.run(opened(str(path), Ears()))
    text = str(told.value)
    assert text.startswith(f"{path}: ")
    assert "reader.path" in text
    assert "\n" not in text
    assert isinstance(told.value, DeviceRefused) == (kind in ("file", "folder", "null"))


def test_no_permission_says_what_to_do(pty: Pty) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    Path(pty.path).chmod(0)
    with pytest.raises(DeviceRefused, match="add the daemon's user"):
        asyncio.run(opened(pty.path, Ears()))
