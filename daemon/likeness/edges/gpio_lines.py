"""Output lines of a GPIO chip, by the kernel's own interface; no library is needed.

Version 2 of the GPIO character device (linux/gpio.h, since Linux 5.10): one request
gives a file of its own for all lines, and the kernel takes them back when it is closed.
Never run on hardware so far. Leaves to others: what a line means.
"""

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Sequence

from likeness.errors import DeviceLost, DeviceRefused

# linux/gpio.h, "ABI v2"
LINES_MAX = 64
REQUEST_BYTES, VALUES_BYTES = 592, 16
GET_LINE = 0xC0000000 | REQUEST_BYTES << 16 | 0xB4 << 8 | 0x07
SET_VALUES = 0xC0000000 | VALUES_BYTES << 16 | 0xB4 << 8 | 0x0F
ACTIVE_LOW, OUTPUT = 1 << 1, 1 << 3
# struct gpio_v2_line_request: offsets, consumer, then its config: flags, number of
# attributes, padding, ten attributes (none is used); then the number of lines, the size
# of the event buffer, padding, and the file that the kernel gives.
REQUEST = struct.Struct(f"={LINES_MAX}I32sQI20x240xII20xi")
VALUES = struct.Struct("=QQ")  # struct gpio_v2_line_values: bits, mask
CONSUMER = b"likeness"
NO_CHIP = "is no GPIO chip; set signals.chip"


class GpioLines:
    """Some lines of one chip, all off at first.

    Args:
        chip: /dev/gpiochip0, …
        offsets: the lines' numbers on this chip.
        active_low: on is 0 V.
    """

    def __init__(
        self, chip: str, offsets: Sequence[int], *, active_low: bool = False
    ) -> None:
        self._chip = chip
        self._offsets = tuple(offsets)
        self._flags = OUTPUT | (ACTIVE_LOW if active_low else 0)
        self._lines = -1

    def open(self) -> None:
        """Take the lines.

        Raises:
            DeviceRefused: somebody else has one, or they are not for us.
            DeviceLost: there is no such chip or line.
        """
        self.close()
        try:
            # Without O_NONBLOCK a FIFO there would hold the whole daemon.
            chip = os.open(self._chip, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as problem:
            raise self._fault(problem) from problem
        try:
            if not stat.S_ISCHR(os.fstat(chip).st_mode):
                raise DeviceRefused(f"{self._chip}: {NO_CHIP}")
            asked = bytearray(request(self._offsets, self._flags))
            fcntl.ioctl(chip, GET_LINE, asked)
            self._lines = REQUEST.unpack(asked)[-1]
        except OSError as problem:
            raise self._fault(problem) from problem
        finally:
            os.close(chip)

    def set(self, levels: Sequence[bool]) -> None:
        """Switch the lines, in the order of `offsets`; raise DeviceLost if it fails."""
        bits = sum(1 << place for place, is_on in enumerate(levels) if is_on)
        mask = (1 << len(self._offsets)) - 1
        try:
            fcntl.ioctl(self._lines, SET_VALUES, VALUES.pack(bits, mask))
        except (OSError, ValueError) as problem:
            self.close()
            raise DeviceLost(f"{self._chip}: cannot be switched any more") from problem

    def close(self) -> None:
        """Give the lines back; harmless when closed."""
        if self._lines >= 0:
            os.close(self._lines)
        self._lines = -1

    def _fault(self, problem: OSError) -> DeviceLost:
        match problem.errno:
            case errno.EACCES | errno.EPERM:
                todo = "no permission; see gpio.conf.example beside the unit"
                return DeviceRefused(f"{self._chip}: {todo}")
            case errno.EBUSY:
                todo = "another program uses one of these lines; choose other ones"
                return DeviceRefused(f"{self._chip}: {todo}")
            case errno.EINVAL:
                todo = "it has no such line; see 'gpioinfo' and [signals]"
                return DeviceLost(f"{self._chip}: {todo}")
            case errno.ENOTTY | errno.ENXIO:  # ENXIO: a socket
                return DeviceRefused(f"{self._chip}: {NO_CHIP}")
            case _:
                return DeviceLost(f"{self._chip}: no such chip; set signals.chip")


def request(offsets: Sequence[int], flags: int) -> bytes:
    """Return a `struct gpio_v2_line_request` for some lines."""
    places = (*offsets, *(0 for _ in range(LINES_MAX - len(offsets))))
    return REQUEST.pack(*places, CONSUMER, flags, 0, len(offsets), 0, 0)
