"""The arithmetic of the light answer: series of frames, and what two of them share.

A `Chroma` holds two series, ln R - ln G and ln B - ln G for what is seen, R - G and
B - G for what is shown. Leaves to others: every judgement.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from likeness.core.light import LightSequence, linear_rgb
from likeness.core.seen import Rgb

Series = tuple[float, ...]
Chroma = tuple[Series, Series]  # red over green, blue over green; a value a frame

BENDS: Final = 3  # offset, drift and bend are the slow baseline
GRID_MS: Final = 10  # every length is a multiple of it
# A frame sees the mean of so long: exposure, and the display's own transition.
BLEND_STEPS: Final = 3
DARKEST: Final = 1e-6  # keeps a logarithm finite
STILL: Final = 1e-9  # a series that varies less than this does not vary


@dataclass(frozen=True, slots=True)
class Amplitude:
    """How much of what was shown is in what was seen, with one standard error."""

    value: float
    error: float

    def over(self, other: "Amplitude") -> "Amplitude":
        """Divide; the error of the first order, infinite where there is nothing."""
        if other.value <= 0:
            return Amplitude(0.0, math.inf)
        ratio = self.value / other.value
        return Amplitude(
            ratio, math.hypot(self.error, ratio * other.error) / other.value
        )


class Baseline:
    """Takes the slow part out of a series: the best parabola over its own times."""

    def __init__(self, times_s: Sequence[float]) -> None:
        self._shapes: list[Series] = []
        for power in range(BENDS):
            shape = self._without(tuple(time**power for time in times_s))
            length = math.sqrt(_dot(shape, shape))
            if length > STILL:
                self._shapes.append(tuple(value / length for value in shape))

    def without(self, chroma: Chroma) -> Chroma:
        """Return what is left of both series."""
        return self._without(chroma[0]), self._without(chroma[1])

    def _without(self, series: Series) -> Series:
        for shape in self._shapes:
            share = _dot(series, shape)
            series = tuple(a - share * b for a, b in zip(series, shape, strict=True))
        return series


class Shown:
    """What the screen shows over time, blended as a frame sees it."""

    def __init__(self, sequence: LightSequence) -> None:
        shown = [
            difference
            for rgb, length_ms in sequence.on_screen
            for difference in [_difference(linear_rgb(rgb))] * (length_ms // GRID_MS)
        ]
        self._table = [
            _mean(shown[max(0, i + 1 - BLEND_STEPS) : i + 1]) for i in range(len(shown))
        ]

    def at(self, times_s: Sequence[float], delay_s: float) -> Chroma:
        """Say what frames of these times see, each so much later than it was shown."""
        last = len(self._table) - 1
        places = (round((time - delay_s) * 1000 / GRID_MS) for time in times_s)
        pairs = [self._table[max(0, min(last, place))] for place in places]
        return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)


def seen(colours: Sequence[Rgb]) -> Chroma:
    """Give the two series of one region's mean colours."""
    logs = [tuple(math.log(max(value, DARKEST)) for value in one) for one in colours]
    return tuple(r - g for r, g, _ in logs), tuple(b - g for _, g, b in logs)


def mean(chromas: Sequence[Chroma]) -> Chroma:
    """Average the series of several regions."""
    first, second = (
        tuple(sum(values) / len(chromas) for values in zip(*series, strict=True))
        for series in zip(*chromas, strict=True)
    )
    return first, second


def correlation(one: Chroma, other: Chroma) -> float:
    """Mean of both series' Pearson correlations; both are without their baseline.

    Each axis by itself, since lamps have more red than blue, or the other way round,
    and the answer is the larger the less ambient light there is.
    """
    return (_cosine(one[0], other[0]) + _cosine(one[1], other[1])) / 2


def amplitude(face: Chroma, shown: Chroma, freedom: float) -> Amplitude:
    """Fit `face` with a share of `shown`, axis by axis; give the mean of both shares.

    `freedom`: how many independent values an axis has; frames of one step are not.
    """
    shares, variances = [], []
    for seen_axis, shown_axis in zip(face, shown, strict=True):
        power = _dot(shown_axis, shown_axis)
        if power <= STILL:
            return Amplitude(0.0, math.inf)
        share = _dot(seen_axis, shown_axis) / power
        rest = _dot(seen_axis, seen_axis) - share * share * power
        shares.append(share)
        variances.append(max(0.0, rest) / power / freedom)
    return Amplitude(sum(shares) / 2, math.sqrt(sum(variances)) / 2)


def rms(chroma: Chroma) -> float:
    """Root mean square over both axes."""
    return math.sqrt(sum(_dot(axis, axis) / len(axis) for axis in chroma) / 2)


def _difference(colour: Rgb) -> tuple[float, float]:
    red, green, blue = colour
    return red - green, blue - green


def _mean(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    count = len(pairs)
    return sum(one for one, _ in pairs) / count, sum(two for _, two in pairs) / count


def _dot(one: Series, other: Series) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _cosine(one: Series, other: Series) -> float:
    length = math.sqrt(_dot(one, one) * _dot(other, other))
    return _dot(one, other) / length if length > STILL**2 else 0.0
