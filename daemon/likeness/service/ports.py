"""What the service needs from the world: one Protocol per edge, no implementation."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from likeness.core.asks import Answer, Numbers
from likeness.core.chain import ChainHead, EpochReason, Link, Stored, Waiting
from likeness.core.desired import Ledger
from likeness.core.jws import Unverified
from likeness.core.line import BrokerEvent
from likeness.core.messages import PublicKey, Receipt, Refusal, Visit
from likeness.core.scene import NumberLine
from likeness.core.statement_queue import Signed
from likeness.core.vocabulary import (
    Attention,
    Conclusion,
    Embedding,
    Moment,
    Observation,
    Purpose,
)
from likeness.core.vocabulary import Frame as Frame  # noqa: PLC0414 - for users
from likeness.core.vocabulary import Portrait as Portrait  # noqa: PLC0414 - for users


class Clock(Protocol):
    """Time for the rules; in a replay it is the recording's own."""

    def now(self) -> float:
        """Return monotonic seconds."""
        ...


class Camera(Protocol):
    """Frames, newest first wins; a recording gives each one in order."""

    async def start(self) -> None:
        """Begin to capture; raise DeviceLost if there is no camera."""
        ...

    async def frame(self) -> Frame | None:
        """Wait for the next frame; None when a recording has ended.

        Raises:
            DeviceLost: the camera gives no frames any more.
            FeedUnreadable: a recording cannot be decoded.
        """
        ...

    async def stop(self) -> None:
        """Stop capturing; the next start begins anew."""
        ...


class Sight(Protocol):
    """The door to vision; one look at a time."""

    async def enrol(self, portrait: bytes) -> Embedding | None:
        """Embed the card's portrait (an encoded image); None if it is not usable."""
        ...

    async def look(self, frame: Frame, attention: Attention) -> Observation:
        """Understand one frame."""
        ...

    def forget(self) -> None:
        """Drop the tracked face: the next visitor is somebody else."""
        ...


