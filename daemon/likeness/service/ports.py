"""What the service needs from the world: one Protocol per edge, no implementation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from likeness.core.vocabulary import Embedding, EmbedWhen, Observation


class Clock(Protocol):
    """Time for the rules; in a replay it is the recording's own."""

    def now(self) -> float:
        """Return monotonic seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, with the doubt that belongs to it."""

    utc_s: int  # seconds since 1970, as the wall clock believes
    quality: str  # "ntp", "rtc", "unsynced"
    boot: str  # boot id
    mono_ms: int  # milliseconds since boot, sleep included


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture with its capture time.

    `image` is height × width × 3, uint8, BGR as OpenCV gives it.
    """

    captured_s: float
    number: int  # counts captured frames, so that a gap shows what was dropped
    image: Any  # numpy array; the service never looks inside, hence Any


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

    async def look(self, frame: Frame, embed: EmbedWhen | None) -> Observation:
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

    def close(self) -> None:
        """Let go of the device at once, so that a replug finds its name free."""
        ...


@dataclass(frozen=True, slots=True)
class Portrait:
    """An encoded picture (BMP, PNG, JPEG), or the reason why there is none."""

    image: bytes | None
    reason: str = ""


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
