"""Talks to pcscd for the daemon, in a process of its own that may hang or die.

    python -I -m likeness.edges.pcsc_child

Takes orders on its standard input and answers each on its standard output, both as four
bytes of length, big end first, one letter, and data (`Order`, `Said`). It ends with its
input. Only here is pyscard loaded. Leaves to others: patience, beginning it anew, and
what the commands are for (`reader_pcsc`).
"""

import struct
import sys
from enum import StrEnum
from typing import Any, BinaryIO

try:
    from smartcard import scard
except ImportError:  # said when the reader is opened, with what to do
    scard = None

LENGTH = struct.Struct(">I")
MOST = 70_000  # an extended command or answer, and a little


class Order(StrEnum):
    """What can be asked."""

    OPEN = "O"  # data: a part of the reader's name, may be empty
    CONNECT = "C"
    TRANSMIT = "T"  # data: the command
    PRESENT = "P"
    RELEASE = "R"


class Said(StrEnum):
    """What came of it; data behind the first one, words behind the others."""

    DONE = "D"  # reader's name, ATR, or answer
    NO_CARD = "N"
    GONE = "G"
    MUTE = "M"
    UNFIT = "U"
    REFUSED = "R"  # the reader is there, but not for us
    LOST = "L"  # reader or pcscd is gone
    MISSING = "P"  # pyscard is not installed


# pcsclite.h: what a code means for us; every other one: the reader is lost.
MEANS = {
    0x80100066: Said.MUTE,  # SCARD_W_UNRESPONSIVE_CARD
    0x80100068: Said.MUTE,  # SCARD_W_RESET_CARD
    0x80100016: Said.MUTE,  # SCARD_E_NOT_TRANSACTED
    0x8010000A: Said.MUTE,  # SCARD_E_TIMEOUT
    0x8010002F: Said.MUTE,  # SCARD_E_COMM_DATA_LOST
    0x8010000F: Said.UNFIT,  # SCARD_E_PROTO_MISMATCH
    0x80100065: Said.UNFIT,  # SCARD_W_UNSUPPORTED_CARD
}
# Before a card is connected only; later a pcscd that was killed looks like the last.
REFUSES = {
    0x8010000B,  # SCARD_E_SHARING_VIOLATION
    0x80100027,  # SCARD_E_NO_ACCESS
    0x8010006A,  # SCARD_W_SECURITY_VIOLATION: by polkit
}
NOBODY = {0x80100069, 0x8010000C, 0x80100067}  # removed, no card, without power


class Failed(Exception):
    """An order that came to nothing."""

    def __init__(self, said: Said, why: str) -> None:
        super().__init__(why)
        self.said = said


class Talk:
    """One reader, at most one card."""

    def __init__(self) -> None:
        self._context: Any = None  # SCARDCONTEXT
        self._card: Any = None  # SCARDHANDLE; None: not connected
        self._protocol = 0
        self._reader = ""

    def answer(self, order: str, data: bytes) -> bytes:
        """Carry one order out; return what it gives."""
        match order:
            case Order.OPEN:
                return self._open(data.decode())
            case Order.CONNECT:
                return self._connect()
            case Order.TRANSMIT:
                return self._transmit(data)
            case Order.PRESENT:
                return self._present()
            case Order.RELEASE:
                self._let_go()
                return b""
            case _:
                raise Failed(Said.LOST, "an order that is not known")

    def _open(self, part: str) -> bytes:
        if scard is None:
            raise Failed(Said.MISSING, "pyscard")
        code, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        _judge(code, at_first=True)
        code, names = scard.SCardListReaders(self._context, [])
        _judge(code)
        fitting = [name for name in names if part in name]
        if not fitting:
            raise Failed(Said.LOST, f"no reader is named so, of {len(names)}")
        self._reader = fitting[0]
        return self._reader.encode()

    def _connect(self) -> bytes:
        self._let_go()
        code, card, protocol = scard.SCardConnect(
            self._context,
            self._reader,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        # Taken away between two looks is as if it had never been there.
        if _unsigned(code) in NOBODY:
            raise Failed(Said.NO_CARD, "")
        _judge(code, at_first=True)
        self._card, self._protocol = card, protocol
        code, _name, _state, _protocol, atr = scard.SCardStatus(card)
        if _unsigned(code) in NOBODY:
            raise Failed(Said.NO_CARD, "")
        _judge(code)
        return bytes(atr)

    def _transmit(self, command: bytes) -> bytes:
        if self._card is None:
            raise Failed(Said.MUTE, "no card is connected")
        code, answer = scard.SCardTransmit(self._card, self._protocol, list(command))
        if _unsigned(code) in NOBODY:
            raise Failed(Said.GONE, "")
        _judge(code)
        return bytes(answer)

    def _present(self) -> bytes:
        """Of a card that is connected, a swap that pcscd saw is a removal as well."""
        if self._card is not None:
            code = scard.SCardStatus(self._card)[0]
            if _unsigned(code) in NOBODY:
                raise Failed(Said.NO_CARD, "")
            _judge(code)
            return b""
        look = [(self._reader, scard.SCARD_STATE_UNAWARE)]
        code, states = scard.SCardGetStatusChange(self._context, 0, look)
        _judge(code)
        if not states[0][1] & scard.SCARD_STATE_PRESENT:
            raise Failed(Said.NO_CARD, "")
        return b""

    def _let_go(self) -> None:
        card, self._card = self._card, None
        if card is not None:  # it may be gone by now, which is what we wanted
            scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD)


def _unsigned(code: int) -> int:
    return code & 0xFFFFFFFF


def _judge(code: int, *, at_first: bool = False) -> None:
    """Raise for everything but SCARD_S_SUCCESS."""
    code = _unsigned(code)
    if code == 0:
        return
    refused = at_first and code in REFUSES
    said = Said.REFUSED if refused else MEANS.get(code, Said.LOST)
    raise Failed(said, f"0x{code:08X}")


def serve(orders: BinaryIO, answers: BinaryIO) -> None:
    """Answer order after order until the input ends."""
    talk = Talk()
    while len(head := orders.read(LENGTH.size)) == LENGTH.size:
        (size,) = LENGTH.unpack(head)
        order = orders.read(size) if 0 < size <= MOST else b""
        if not order:
            return
        try:
            body = Said.DONE.encode() + talk.answer(chr(order[0]), order[1:])
        except Failed as failed:
            body = failed.said.encode() + str(failed).encode()
        answers.write(LENGTH.pack(len(body)) + body)
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
