"""Frames of a face that answers, or does not, as numbers: no picture is needed."""

import math
import random

from likeness.core import light
from likeness.core.light import LightSequence, linear_rgb
from likeness.core.light_answer import MIDDLE, SIDES, Lit, Region
from likeness.core.seen import FaceLight, Rgb

SKIN: Rgb = (0.42, 0.24, 0.17)
WALL: Rgb = (0.30, 0.31, 0.28)
FACE = {**dict.fromkeys(Region, 0.8), **dict.fromkeys(MIDDLE, 1.0)}
FACE |= dict.fromkeys(SIDES, 0.5)
PLANE = dict.fromkeys(Region, 1.0)
DARK: Rgb = (0.0, 0.0, 0.0)


def sequence(number: int) -> LightSequence:
    """One of many."""
    nonce = number.to_bytes(4, "big")
    return light.draw(carrier_nonce=nonce, device_nonce=b"device", transaction="t")


def face_frames(
    shown: LightSequence | None,
    *,
    strength: float = 0.10,
    delay_s: float = 0.12,
    shape: dict[Region, float] | None = None,
    surround: float = 0.15,
    noise: float = 0.003,
    fps: float = 25.0,
    length_s: float = 4.0,
    lamp: Rgb = (1.0, 1.0, 1.0),
    skin: Rgb = SKIN,
    drift: float = 0.0,
    seed: int = 0,
) -> list[Lit]:
    """Give what vision would measure from 100 s on; `shown` None: no light comes.

    Noise is that of a mean (relative), drift that of white balance (per second).
    """
    chance = random.Random(seed)  # noqa: S311 - noise, no secret
    shape = FACE if shape is None else shape

    def seen(colour: Rgb, own: Rgb, share: float, at_s: float) -> Rgb:
        red, green, blue = (
            o * (1 + strength * share * c / a) * math.exp(chance.gauss(0, noise))
            for o, c, a in zip(own, colour, lamp, strict=True)
        )
        return red * (1 + drift * at_s), green, blue * (1 - drift * at_s)

    frames = []
    for number in range(int(length_s * fps)):
        at_s = number / fps
        colour = linear_rgb(shown.shown_at(at_s - delay_s)) if shown else DARK
        regions = tuple(seen(colour, skin, shape[name], at_s) for name in Region)
        beside = seen(colour, WALL, surround, at_s)
        frames.append(Lit(100.0 + at_s, FaceLight(regions, beside)))
    return frames
