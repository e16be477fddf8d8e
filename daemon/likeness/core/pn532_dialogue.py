"""What a PN532 is asked, one order at a time, and what its answers mean.

    CLOSED --Opened--> WAKING --name, SAM, retries--> READY --order--> BUSY --> READY
       ^                                                                |
       +------------------- Broken: silent, or it talks nonsense -------+

Each command is acknowledged first, then answered. One that is not acknowledged is sent
again; one that was is never repeated, since the chip card may have acted on it. A card
of type A is looked for first, then one of type B. Before a card is sought anew the
field is switched off, so that every chip begins fresh. Source: PN532 user manual 7;
card-readers B.5. Its events and effects stand in pn532_events.
Leaves to others: the bytes' way, when to give which order.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import assert_never

from likeness.core.pn532_events import (
    Answered,
    Broken,
    Bytes,
    CardFault,
    CardThere,
    Effect,
    Event,
    Exchange,
    Find,
    NoCard,
    Opened,
    Order,
    OtherCard,
    Outcome,
    Ready,
    Rest,
    Resting,
    TimePassed,
    Write,
)
from likeness.core.pn532_frames import (
    ACK,
    Ack,
    ErrorFrame,
    Found,
    Frame,
    FrameCutter,
    Nack,
    Noise,
    encode,
)

__all__ = [
    "Answered",
    "Broken",
    "Bytes",
    "CardFault",
    "CardThere",
    "Effect",
    "Event",
    "Exchange",
    "Find",
    "NoCard",
    "Opened",
    "Order",
    "OtherCard",
    "Outcome",
    "Pn532Dialogue",
    "Ready",
    "Rest",
    "Resting",
    "TimePassed",
    "Write",
]

WAKE_UP = b"\x55\x55" + bytes(14)  # on a UART it sleeps until it hears something
FIRST_ACK_S = 1.5  # an adapter that was just opened may hold bytes back for a second
ACK_S = 0.3
GAP_S = 0.5  # within an answer
SENDS = 3
ANSWER_MOST = 65_538  # an extended answer and its status word
APDU_MOST = 261  # behind command and target, in one frame

VERSION, SAM, RF, LIST, EXCHANGE, RELEASE = 0x02, 0x14, 0x32, 0x4A, 0x40, 0x52
# Seconds from the acknowledgement to the answer. A chip may ask for more time again and
# again while it computes (ISO/IEC 14443-4 clause 7.3).
ANSWER_S = {LIST: 3.0, EXCHANGE: 12.0}
ANSWER_ELSE_S = 2.0
# No command of an order begins later, so that an answer in endless parts has an end
# before the reader is taken for hung (core/wellness.py).
ORDER_WITHIN_S = 30.0
ISO_DEP = 0x20  # in SEL_RES: the card takes APDUs
TYPE_A, TYPE_B = bytes([LIST, 1, 0]), bytes([LIST, 1, 3, 0])
# Two tries for a card, then the answer is that there is none (manual 7.3.1, item 5);
# 3.3 s for an exchange (item 2).
SET_UP = (
    bytes([SAM, 1, 0, 0]),
    bytes([RF, 5, 0xFF, 1, 2]),
    bytes([RF, 2, 0, 0x0B, 0x10]),
)
FIELD_OFF, FIELD_ON = bytes([RF, 1, 0]), bytes([RF, 1, 1])
LET_GO = bytes([RELEASE, 0])
TYPE_A_HEAD = 7  # command, count, target, ATQA, SAK, length of the UID


class Phase(Enum):
    """Where the present command stands."""

    IDLE = auto()
    SENT = auto()  # not acknowledged yet
    TAKEN = auto()  # acknowledged, not answered yet


class Pn532Dialogue:
    """One reader; give one order after the other's outcome."""

    def __init__(self) -> None:
        self._cutter = FrameCutter()
        self._phase = Phase.IDLE
        self._todo: list[bytes] = []  # the commands of this order; the first is asked
        self._done: Callable[[bytes], list[Effect]] = lambda _answer: []
        self._sends = 0
        self._order_until_s = 0.0
        self._until_s: float | None = None
        self._gap_until_s: float | None = None
        self._awake = False
        self._name = ""
        self._holds = False  # a card was selected since the field was switched on
        self._response = bytearray()
        self.noise_bytes = 0

    @property
    def deadline(self) -> float | None:
        """When to come back with TimePassed, if nothing happens first."""
        due = [at for at in (self._until_s, self._gap_until_s) if at is not None]
        return min(due, default=None)

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take in one event; return what must now be done, in order."""
        match event:
            case Opened():
                return self._wake(now)
            case Bytes(data):
                return self._received(data, now)
            case Find() | Exchange() | Rest():
                return self._order(event, now)
            case TimePassed():
                return self._time_passed(now)
            case _:
                assert_never(event)

    # --- orders ---------------------------------------------------------------------
    def _wake(self, now: float) -> list[Effect]:
        self._cutter.clear()
        self._awake = self._holds = False
        effects = self._begin([bytes([VERSION]), *SET_UP], self._set_up, now)
        return [Write(WAKE_UP), *effects]

    def _order(self, order: Order, now: float) -> list[Effect]:
        match order:
            case Find():
                fresh = [LET_GO, FIELD_OFF] if self._holds else []
                self._holds = False
                return self._begin(
                    [*fresh, FIELD_ON, TYPE_A, TYPE_B], self._sought, now
                )
            case Exchange(apdu) if len(apdu) > APDU_MOST:
                return [CardFault(f"a command of {len(apdu)} bytes is too long for it")]
            case Exchange(apdu):
                self._response.clear()
                return self._begin([_exchange(apdu)], self._exchanged, now)
            case Rest():
                self._holds = False
                return self._begin([LET_GO, FIELD_OFF], self._rested, now)
            case _:
                assert_never(order)

    def _begin(
        self, todo: list[bytes], done: Callable[[bytes], list[Effect]], now: float
    ) -> list[Effect]:
        self._todo, self._done = todo, done
        self._order_until_s = now + ORDER_WITHIN_S
        return self._send(now)

    # --- what each answer means -----------------------------------------------------
    def _set_up(self, answer: bytes) -> list[Effect]:
        if answer[0] == VERSION + 1 and len(answer) >= 4:  # noqa: PLR2004 - IC Ver Rev
            self._name = f"PN5{answer[1]:02X} firmware {answer[2]}.{answer[3]}"
        self._awake = True
        self._todo.pop(0)
        return [] if self._todo else [Ready(self._name)]

    def _sought(self, answer: bytes) -> list[Effect]:
        asked = self._todo.pop(0)
        if answer[0] == LIST + 1 and answer[1:2] not in (b"", b"\0"):
            self._todo.clear()
            self._holds = True
            is_a = asked == TYPE_A
            if is_a and len(answer) >= TYPE_A_HEAD and not answer[5] & ISO_DEP:
                return [OtherCard()]
            return [CardThere(answer[2:])]
        return [] if self._todo else [NoCard()]

    def _exchanged(self, answer: bytes) -> list[Effect]:
        self._todo.pop(0)
        status = answer[1] if len(answer) > 1 else 0xFF
        if status & 0x3F:
            return [CardFault(f"error {status & 0x3F:02X}")]
        self._response += answer[2:]
        if len(self._response) > ANSWER_MOST:
            return [CardFault("an answer without an end")]
        if status & 0x40:  # more is to come
            self._todo.append(_exchange(b""))
            return []
        return [Answered(bytes(self._response))]

    def _rested(self, _answer: bytes) -> list[Effect]:
        self._todo.pop(0)
        return [] if self._todo else [Resting()]

    # --- one command ----------------------------------------------------------------
    def _send(self, now: float, *, again: bool = False) -> list[Effect]:
        self._sends = self._sends + 1 if again else 1
        self._phase = Phase.SENT
        self._until_s = now + (ACK_S if self._awake else FIRST_ACK_S)
        self._gap_until_s = None
        return [Write(encode(self._todo[0]))]

    def _received(self, data: bytes, now: float) -> list[Effect]:
        effects: list[Effect] = []
        begun = self._phase is Phase.TAKEN
        for found in self._cutter.feed(data):
            begun = begun or (self._phase is Phase.TAKEN and isinstance(found, Noise))
            effects += self._found(found, now)
        if self._phase is Phase.TAKEN and (begun or self._cutter.waiting):
            self._gap_until_s = now + GAP_S  # an answer, or its rest, has begun
        return effects

    def _found(self, found: Found, now: float) -> list[Effect]:
        match found:
            case Noise(count):
                self.noise_bytes += count
                return []
            case Ack() if self._phase is Phase.SENT:
                self._phase = Phase.TAKEN
                patience_s = ANSWER_S.get(self._todo[0][0], ANSWER_ELSE_S)
                self._until_s, self._gap_until_s = now + patience_s, None
                return []
            case Nack() if self._phase is Phase.SENT:
                return self._send_again(now)
            case Frame(body) if self._phase is Phase.TAKEN:
                return self._answered(body, now)
            case ErrorFrame() if self._phase is Phase.TAKEN:
                return self._break("it does not know a command that it must know")
            case _:  # late, or twice
                return []

    def _answered(self, body: bytes, now: float) -> list[Effect]:
        if body[0] != self._todo[0][0] + 1:
            return []  # of a command that was given up
        self._idle()
        effects = self._done(body)
        if effects or now < self._order_until_s:
            return effects or self._send(now)
        if self._todo[0][0] == EXCHANGE:
            return [CardFault("an answer without an end")]
        return self._break("it takes too long")

    def _send_again(self, now: float) -> list[Effect]:
        if self._sends >= SENDS:
            return self._break("it acknowledges no command")
        wake = [] if self._awake else [Write(WAKE_UP)]
        return [*wake, *self._send(now, again=True)]

    def _time_passed(self, now: float) -> list[Effect]:
        due = self.deadline
        if due is None or now < due:
            return []
        self._cutter.clear()
        if self._phase is Phase.SENT:
            return self._send_again(now)
        if self._todo[0][0] == EXCHANGE:
            self._idle()
            # An acknowledgement of ours ends what the chip is still at (6.2.1.3).
            return [Write(ACK), CardFault("no whole answer in time")]
        return self._break("it acknowledges, but does not answer")

    def _break(self, why: str) -> list[Effect]:
        self._idle()
        self._todo.clear()
        return [Broken(why)]

    def _idle(self) -> None:
        self._phase = Phase.IDLE
        self._until_s = self._gap_until_s = None


def _exchange(apdu: bytes) -> bytes:
    return bytes([EXCHANGE, 1]) + apdu
