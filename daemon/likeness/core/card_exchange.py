"""Carries one command and its answer over a line that may lose or damage bytes.

Knows the deadlines of card-readers A.8 and keeps a short trace without personal data.
Leaves to others: which command comes next, and whether to ask again.

    IDLE --begin--> WAITING --whole frame--> IDLE (Answer)
                       +------time over-----> IDLE (Failure)
                       +--damage--> DRAINING --silence--> IDLE (Failure)
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from hashlib import sha256

from likeness.core.card_answers import Answer, Command, Meaning, parse_answer
from likeness.core.card_frames import FalseStart, Found, Frame, FrameCutter, Noise

GAP_S = 0.2  # between two bytes of one frame
SILENCE_S = 0.05  # a damaged line is empty after this
DRAIN_AT_MOST_S = 1.0  # a line that never falls silent is given up
FULL_SPEED_BAUD = 115200
BITS_PER_BYTE = 10
RECORD_SIZE = 1295  # bytes on the wire
RECORD_WITH_FINGERPRINT_SIZE = 2321
TRACE_LENGTH = 64

# Seconds to the first byte and to the last, from the end of the command (A.8).
PATIENCE_S = {
    Command.RESET: (2.0, 5.0),
    Command.STATUS: (0.5, 1.0),
    Command.READER_ID: (0.5, 1.0),
    Command.FIND: (0.8, 1.5),
    Command.SELECT: (0.8, 1.5),
    Command.READ: (2.0, 3.0),
    Command.READ_APPENDED: (1.5, 2.5),
    Command.READ_CHIP_NUMBER: (1.5, 2.5),
    Command.READ_WITH_FINGERPRINT: (3.0, 5.0),
    Command.RF_SIZE: (
        0.5,
        1.0,
    ),  # our guess: it only sets a number
}


class Failure(StrEnum):
    """Why a command got no answer."""

    SILENT = "silent"
    SLOW = "slow"  # bytes came, but the frame was not whole in time
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Trace:
    """One past exchange, for diagnosis: never its data.

    The digest is cut to 32 bits: enough to see whether two answers were the same, too
    little to tell what a short one said.
    """

    at_s: float
    command: str
    outcome: str  # status word, or the failure
    size: int
    digest: str


@dataclass(slots=True)
class Tally:
    """What the line has done so far: a bad cable shows here first."""

    answers: int = 0
    failures: int = 0
    noise_bytes: int = 0
    false_starts: int = 0
    unknown_statuses: int = 0


class Phase(Enum):
    """Where an exchange stands."""

    IDLE = auto()
    WAITING = auto()
    DRAINING = auto()


class Exchange:
    """One request in flight at most; the reader never speaks first.

    `baud` may be changed between two requests: a slow line has more patience.
    """

    def __init__(self, baud: int = FULL_SPEED_BAUD) -> None:
        self.baud = baud
        self.tally = Tally()
        self.trace: deque[Trace] = deque(maxlen=TRACE_LENGTH)
        self.forget()

    def forget(self) -> None:
        """Drop what is in flight: the line is new or gone."""
        self._phase = Phase.IDLE
        self._cutter = FrameCutter()
        self._command = Command.STATUS
        self._failure = Failure.SILENT
        self._heard_s = self._first_by_s = self._whole_by_s = 0.0

    @property
    def busy(self) -> bool:
        """Whether an answer is still due."""
        return self._phase is not Phase.IDLE

    @property
    def deadline(self) -> float | None:
        """When to call `check` if nothing arrives before."""
        match self._phase:
            case Phase.IDLE:
                return None
            case Phase.DRAINING:
                return min(
                    self._heard_s + SILENCE_S, self._whole_by_s + DRAIN_AT_MOST_S
                )
            case Phase.WAITING if self._cutter.waiting:
                return min(self._heard_s + GAP_S, self._whole_by_s)
            case Phase.WAITING:
                return self._first_by_s

    def begin(self, command: Command, now: float, *, first_s: float = 0.0) -> None:
        """Expect the answer to a command; `first_s` lengthens a short patience."""
        first, whole = PATIENCE_S[command]
        self._command = command
        self._phase = Phase.WAITING
        self._failure = Failure.SILENT  # unless worse is seen
        # What is left of an older answer cannot belong to this command.
        self._cutter = FrameCutter()
        self._first_by_s = now + max(first, first_s)
        self._whole_by_s = now + max(whole, first_s) + self._wire_s()

    def take(self, data: bytes, now: float) -> Answer | None:
        """Take in bytes; return the answer if it is whole."""
        self._heard_s = now
        return self._sort(self._cutter.feed(data), now)

    def check(self, now: float) -> Answer | Failure | None:
        """Look at the clock; None if there is still time."""
        if not self._due(now):
            return None
        if self._phase is Phase.DRAINING:
            return self._fail(self._failure, now)
        if self._cutter.waiting and now >= self._whole_by_s:
            self._drain(Failure.SLOW)
            return None
        # Half a frame and then nothing, or a stray byte that looked like a start:
        # after the latter there may still be time for the answer.
        answer = self._sort(self._cutter.quiet(), now)
        if answer is not None or not self._due(now):
            return answer
        return self._fail(self._failure, now)

    def _wire_s(self) -> float:
        """Seconds that the longest answer needs more than at full speed."""
        if self.baud >= FULL_SPEED_BAUD:
            return 0.0
        finger = self._command is Command.READ_WITH_FINGERPRINT
        size = RECORD_WITH_FINGERPRINT_SIZE if finger else RECORD_SIZE
        return size * BITS_PER_BYTE / self.baud

    def _due(self, now: float) -> bool:
        due = self.deadline
        return due is not None and now >= due

    def _drain(self, failure: Failure) -> None:
        """Wait for silence, so that the next answer is the next command's."""
        self._phase = Phase.DRAINING
        self._failure = failure

    def _sort(self, found: list[Found], now: float) -> Answer | None:
        """Believe the first whole frame, unless damage came before it.

        A frame found inside a damaged one may be a piece of a portrait, which can
        hold any bytes. So after damage only silence and a new command count.
        """
        answer = None
        for item in found:
            match item:
                case Noise(count):
                    self.tally.noise_bytes += count
                case FalseStart():
                    self.tally.false_starts += 1
                    if self._phase is Phase.WAITING:
                        self._drain(Failure.DAMAGED)
                case Frame(body) if self._phase is Phase.WAITING:
                    answer = parse_answer(body)
                    self._end(answer.status_text, body, now)
                    self.tally.answers += 1
                    self.tally.unknown_statuses += answer.meaning is Meaning.UNKNOWN
                case Frame(body):
                    self.tally.noise_bytes += len(body)
        return answer

    def _fail(self, failure: Failure, now: float) -> Failure:
        self._end(failure, b"", now)
        self.tally.failures += 1
        return failure

    def _end(self, outcome: str, body: bytes, now: float) -> None:
        self._phase = Phase.IDLE
        digest = sha256(body).hexdigest()[:8]
        self.trace.append(
            Trace(now, self._command.name.lower(), outcome, len(body), digest)
        )
