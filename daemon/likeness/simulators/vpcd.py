"""A simulated chip in a virtual PC/SC reader: the far side of vsmartcard's vpcd.

    with VpcdSimulator(card) as slot:   # then slot.take_away(), slot.lay(card)

The reader's driver listens on TCP; each message is its length in two bytes and the
message. One byte is a control: power off, power on, reset, or a wish for the ATR, which
also asks whether the card is there. All else are commands (card-readers B.4). A closed
connection is a removed card; one whose own fault removes it returns after a while.
Leaves to others: pcscd, the chip (emrtd_card).
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from likeness.simulators.emrtd_card import EmrtdCard

HOST, PORT = "127.0.0.1", 35963  # Debian's driver listens there
RETRY_S = 0.1  # until pcscd listens
BACK_AFTER_S = 2.0  # a card that removed itself
STOP_WITHIN_S = 10.0


class VpcdSimulator:
    """One slot of the virtual reader; methods may be called from any thread."""

    def __init__(
        self,
        card: EmrtdCard | None = None,
        *,
        host: str = HOST,
        port: int = PORT,
        back_after_s: float = BACK_AFTER_S,
    ) -> None:
        """Make a slot; the card goes in on entry, as soon as the driver listens."""
        self.path = f"{host}:{port}"
        self.connected = threading.Event()
        self._card = card
        self._address = (host, port)
        self._back_after_s = back_after_s
        self._thread: threading.Thread | None = None
        self._away = threading.Event()
        self._line: socket.socket | None = None

    def __enter__(self) -> Self:
        """Insert the card, if there is one."""
        if self._card is not None:
            self.lay(self._card)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the card."""
        self.take_away()

    def lay(self, card: EmrtdCard) -> None:
        """Insert a card, in place of one that may be there."""
        self.take_away()
        self._away.clear()
        self._thread = threading.Thread(
            target=self._stay, args=(card,), name="vpcd", daemon=True
        )
        self._thread.start()

    def take_away(self) -> None:
        """Remove the card."""
        if self._thread is None:
            return
        self._away.set()
        line = self._line
        if line is not None:
            with contextlib.suppress(OSError):  # it went by itself
                line.shutdown(socket.SHUT_RDWR)
        self._thread.join(STOP_WITHIN_S)
        self._thread = None

    # Everything below runs in the slot's thread.

    def _stay(self, card: EmrtdCard) -> None:
        while not self._away.is_set():
            # No pcscd yet, or it is gone: the next attempt may find one.
            with (
                contextlib.suppress(OSError),
                socket.create_connection(self._address) as line,
            ):
                self._line = line
                if not self._away.is_set():  # else nobody shuts the line down
                    self.connected.set()
                    self._serve(line, card)
            self._line = None
            self.connected.clear()
            self._away.wait(self._back_after_s if card.gone else RETRY_S)
            card.power_off()

    def _serve(self, line: socket.socket, card: EmrtdCard) -> None:
        while (message := _receive(line)) is not None:
            if len(message) == 1:
                answer = _controlled(card, message[0])
            else:
                answer = card.answer(message)
                self._away.wait(card.delay_s)
            if card.gone:
                return
            if answer:
                line.sendall(len(answer).to_bytes(2) + answer)


def _controlled(card: EmrtdCard, control: int) -> bytes:
    match control:
        case 0:  # power off
            card.power_off()
        case 1 | 2:  # power on, reset
            card.power_on()
        case 4:  # the ATR; polled, since it asks for presence as well
            return card.chip.atr
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
