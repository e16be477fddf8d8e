"""A tty on the loop: gives received bytes, writes bytes, says when it is gone.

8N1, opened exclusively. No modem line is touched: a pty and some adapters have none.
Leaves to others: what the bytes mean, and when to open again.
"""

import asyncio
import errno
import os
import termios
from collections.abc import Callable

import serial  # type: ignore[import-untyped]  # pyserial ships no types

from likeness.errors import DeviceLost, DeviceRefused

READ_SIZE = 4096
# A command has 10 bytes; a line that does not take them at once is dead.
WRITE_WITHIN_S = 0.1


class SerialLine:
    """One serial device by its stable path; fits `service.ports.ByteLine`.

    `setting` is where the path stands in the configuration, and `what` is meant by it,
    for who must correct it.
    """

    def __init__(
        self,
        path: str,
        baud: int,
        *,
        setting: str = "reader.path",
        what: str = "card reader",
    ) -> None:
        self._path = path
        self._baud = baud
        self._setting = setting
        self._what = what
        self._port: serial.Serial | None = None
        self._received: Callable[[bytes], None] = _ignore
        self._lost: Callable[[str], None] = _ignore

    async def open(
        self, received: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        """Open the device, drop what came before, and listen.

        Raises:
            DeviceRefused: it is there, but not for us, or it is no serial line.
            DeviceLost: it is not there.
        """
        self.close()
        try:
            port = serial.Serial(
                self._path,
                self._baud,
                timeout=0,
                write_timeout=WRITE_WITHIN_S,
                exclusive=True,
            )
        # termios.error is no OSError, and a wrong device raises it (or ValueError).
        except (OSError, termios.error, ValueError) as problem:
            raise self._refusal(problem) from problem
        asyncio.get_running_loop().add_reader(port.fileno(), self._readable)
        self._port, self._received, self._lost = port, received, lost

    def write(self, data: bytes) -> None:
        """Send a few bytes; on a line that is closed or dead only `lost` hears."""
        if self._port is None:
            return
        try:
            self._port.write(data)
        except serial.SerialTimeoutException:
            self._gone("it takes no bytes")
        except (OSError, termios.error) as problem:
            self._gone(_short(problem))

    def set_baud(self, baud: int) -> None:
        """Go on at another rate; what came at the old one is dropped."""
        self._baud = baud
        if self._port is None:
            return
        try:
            self._port.baudrate = baud
            self._port.reset_input_buffer()
        except (OSError, termios.error, ValueError) as problem:
            self._gone(_short(problem))

    def close(self) -> None:
        """Let go of the device; harmless when it is closed."""
        port, self._port = self._port, None
        if port is None:
            return
        asyncio.get_running_loop().remove_reader(port.fileno())
        try:
            # An adapter that takes no bytes would keep the kernel waiting for them.
            port.reset_output_buffer()
            port.close()
        except (OSError, termios.error):
            return  # it is gone already, which is what we wanted

    def _readable(self) -> None:
        if self._port is None:
            return
        try:
            data = os.read(self._port.fileno(), READ_SIZE)
        except BlockingIOError:
            return
        except (OSError, termios.error) as problem:
            self._gone(_short(problem))
            return
        if data:
            self._received(data)
        else:
            self._gone("it was unplugged")

    def _gone(self, why: str) -> None:
        self.close()
        # Later, so that a write never calls back into the one who writes.
        asyncio.get_running_loop().call_soon(self._lost, f"{self._path}: {why}")

    def _refusal(self, problem: Exception) -> DeviceLost:
        """Name the trouble and the next step, for the installer."""
        path, what, setting = self._path, self._what, self._setting
        match getattr(problem, "errno", None):
            case errno.ENOENT | errno.ENXIO | errno.ENODEV | errno.EIO:
                return DeviceLost(
                    f"{path}: no such {what}; plug it in, or set {setting} to its"
                    " name under /dev/serial/by-id"
                )
            case errno.EACCES | errno.EPERM:
                return DeviceRefused(
                    f"{path}: no permission to open the {what}; add the daemon's user"
                    " to the group that owns it (usually dialout), and see DeviceAllow"
                    " of its unit"
                )
            case errno.EAGAIN | errno.EBUSY:
                return DeviceRefused(
                    f"{path}: the {what} is in use by another program; stop that one"
                )
            case _:
                return DeviceRefused(
                    f"{path}: is no serial line; set {setting} to the {what}"
                )


def _ignore(_: object) -> None:
    pass


def _short(problem: Exception) -> str:
    number = getattr(problem, "errno", None)
    return os.strerror(number) if number else "it was unplugged"
