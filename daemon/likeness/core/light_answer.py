"""Judges whether a face answered the colours of the screen, shaped like a face.

Skin under ambient light A and screen light S shows ρ (A + S). The logarithm of that is
ln ρA + S / A for a weak S: the colour of the skin drops out, and what is left, the
amplitude, is the screen's light over the ambient light. Differences between channels,
ln R - ln G and ln B - ln G, are free of exposure. From both sides, shown and seen,
offset, drift and bend over the whole sequence are taken out: that is the slow baseline,
and with it a white balance that follows slowly.

- correlation: of seen with shown, at the delay of display and camera that fits best;
- amplitude: how much of a white screen's light is added to the ambient light;
- relief: the amplitude of the sides over that of the middle. The sides of a face are
  turned away and lie further back; those of a plane answer as its middle does.
- surround: the amplitude beside the face over that of the face. A background lies far
  behind; a change of the whole picture, or a picture of a face, is alike everywhere.

Leaves to others: which colours (light.py), measuring them (vision/light.py), what
follows from the finding.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

from likeness.core.light import LightSequence
from likeness.core.light_signal import (
    Amplitude,
    Baseline,
    Chroma,
    Shown,
    amplitude,
    correlation,
    mean,
    rms,
    seen,
)
from likeness.core.seen import FaceLight
from likeness.core.vocabulary import LightOutcome


class Region(StrEnum):
    """Where a face is measured, in this order; left is the person's left."""

    NOSE = "nose"
    LIP = "lip"
    FOREHEAD = "forehead"
    CHIN = "chin"
    FOREHEAD_RIGHT = "forehead_right"
    FOREHEAD_LEFT = "forehead_left"
    CHEEK_RIGHT = "cheek_right"
    CHEEK_LEFT = "cheek_left"
    SIDE_RIGHT = "side_right"
    SIDE_LEFT = "side_left"
    JAW_RIGHT = "jaw_right"
    JAW_LEFT = "jaw_left"


MIDDLE: Final = (Region.NOSE, Region.LIP, Region.CHEEK_RIGHT, Region.CHEEK_LEFT)
SIDES: Final = (Region.SIDE_RIGHT, Region.SIDE_LEFT)

# Delay from asking the screen to the frame that shows it: display 10-100 ms, camera
# 20-150 ms.
DELAY_STEP_S: Final = 0.01
DELAY_FROM: Final = 3  # steps
DELAY_TO: Final = 25
MIN_FRAMES: Final = 40  # of some 80 at 25 frames/s
MAX_GAP_S: Final = 0.25  # the shortest step
BLACK: Final = 0.002  # of a mean in linear light: its logarithm is noise
WHITE: Final = 0.95  # and from here on it is cut off


@dataclass(frozen=True, slots=True)
class Lit:
    """One frame of the face under the screen's light."""

    captured_s: float
    light: FaceLight


NOTHING: Final = Amplitude(0.0, math.inf)


@dataclass(frozen=True, slots=True)
class LightFinding:
    """What came of it, with its numbers; `weight`, 0..1, is how visible it was."""

    outcome: LightOutcome
    weight: float = 0.0
    correlation: float = 0.0
    delay_s: float = 0.0
    amplitude: Amplitude = NOTHING
    restlessness: float = 0.0  # rms of what is seen, whatever was shown
    relief: Amplitude = NOTHING
    surround: Amplitude = NOTHING


