"""Lines from a scanner's tty, from a keyboard's device, from standard input."""

import asyncio
import errno
import os
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness.edges.key_entry import InputFile, KeyEntry, TextLines
from likeness.errors import DeviceLost, DeviceRefused

AT_MOST_S = 20.0
CAN = b"123456"


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[tuple[int, str]]:
    master, slave = os.openpty()
    tty.setraw(slave)
    link = tmp_path / "scanner"
    link.symlink_to(os.ttyname(slave))
    os.close(slave)
    yield master, str(link)
    os.close(master)


async def first_lines(
    entry: KeyEntry, lines: "asyncio.Queue[str]", count: int
) -> list[str]:
    running = asyncio.create_task(entry.run())
    try:
        async with asyncio.timeout(AT_MOST_S):
            return [await lines.get() for _ in range(count)]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("slices", [1, 3, 100])
def test_lines_end_with_cr_or_lf(slices: int) -> None:
    text = TextLines()
    data = b"\r\nAB<1\r\rCD\n\nEF\xff\r\nrest"
    lines: list[str] = []
    for at in range(0, len(data), slices):
        lines += text.feed(data[at : at + slices])
    assert lines == ["AB<1", "CD", "EF\ufffd"]


def test_a_line_without_an_end_is_bounded() -> None:
    text = TextLines()
    for _ in range(100):
        assert text.feed(b"7" * 1000) == []
    assert [len(line) for line in text.feed(b"\n")] == [129]


def test_a_scanner_on_a_serial_line(scanner: tuple[int, str]) -> None:
    async def main() -> None:
        master, path = scanner
        lines: asyncio.Queue[str] = asyncio.Queue()
        entry = KeyEntry(path, 9600, lines.put_nowait)
        asyncio.get_running_loop().call_later(0.2, os.write, master, CAN + b"\r\n")
        assert await first_lines(entry, lines, 1) == [CAN.decode()]

    asyncio.run(main())


def test_a_scanner_that_is_plugged_in_later(scanner: tuple[int, str]) -> None:
    master, path = scanner
    tty_path = Path(path).readlink()
    Path(path).unlink()

    async def main() -> None:
        lines: asyncio.Queue[str] = asyncio.Queue()
        entry = KeyEntry(path, 9600, lines.put_nowait, reopen_after_s=0.01)
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, Path(path).symlink_to, tty_path)
        loop.call_later(0.4, os.write, master, CAN + b"\r")
        assert await first_lines(entry, lines, 1) == [CAN.decode()]

    asyncio.run(main())


def test_a_scanner_that_is_missing_names_its_own_setting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        entry = KeyEntry(str(tmp_path / "scanner"), 9600, print, reopen_after_s=0.01)
        running = asyncio.create_task(entry.run())
        await asyncio.sleep(0.1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())
    (said,) = caplog.messages  # once
    assert "no such scanner; plug it in, or set chip.scanner" in said


def test_half_a_line_is_not_the_next_visitors(scanner: tuple[int, str]) -> None:
    async def main() -> None:
        master, path = scanner
        lines: asyncio.Queue[str] = asyncio.Queue()
        entry = KeyEntry(path, 9600, lines.put_nowait, half_line_s=0.1)
        loop = asyncio.get_running_loop()
        loop.call_later(0.2, os.write, master, b"654")
        loop.call_later(0.8, os.write, master, CAN + b"\r")
        assert await first_lines(entry, lines, 1) == [CAN.decode()]

    asyncio.run(main())


def test_a_slow_hand_is_waited_for(scanner: tuple[int, str]) -> None:
    async def main() -> None:
        master, path = scanner
        lines: asyncio.Queue[str] = asyncio.Queue()
        entry = KeyEntry(path, 9600, lines.put_nowait, half_line_s=AT_MOST_S)
        loop = asyncio.get_running_loop()
        loop.call_later(0.2, os.write, master, CAN[:3])
        loop.call_later(0.5, os.write, master, CAN[3:] + b"\r")
        assert await first_lines(entry, lines, 1) == [CAN.decode()]

    asyncio.run(main())


def test_a_keyboard_is_grabbed_and_its_bytes_are_given(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "event7"
        os.mkfifo(path)
        grabbed: list[int] = []
        received: list[bytes] = []
        source = InputFile(str(path), grab=grabbed.append)
        ended = asyncio.get_running_loop().create_future()
        await source.open(received.append, ended.set_result)
        assert len(grabbed) == 1
        with path.open("wb", buffering=0) as keyboard:
            keyboard.write(b"strokes")
            while not received:
                await asyncio.sleep(0.01)
        async with asyncio.timeout(AT_MOST_S):
            assert await ended == f"{path}: it has ended"
        assert received == [b"strokes"]

    asyncio.run(main())


def test_what_is_no_keyboard_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "event7"
    os.mkfifo(path)
    with pytest.raises(DeviceLost, match=r"is no keyboard; set chip\.scanner"):
        asyncio.run(InputFile(str(path)).open(print, print))


def test_a_terminal_does_not_show_what_is_typed_and_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    master, slave = os.openpty()

    def echoes() -> bool:
        return bool(termios.tcgetattr(slave)[3] & termios.ECHO)

    async def main() -> None:
        lines: asyncio.Queue[str] = asyncio.Queue()
        running = asyncio.create_task(KeyEntry("-", 0, lines.put_nowait).run())
        async with asyncio.timeout(AT_MOST_S):
            while echoes():
                await asyncio.sleep(0.01)
            os.write(master, CAN + b"\n")
            assert await lines.get() == CAN.decode()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with os.fdopen(slave) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert echoes()
        asyncio.run(main())
        assert echoes()
        os.set_blocking(master, False)
        with pytest.raises(BlockingIOError):
            os.read(master, 100)  # nothing was echoed
    os.close(master)


def test_standard_input_that_nobody_types_on_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/null").open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(DeviceRefused, match=r"^standard input is a file or"):
            asyncio.run(InputFile("-").open(print, print))


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EACCES, "the group input"),
        (errno.EBUSY, "in use by another program; stop that one"),
        (errno.ENOTTY, "is no keyboard"),
    ],
)
def test_each_refusal_of_a_keyboard_has_its_own_remedy(
    tmp_path: Path, number: int, says: str
) -> None:
    def refuses(_: int) -> None:
        raise OSError(number, "no")

    path = tmp_path / "event7"
    os.mkfifo(path)
    with pytest.raises(DeviceRefused, match=says):
        asyncio.run(InputFile(str(path), grab=refuses).open(print, print))
    with pytest.raises(DeviceLost, match=r"no such scanner.*/dev/input/by-id"):
        asyncio.run(InputFile(str(tmp_path / "no"), refuses).open(print, print))


def test_standard_input() -> None:
    code = (
        "import asyncio; from likeness.edges.key_entry import KeyEntry;"
        "asyncio.run(KeyEntry('-', 0, lambda line: print(len(line))).run())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=CAN + b"\n",
        capture_output=True,
        timeout=AT_MOST_S,
        check=True,
    )
    assert done.stdout == b"6\n"
