"""A simulated chip in a virtual PC/SC reader: the far side of vsmartcard's vpcd.

    with VpcdCard(card) as slot:   # inserted; slot.remove(), slot.insert()

The reader driver listens on TCP; each message is its length in two bytes and the
message. One byte is a control: power off, power on, reset, or a wish for the ATR, which
also asks whether the card is there. All else are commands (card-readers B.4). A closed
connection is a removed card. Leaves to others: pcscd, the chip (emrtd_card).
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from likeness.simulators.emrtd_card import EmrtdCard

HOST, PORT = "127.0.0.1", 35963
RETRY_S = 0.1  # until pcscd listens
BACK_AFTER_S = 2.0  # a card that took itself away
STOP_WITHIN_S = 10.0


class VpcdCard:
    """One slot of the virtual reader."""

    def __init__(
        self,
        card: EmrtdCard,
        *,
        host: str = HOST,
        port: int = PORT,
        back_after_s: float = BACK_AFTER_S,
    ) -> None:
        self.card = card
        self._address = (host, port)
        self._back_after_s = back_after_s
        self._thread: threading.Thread | None = None
        self._removed = threading.Event()
        self._line: socket.socket | None = None
        self.connected = threading.Event()

    def __enter__(self) -> Self:
        """Insert the card."""
        self.insert()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the card."""
        self.remove()

    def insert(self) -> None:
        """Put the card in, as soon as the reader's driver listens."""
        if self._thread is not None:
            return
        self._removed.clear()
        self._thread = threading.Thread(target=self._stay, name="vpcd", daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Take the card out."""
        self._removed.set()
        line = self._line
        if line is not None:
            with contextlib.suppress(OSError):  # it went by itself
                line.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join(STOP_WITHIN_S)
            self._thread = None

    # Everything below runs in the slot's thread.

    def _stay(self) -> None:
        while not self._removed.is_set():
            try:
                with socket.create_connection(self._address) as self._line:
                    # Removed just before there was a line to shut down?
                    if not self._removed.is_set():
                        self.connected.set()
                        self._serve(self._line)
            except OSError:
                pass  # no pcscd yet, or it is gone
            self.connected.clear()
            self._line = None
            self._removed.wait(self._back_after_s if self.card.gone else RETRY_S)
            self.card.power_off()
            self.card.gone = False

    def _serve(self, line: socket.socket) -> None:
        while not self.card.gone and (message := _receive(line)) is not None:
            match message:
                case b"":
                    continue
                case _ if len(message) == 1:
                    answer = self._controlled(message[0])
                case _:
                    answer = self.card.answer(message)
                    if self.card.delay_s:
                        self._removed.wait(self.card.delay_s)
            if answer:
                line.sendall(len(answer).to_bytes(2) + answer)

    def _controlled(self, control: int) -> bytes:
        match control:
            case 0:  # power off
                self.card.power_off()
            case 1 | 2:  # power on, reset
                self.card.power_on()
            case 4:  # the ATR; polled, as it also asks for presence
                return self.card.chip.atr
            case _:
                pass
        return b""


def _receive(line: socket.socket) -> bytes | None:
    """Return one message, or None if the line was closed."""
    head = _exactly(line, 2)
    return None if head is None else _exactly(line, int.from_bytes(head))


def _exactly(line: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        part = line.recv(size - len(data))
        if not part:
            return None
        data += part
    return data
