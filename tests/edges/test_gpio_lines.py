"""The kernel's GPIO interface: our bytes against linux/gpio.h, a chip made of that."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from likeness.edges import gpio_lines
from likeness.edges.gpio_lines import GpioLines
from likeness.errors import DeviceLost, DeviceRefused

STANDIN = Path(__file__).parent / "gpio" / "standin.c"
HEADER = Path("/usr/include/linux/gpio.h")
pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None or not HEADER.exists(),
    reason="gcc and the kernel's headers are missing: apt-get install gcc libc6-dev",
)
PRINTS = """
#include <linux/gpio.h>
#include <stddef.h>
#include <stdio.h>
#define AT(field) (int)offsetof(struct gpio_v2_line_request, field)
int main(void) {
    struct gpio_v2_line_request r = {0};
    struct gpio_v2_line_values v = {.bits = 5, .mask = 7};
    r.offsets[0] = 17; r.offsets[1] = 27; r.offsets[63] = 0;
    for (int i = 0; i < 8; i++) r.consumer[i] = "likeness"[i];
    r.config.flags = GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_ACTIVE_LOW;
    r.num_lines = 2;
    printf("%lx ", (long)GPIO_V2_GET_LINE_IOCTL);
    printf("%lx\\n", (long)GPIO_V2_LINE_SET_VALUES_IOCTL);
    for (size_t i = 0; i < sizeof r; i++) printf("%02x", ((unsigned char *)&r)[i]);
    printf("\\n");
    for (size_t i = 0; i < sizeof v; i++) printf("%02x", ((unsigned char *)&v)[i]);
    printf("\\n%d\\n", AT(fd));
}
"""


def compiled(source: Path, out: Path, *flags: str) -> Path:
    subprocess.run(
        ["gcc", "-Wall", "-Werror", *flags, "-o", out, source, "-ldl"], check=True
    )
    return out


def test_our_bytes_are_the_headers(tmp_path: Path) -> None:
    source = tmp_path / "prints.c"
    source.write_text(PRINTS)
    program = compiled(source, tmp_path / "prints")
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    codes, request, values, fd_at = said.splitlines()
    assert codes == f"{gpio_lines.GET_LINE:x} {gpio_lines.SET_VALUES:x}"
    flags = gpio_lines.OUTPUT | gpio_lines.ACTIVE_LOW
    assert gpio_lines.request((17, 27), flags).hex() == request
    assert gpio_lines.VALUES.pack(5, 7).hex() == values
    assert int(fd_at) == gpio_lines.REQUEST.size - 4


CHILD = """
import asyncio, sys, time
from likeness import config, signals
from contextlib import AsyncExitStack

class Shown:
    def show(self, state, detail=""):
        print(state, flush=True)

async def main():
    given = config.Signals(
        chip=sys.argv[1], ready_line=17, busy_line=27, beeper_line=int(sys.argv[2]),
        active_low=True,
    )
    class Clock:
        now = staticmethod(time.monotonic)
    async with AsyncExitStack() as stack:
        screen = signals.beside(Shown(), given, Clock(), stack)
        for state in ("idle", "look_here", "ask_act", "verdict_refused"):
            screen.show(state)
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("gpio") / "gpio.so"
    return compiled(STANDIN, out, "-shared", "-fPIC")


def lived(
    library: Path, folder: Path, beeper: int = 22, **more: str
) -> tuple[list[str], list[str], str]:
    """Let a lamp live over the stand-in; return what the chip saw, shown, and said."""
    log = folder / "gpio.log"
    log.touch()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "/dev/full", str(beeper)],
        env={
            **os.environ,
            "LD_PRELOAD": str(library),
            "GPIO_LOG": str(log),
            "GPIO_CHIP": "/dev/full",  # any character device; it is opened and no more
            **more,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return log.read_text().splitlines(), done.stdout.split(), done.stderr


SHOWN = ["idle", "look_here", "ask_act", "verdict_refused"]


def test_lamps_follow_a_visit(library: Path, tmp_path: Path) -> None:
    """Bits in the order ready, busy, beeper."""
    saw, shown, _ = lived(library, tmp_path)
    assert shown == SHOWN
    assert saw[0] == "take likeness low 17 27 22"
    told = [line.split()[1] for line in saw[1:]]
    assert told[:4] == ["1", "2", "6", "2"]  # ready; busy; a tick; busy
    assert told[4] == "5"  # done: the tone, then it blinks
    assert set(told[5:]) == {"0", "1"}
    assert told[-1] == "0"  # dark at the end
    assert {line.split()[-1] for line in saw[1:]} == {"7"}


@pytest.mark.parametrize(
    ("beeper", "more", "why"),
    [
        (5, {}, "another program uses one of these lines"),
        (40, {}, "it has no such line"),
        (22, {"GPIO_BROKEN": "1"}, "cannot be switched any more"),
        (22, {"GPIO_CHIP": "/nowhere"}, "is no GPIO chip"),
    ],
)
def test_a_broken_lamp_is_said_once_and_the_visit_goes_on(
    library: Path, tmp_path: Path, beeper: int, more: dict[str, str], why: str
) -> None:
    _, shown, said = lived(library, tmp_path, beeper, **more)
    assert shown == SHOWN
    assert said.count("event=signals_lost") == said.count(why) == 1


OPENS = """
import sys
from likeness.edges.gpio_lines import GpioLines
from likeness.errors import DeviceRefused
try:
    GpioLines(sys.argv[1], (17,)).open()
except DeviceRefused as fault:
    print(fault)
"""


def fifo(path: Path) -> None:
    os.mkfifo(path)


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as heard:
        heard.bind(str(path))


@pytest.mark.parametrize("make", [fifo, listener, Path.mkdir, Path.touch])
def test_what_is_no_character_device_holds_nobody(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    """In a process of its own: one that is held would never come back."""
    path = tmp_path / "gpiochip0"
    make(path)
    done = subprocess.run(
        [sys.executable, "-c", OPENS, path],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == f"{path}: is no GPIO chip; set signals.chip\n"


def test_what_is_no_chip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceLost, match="no such chip"):
        GpioLines(str(tmp_path / "gpiochip0"), (17,)).open()
    (tmp_path / "gpiochip0").write_text("")
    with pytest.raises(DeviceRefused, match="is no GPIO chip"):
        GpioLines(str(tmp_path / "gpiochip0"), (17,)).open()
    with pytest.raises(DeviceRefused, match="is no GPIO chip"):
        GpioLines("/dev/null", (17,)).open()
    with pytest.raises(DeviceLost, match="cannot be switched"):
        GpioLines("/dev/null", (17,)).set((True,))
