"""Draws the colours that the screen shows to a face, from both sides' nonces.

A face answers them in kind; `light_answer` judges whether it did. Leaves to others:
showing them, and measuring the face.

The generator is that of `challenge`, with a seed of its own:

    seed = HMAC-SHA-256(key = carrier nonce,
                        message = "likeness light 1" ‖ 0 ‖ device nonce ‖ transaction)

For each of the 8 steps in turn: one draw for the colour, below 6 for the first and
below 5 after it, counted in the order of `Colour` without the colour before (so no
colour follows itself); then one draw below 16 for its length: 250 ms + 10 ms × draw.

Safe for people with photosensitive epilepsy (WCAG 2.2, success criterion 2.3.1) at any
pace: a general flash is a pair of opposing changes of relative luminance by 10 % or
more of the maximum, and these colours, 0.30 to 0.35 of it, differ by at most 5.1 % of
the maximum; a red flash involves a saturated red, R / (R + G + B) >= 0.8, and none is
one.
"""

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from likeness.core.challenge import below, numbers_from
from likeness.core.seen import Rgb

STEPS: Final = 8
LENGTH_FROM_MS: Final = 250
LENGTH_STEP_MS: Final = 10
LENGTH_STEPS: Final = 16
# The rest colour is shown for so long before the first step and after the last: the
# answer is measured against it.
REST_S: Final = 0.4
LABEL: Final = b"likeness light 1\0"


class Colour(StrEnum):
    """What fills the screen."""

    GREEN = "green"
    MAGENTA = "magenta"
    AZURE = "azure"
    ROSE = "rose"
    YELLOW = "yellow"
    VIOLET = "violet"


# What the page draws: sRGB, 8 bits. Far apart in chroma, alike in luminance.
ON_SCREEN: Final[dict[Colour, tuple[int, int, int]]] = {
    Colour.GREEN: (0, 173, 0),
    Colour.MAGENTA: (255, 79, 255),
    Colour.AZURE: (0, 160, 255),
    Colour.ROSE: (255, 118, 89),
    Colour.YELLOW: (196, 144, 0),
    Colour.VIOLET: (178, 129, 255),
}
REST_ON_SCREEN: Final = (157, 157, 157)


def linear(byte: float) -> float:
    """Turn an sRGB value of 0..255 into linear light, 0..1 (IEC 61966-2-1)."""
    value = byte / 255
    if value <= 0.04045:  # noqa: PLR2004 - the standard's own numbers
        return value / 12.92
    return float(((value + 0.055) / 1.055) ** 2.4)


def linear_rgb(on_screen: tuple[int, int, int]) -> Rgb:
    """Turn one colour of the screen into linear light, 0..1."""
    red, green, blue = on_screen
    return linear(red), linear(green), linear(blue)


@dataclass(frozen=True, slots=True)
class Step:
    """One colour and how long it stays."""

    colour: Colour
    length_s: float


@dataclass(frozen=True, slots=True)
class LightSequence:
    """The steps in order; before and after them the screen shows the rest colour."""

    steps: tuple[Step, ...]

    @property
    def length_s(self) -> float:
        """How long it takes, both rests included."""
        return 2 * REST_S + sum(step.length_s for step in self.steps)

    @property
    def words(self) -> tuple[str, ...]:
        """Say each step as a result states it: "green 310", its length in ms."""
        return tuple(f"{one.colour} {round(one.length_s * 1000)}" for one in self.steps)

    @property
    def on_screen(self) -> tuple[tuple[tuple[int, int, int], int], ...]:
        """Give what fills the screen (sRGB) and for how many ms, both rests included.

        The last one stays until the screen shows something else.
        """
        rest = (REST_ON_SCREEN, round(REST_S * 1000))
        steps = ((ON_SCREEN[s.colour], round(s.length_s * 1000)) for s in self.steps)
        return rest, *steps, rest

    def shown_at(self, elapsed_s: float) -> tuple[int, int, int]:
        """Say what the screen shows so long after the first rest began (sRGB)."""
        left_ms = elapsed_s * 1000
        for rgb, length_ms in self.on_screen:
            if left_ms < length_ms:
                return rgb
            left_ms -= length_ms
        return REST_ON_SCREEN


def draw(
    *, carrier_nonce: bytes, device_nonce: bytes, transaction: str
) -> LightSequence:
    """Draw the steps, each colour and each length equally likely."""
    return drawn_from(seed_of(carrier_nonce, device_nonce, transaction))


def seed_of(carrier_nonce: bytes, device_nonce: bytes, transaction: str) -> bytes:
    """Return what the generator begins with, 32 bytes."""
    message = LABEL + device_nonce + transaction.encode()
    return hmac.digest(carrier_nonce, message, "sha256")


def drawn_from(seed: bytes) -> LightSequence:
    """Draw the steps from a seed."""
    numbers = numbers_from(seed)
    steps: list[Step] = []
    for _ in range(STEPS):
        others = [one for one in Colour if not steps or one is not steps[-1].colour]
        colour = others[below(len(others), numbers)]
        length_ms = LENGTH_FROM_MS + LENGTH_STEP_MS * below(LENGTH_STEPS, numbers)
        steps.append(Step(colour, length_ms / 1000))
    return LightSequence(tuple(steps))