class ByteLine(Protocol):
    """A serial line: bytes in, bytes out, on the loop."""

    async def open(
        self, received: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        """Open the line; raise DeviceLost (with what to do) if that fails."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes; a dead line is reported through `lost`."""
        ...

    def set_baud(self, baud: int) -> None:
        """Go on at another rate, also at the next opening; no rate: nothing to do."""
        ...

    def close(self) -> None:
        """Let go of the device at once, so that a replug finds its name free."""
        ...


class ChipLine(Protocol):
    """A reader of chips: APDUs to one card and its answers back.

    Every call raises DeviceLost when the reader itself is gone or hangs.
    """

    async def open(self) -> str:
        """Open the reader; return its name. DeviceLost says what to do."""
        ...

    async def connect(self) -> bytes | None:
        """Power the card up anew; None if none is there.

        Returns how it answered (ATR or answer to the selection). Raises CardUnfit for a
        card that takes no APDUs, CardMute for one that does not answer.
        """
        ...

    async def transmit(self, apdu: bytes) -> bytes:
        """Give one command; return data and status word.

        Raises:
            CardGone: the card was taken away.
            CardMute: it gave no answer; it may be gone.
        """
        ...

    async def present(self) -> bool:
        """Say whether the card that was connected still lies there.

        What the chip has opened may be lost by asking: connect before the next command.
        """
        ...

    async def release(self) -> None:
        """Let the card go; harmless without one."""
        ...

    async def close(self) -> None:
        """Let go of the reader and leave no process behind; harmless when closed."""
        ...


class PortraitSource(Protocol):
    """Turns a chip's portrait record into a picture."""

    async def decode(self, record: bytes) -> Portrait:
        """Decode one record; never raises for a bad one."""
        ...


class Screen(Protocol):
    """What the visitor sees; draws a state and has no rules."""

    def show(self, state: str, detail: str = "") -> None:
        """Show one state, e.g. "ask_act" with "blink"."""
        ...


class VisitWatch(Protocol):
    """Hears what becomes of each visit; has no say in it and must not raise."""

    def begun(self, visit: int, purpose: Purpose, transaction: str) -> None:
        """A visit begins."""
        ...

    def concluded(self, conclusion: Conclusion, stored: Stored | None) -> None:
        """It came to an end; `stored` None: the result could not be made safe."""
        ...

    def over(self, visit: int) -> None:
        """Nothing of it is kept any more; the next one may begin."""
        ...


class WallClock(Protocol):
    """Time for the result: what it is, and how far it can be believed."""

    def moment(self) -> Moment:
        """Return this moment."""
        ...


class Signer(Protocol):
    """The device's key; it may live in hardware and never leaves it."""

    @property
    def alg(self) -> str:
        """JWS algorithm, "ES256"."""
        ...

    @property
    def kid(self) -> str:
        """JWK thumbprint (RFC 7638) of the public key."""
        ...

    @property
    def key_tier(self) -> str:
        """Where the key is kept, e.g. "file"."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return r ‖ s, 64 bytes (RFC 7518, 3.4); raise KeyLost if that fails."""
        ...

    def public_jwk(self) -> dict[str, str]:
        """Return the public key (RFC 7517)."""
        ...


class Keys(Protocol):
    """The device's keys, of which one signs."""

    def next(self) -> Signer | None:
        """Open the key that is prepared, if there is one; raise ConfigError."""
        ...

    def prepare(self) -> Signer:
        """Make the next key, which takes over at the next start; raise ConfigError."""
        ...

    def switch(self) -> None:
        """The next key signs from now on; raise KeyLost if that cannot be kept."""
        ...


class Sealer(Protocol):
    """Makes things readable for the carrier only."""

    def seal(self, data: bytes) -> str:
        """Return a JWE in compact form (RFC 7516)."""
        ...


class Verifier(Protocol):
    """Judges what claims to come from the carrier."""

    def receipt(self, token: bytes, now_s: int | None) -> Receipt | Refusal:
        """Check a receipt or a refusal, and that it has not expired by `now_s`.

        None for `now_s`: nobody knows the time, and nothing has expired.

        Raises:
            Untrusted: with what is wrong.
        """
        ...

    def visit(self, token: bytes, now_s: int | None) -> Visit:
        """Check the answer to an `ask`, in the same way."""
        ...


class AnswerVerifier(Protocol):
    """Judges what claims to be the carrier's answer to a statement or a question."""

    def answer(self, token: bytes, now_s: int | None) -> Answer:
        """Check an answer that is not sealed; see `Verifier.receipt`."""
        ...

    def numbers(self, token: bytes, now_s: int | None) -> Numbers:
        """Check what was inside a sealed one, in the same way."""
        ...


class VisitKey(Protocol):
    """A private key for one visit's answer; it dies with this object."""

    @property
    def public(self) -> PublicKey:
        """The public half; its name is its thumbprint (RFC 7638)."""
        ...

    def open(self, sealed: bytes) -> bytes:
        """Open what is sealed to it (RFC 7516); raise Untrusted if it is not."""
        ...


class OrderVerifier(Protocol):
    """Judges who has signed an order: a command, or a desired configuration."""

    def order(self, token: bytes) -> Unverified:
        """Take apart what the carrier's command key has signed.

        Raises:
            Untrusted: it has not, or that is no order.
        """
        ...


class Visits(Protocol):
    """What an order must know of the visits: it waits for their end."""

    @property
    def idle(self) -> bool:
        """Whether no visit goes on."""
        ...

    async def at_rest(self) -> None:
        """Return as soon as no visit goes on."""
        ...

    def close(self, why: str) -> None:
        """Begin no visit any more; the screen says so."""
        ...


class Journal(Protocol):
    """The program's own log."""

    def recent(self) -> list[str]:
        """Return the last lines, the oldest first; nothing personal is ever in one."""
        ...

    def set_level(self, level: str | None) -> None:
        """Log from "debug", "info", "warning" or "error" on; None: as configured."""
        ...


class Statements(Protocol):
    """What attendants and visitors state, signed, and kept until the carrier has it."""

    async def decision(
        self,
        *,
        transaction: str,
        result: Link,
        decision: Literal["accept", "refuse"],
        reason: str,
        attendants: tuple[str, ...],
    ) -> str:
        """State what attendants decided on a referred visit; return the `jti`.

        Returns when it is safe on the disk; it is sent whenever the line is up.

        Raises:
            UsageError: reason or attendants are empty, too long or too many.
            StoreFull: there is no room for it; nothing was stated.
            KeyLost: nothing can be signed; the same.
        """
        ...

    async def dispute(
        self, *, transaction: str, result: Link, answer: str, numbers: Sequence[str]
    ) -> str:
        """State which of the carrier's numbers are not the visitor's, in the same way.

        Args:
            transaction: the visit's.
            result: what the visit came to.
            answer: `jti` of the carrier's answer.
            numbers: the carrier's references, out of that answer.
        """
        ...


Answered = Callable[[int, tuple[NumberLine, ...] | None], None]


class Inquiry(Protocol):
    """Asks the carrier which numbers stand under an accepted visitor's name."""

    def ask(self, conclusion: Conclusion, stored: Stored, answered: Answered) -> None:
        """Ask once; `answered` is told the visit and the lines, on the loop.

        None for the lines: it cannot be asked now, the visitor asks an attendant. It is
        told at most once, and after some 10 s at the latest.
        """
        ...

    async def dispute(self, visit: int, places: Sequence[int]) -> str:
        """State that these lines, by their place from 0, are not the visitor's.

        Returns its `jti` when it is safe on the disk.

        Raises:
            UsageError: no such lines, or that visit's answer is not known any more.
            StoreFull, KeyLost: it could not be made safe.
        """
        ...

    def forget(self, visit: int) -> None:
        """Drop what was answered to this visit; harmless if there is nothing."""
        ...


class LedgerFile(Protocol):
    """Which desired configuration is in force, on the disk."""

    def read(self) -> Ledger:
        """Return what is kept; an empty one if there is nothing."""
        ...

    def keep(self, ledger: Ledger) -> None:
        """Keep it, whole or not at all; raise OSError if that fails."""
        ...


class ResultStore(Protocol):
    """Where signed records are safe; an answer means: it is on the disk."""

    @property
    def epoch(self) -> str:
        """The epoch that new records belong to."""
        ...

    async def append(self, make: Callable[[ChainHead], str]) -> Stored:
        """Let `make` compose and sign for the next place, and keep that.

        Raises:
            StoreFull: there is no room; nothing was kept, the place stays free.
            StoreBroken: the database cannot be trusted.
        """
        ...

    async def begin_epoch(self, reason: EpochReason) -> None:
        """Begin a new chain beside the old one, whose records still go out.

        Raises:
            StoreFull: there is no room; the old epoch goes on.
            StoreBroken: the database cannot be trusted.
        """
        ...

    async def newest(self) -> Link:
        """Return the last record of this epoch."""
        ...

    async def waiting(self) -> list[Waiting]:
        """Return the records without a receipt, oldest first."""
        ...

    async def made_since(self, epoch: str, seq: int) -> list[Link]:
        """Return the waiting records of one epoch that stand after this one."""
        ...

    async def token(self, epoch: str, seq: int) -> str | None:
        """Return one signed record."""
        ...

    async def hash_at(self, epoch: str, seq: int) -> str:
        """Return one record's hash, or "" if there is none."""
        ...

    async def mark_receipted(self, epoch: str, upto: int) -> None:
        """The carrier keeps all records of this epoch up to here."""
        ...

    async def set_aside(self, epoch: str, seq: int, reason: str) -> None:
        """The carrier will never take this one: keep it, send it no more."""
        ...

    def room(self) -> bool:
        """Say whether there is room for another visit."""
        ...


class StatementStore(Protocol):
    """Where signed statements are safe; an answer means: it is on the disk."""

    async def keep_statement(self, statement: Signed) -> None:
        """Keep one; it takes the place of an earlier one of this `jti`.

        Raises:
            StoreFull: there is no room, or too many wait; nothing was kept.
            StoreBroken: the database cannot be trusted.
        """
        ...

    async def statements(self) -> list[Signed]:
        """Return those that wait for their answer, oldest first."""
        ...

    async def forget_statement(self, jti: str) -> None:
        """The carrier keeps this one."""
        ...

    async def set_statement_aside(self, jti: str, reason: str) -> None:
        """The carrier will never take this one: keep it, send it no more."""
        ...


class Memory(Protocol):
    """Small facts that outlive a restart, e.g. the last command's counter.

    They live in the result store's database: a broken one takes them with it.
    """

    async def recall(self, name: str) -> str | None:
        """Return what was last remembered under this name, or None."""
        ...

    async def remember(self, name: str, value: str) -> None:
        """Keep it durably; an answer means: it is on the disk.

        Raises:
            StoreFull: there is no room; the former value stays.
            StoreBroken: the database cannot be trusted.
        """
        ...


class Broker(Protocol):
    """The line to the broker; it comes back by itself."""

    async def run(self, listener: Callable[[BrokerEvent], None]) -> None:
        """Hold a connection until cancelled; tell `listener` on the loop."""
        ...

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes = b"",
    ) -> int | None:
        """Hand one message over; return its number, or None while there is no line."""
        ...
