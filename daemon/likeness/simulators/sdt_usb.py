"""A simulated SAM on its own USB pipes: frames in two parts (card-readers A.11).

No USB and no library: it has the methods that the driver asks of an opened device.
`lay`, `take_away`, `unplug` and `replug` may be called from any thread.
Leaves to others: what is answered (sdt_reader).
"""

import errno
import threading
import time
from collections import deque

from likeness.errors import DeviceLost
from likeness.simulators.sdt_reader import SdtCard, SdtReader
from likeness.simulators.serial_pty import Piece

OUT_HEAD, OUT_BODY = 0x02, 0x06
IN_HEAD, IN_BODY = 0x81, 0x85
HEAD_SIZE = 7


class SdtUsb:
    """Give `open` to the driver; it is its own opened device.

    Args:
        reader: the module.
        whole: answers come whole on the first pipe, as some units do it.
    """

    def __init__(self, reader: SdtReader, *, whole: bool = False) -> None:
        self.reader = reader
        self._whole = whole
        self._plugged = True
        self._head = b""
        self._waiting: dict[int, deque[bytes]] = {IN_HEAD: deque(), IN_BODY: deque()}
        self._news = threading.Condition()

    def open(self, usb: str) -> "SdtUsb":
        """Open it, if it is plugged in."""
        with self._news:
            if not self._plugged:
                raise DeviceLost(f"usb {usb}: no such card reader; plug it in")
            self._forget()
        return self

    def write(self, pipe: int, data: bytes, timeout_ms: int) -> None:
        """Take a part of a command; the second one is obeyed."""
        del timeout_ms
        with self._news:
            self._be_there()
            if pipe == OUT_HEAD:
                self._head = data
            elif pipe == OUT_BODY:
                for piece in self.reader.receive(self._head + data, time.monotonic()):
                    self._answer(piece)
                self._news.notify_all()

    def read(self, pipe: int, size: int, timeout_ms: int) -> bytes:
        """Give what waits on a pipe, or wait for it."""
        with self._news:
            self._news.wait_for(
                lambda: self._waiting[pipe] or not self._plugged, timeout_ms / 1000
            )
            self._be_there()
            if not self._waiting[pipe]:
                raise TimeoutError
            data = self._waiting[pipe].popleft()
            if len(data) > size:
                raise OSError(errno.EOVERFLOW, "Overflow")
            return data

    def close(self) -> None:
        """Nothing is held."""

    def lay(self, card: SdtCard) -> None:
        """Put a card on the reader."""
        with self._news:
            self.reader.lay(card)

    def take_away(self) -> None:
        """Lift the card."""
        with self._news:
            self.reader.take_away()

    def unplug(self) -> None:
        """Pull the plug."""
        with self._news:
            self._plugged = False
            self._news.notify_all()

    def replug(self) -> None:
        """Plug it in again."""
        with self._news:
            self._plugged = True
            self._forget()
            self.reader.power_up(time.monotonic())

    def _forget(self) -> None:
        self._head = b""
        for pipe in self._waiting.values():
            pipe.clear()

    def _be_there(self) -> None:
        if not self._plugged:
            raise OSError(
                errno.ENODEV, "No such device (it may have been disconnected)"
            )

    def _answer(self, piece: Piece) -> None:
        head = len(piece.data) if self._whole else HEAD_SIZE
        parts = ((IN_HEAD, piece.data[:head]), (IN_BODY, piece.data[head:]))
        for pipe, data in parts:
            if data:
                self._waiting[pipe].append(data)
        if piece.then_unplug:
            self._plugged = False
