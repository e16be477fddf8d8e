"""What a visit needs from the world: one Protocol per edge, no implementation.

Time, camera, sight, readers, screen. Beside it: `ports_keeping` (what is kept on the
disk), `ports_carrier` (keys, and the line to the carrier), `ports_parts` (what parts of
the service need of one another).
"""

from collections.abc import Callable
from typing import Protocol

from likeness.core.seen import Attention, Embedding, Observation
from likeness.core.seen import Frame as Frame  # noqa: PLC0414 - for users
from likeness.core.vocabulary import Moment
from likeness.core.vocabulary import Portrait as Portrait  # noqa: PLC0414 - for users


class Clock(Protocol):
    """Time for the rules; in a replay it is the recording's own."""

    def now(self) -> float:
        """Return monotonic seconds."""
        ...


class WallClock(Protocol):
    """Time for the result: what it is, and how far it can be believed."""

    def moment(self) -> Moment:
        """Return this moment."""
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

    def set_rate(self, fps: float | None) -> None:
        """Wish for so many frames per second; None: as many as are configured.

        At any time, on the loop; it holds until the next call, also over starts.
        """
        ...

    def hold(self, steady: bool) -> None:
        """Wish that exposure and white balance stay as they are now, or run free.

        At any time, on the loop. A camera that cannot do so says that in the log.
        """
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