@dataclass(frozen=True, slots=True)
class LightRules:
    """When an answer is one."""

    # Of noiseless answers to another sequence, at every delay, 7 of 20 000 reach it.
    correlation: float = 0.75
    another_below: float = 0.40
    another_from: float = 0.04  # restlessness; talking faces without light: up to 0.031
    # Simulated at strength 0.2, 14 people twice: faces 0.34 to 0.79, prints 0.85 to
    # 1.09. Ambient light from one side brings a face nearer to a print.
    flat_relief: float = 0.82
    flat_surround: float = 0.90
    max_error: float = 0.25  # of relief and surround, else they are not judged
    full_amplitude: float = 0.05  # from here on a finding has its full weight
    shapeless: float = 0.5  # share of the weight where the shape cannot be judged
    sure_from: float = 1.0  # of the weight: less speaks against nobody

    def speaks_against(self, found: LightFinding) -> bool:
        """Say whether this is surely no face's answer to these colours."""
        against = found.outcome in (LightOutcome.FLAT, LightOutcome.ANOTHER)
        return against and found.weight >= self.sure_from

    def is_flat(self, found: LightFinding) -> bool:
        """Say whether face, or face and surround, answer alike everywhere."""
        return any(
            ratio.error <= self.max_error and ratio.value >= limit
            for ratio, limit in (
                (found.relief, self.flat_relief),
                (found.surround, self.flat_surround),
            )
        )


def judge(
    sequence: LightSequence,
    *,
    began_s: float,
    frames: Sequence[Lit],
    rules: LightRules | None = None,
) -> LightFinding:
    """Judge one sequence.

    Args:
        sequence: what was shown.
        began_s: when the screen was told to begin, on the capture clock.
        frames: the followed face from then on, in order.
        rules: thresholds, if not the usual ones.
    """
    frames = [one for one in frames if is_usable(one.light)]
    if not _enough(frames, began_s, sequence):
        return LightFinding(LightOutcome.NOT_VISIBLE)
    measured = _measure(sequence, [one.captured_s - began_s for one in frames], frames)
    return _decide(measured, rules or LightRules())


def _measure(
    sequence: LightSequence, times_s: list[float], frames: list[Lit]
) -> LightFinding:
    baseline, screen = Baseline(times_s), Shown(sequence)
    regions = [
        baseline.without(seen([one.light.regions[place] for one in frames]))
        for place in range(len(Region))
    ]
    by_name = dict(zip(Region, regions, strict=True))
    face = mean(regions)
    delays = [step * DELAY_STEP_S for step in range(DELAY_FROM, DELAY_TO + 1)]
    shown = {at: baseline.without(screen.at(times_s, at)) for at in delays}
    delay_s = max(delays, key=lambda at: correlation(face, shown[at]))

    def answer_of(chroma: Chroma) -> Amplitude:
        return amplitude(chroma, shown[delay_s], len(sequence.steps))

    whole = answer_of(face)
    sides, middle = (
        answer_of(mean([by_name[name] for name in names])) for names in (SIDES, MIDDLE)
    )
    beside = answer_of(baseline.without(seen([one.light.surround for one in frames])))
    return LightFinding(
        outcome=LightOutcome.NOT_VISIBLE,
        correlation=correlation(face, shown[delay_s]),
        delay_s=delay_s,
        amplitude=whole,
        restlessness=rms(face),
        relief=sides.over(middle),
        surround=beside.over(whole),
    )


def _decide(measured: LightFinding, rules: LightRules) -> LightFinding:
    def found(outcome: LightOutcome, visible: float) -> LightFinding:
        weight = min(1.0, max(0.0, visible) / rules.full_amplitude)
        return replace(measured, outcome=outcome, weight=weight)

    strength = measured.amplitude
    if measured.correlation >= rules.correlation:
        if rules.is_flat(measured):
            return found(LightOutcome.FLAT, strength.value)
        shaped = measured.relief.error <= rules.max_error
        share = 1.0 if shaped else rules.shapeless
        return found(LightOutcome.ANSWERED, share * strength.value)
    if (
        measured.correlation < rules.another_below
        and measured.restlessness >= rules.another_from
    ):
        return found(LightOutcome.ANOTHER, measured.restlessness)
    return measured


def is_usable(light: FaceLight) -> bool:
    """Say whether no region is black or cut off at white."""
    return all(BLACK <= value <= WHITE for one in light.regions for value in one)


def _enough(frames: list[Lit], began_s: float, sequence: LightSequence) -> bool:
    """Say whether every step was seen, with frames to spare."""
    times = [began_s, *(one.captured_s for one in frames), began_s + sequence.length_s]
    gaps = (after - before for before, after in pairwise(times))
    return len(frames) >= MIN_FRAMES and max(gaps) <= MAX_GAP_S
