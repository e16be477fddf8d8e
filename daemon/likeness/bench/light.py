"""Measures the light answer on recorded faces under simulated light; not real light.

For each clip one stretch in which a face is followed, seen again under light of each
kind by `simulators/lit_face`. Leaves to others: what the frames look like, and judging.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np

from likeness.core import light
from likeness.core.light import LightSequence, linear_rgb
from likeness.core.light_answer import LightFinding, Lit, judge
from likeness.core.vocabulary import Rgb
from likeness.edges.recorded import frames
from likeness.simulators.lit_face import (
    TO_LINEAR,
    Scene,
    SlowCamera,
    light_screen,
    light_up,
    reach_of_face,
    reach_of_print,
)
from likeness.vision.detect import Floats, Picture
from likeness.vision.light import light_of
from likeness.vision.look import Looker
from likeness.vision.mesh import SIDE, Fit, Region

STRETCH_S = 3.9  # the longest sequence takes 4.0 s, almost all of them less
SEARCHED_S = 20.0
SIDE_PX = 220  # of the cut-out around the face
AROUND = 1.25  # of the mesh's own crop
DELAY_S = 0.12  # display and camera
RECORDED_DELAY_S = 0.10  # more, of what a replay plays
PRINT_TILT_DEG = 15.0
FULL = 0.8  # of the sensor's range that the recording's white takes


class Kind(StrEnum):
    """What stands before the camera."""

    FACE = "face"
    PRINT = "print"
    SCREEN = "screen"  # replays the face without light
    RECORDED = "recorded"  # a screen replays the answer to another sequence
    DARK = "dark"  # the terminal's screen shows nothing


@dataclass(frozen=True, slots=True)
class Cut:
    """The surroundings of a face in one frame, and its landmarks there."""

    captured_s: float
    picture: Picture
    landmarks: Floats


def stretch(clip: Path, looker: Looker) -> list[Cut]:
    """Cut out the first stretch in which one face is followed; empty: there is none."""
    looker.forget()
    cuts: list[Cut] = []
    to_cut = np.eye(2, 3, dtype=np.float32)
    with closing(frames(clip, end_s=SEARCHED_S)) as shots:
        for shot in shots:
            seen = looker.look(
                shot.image, captured_s=shot.captured_s, frame=shot.number, eyes=False
            )
            if seen.face is None or seen.faces > 1:
                cuts = []
                continue
            landmarks = seen.face.landmarks
            if not cuts:
                to_cut = _to_cut(Region.around_landmarks(landmarks))
            cuts.append(_cut(shot.captured_s, shot.image, landmarks, to_cut))
            if shot.captured_s - cuts[0].captured_s >= STRETCH_S:
                return cuts
    return []


def under_light(
    cuts: list[Cut], kind: Kind, scene: Scene, number: int
) -> tuple[LightSequence, LightFinding]:
    """Show sequence `number` to one stretch and judge what comes back."""
    sequence = _sequence(number)
    began_s = cuts[0].captured_s
    lit = list(_lit(cuts, kind, scene, number))
    return sequence, judge(sequence, began_s=began_s, frames=lit)


def _lit(cuts: list[Cut], kind: Kind, scene: Scene, number: int) -> Iterator[Lit]:
    sequence, other = _sequence(number), _sequence(number + 100_000)
    camera, last = SlowCamera(number), cuts[0]
    for cut in cuts:
        at_s = cut.captured_s - cuts[0].captured_s - DELAY_S
        colour = linear_rgb(sequence.shown_at(at_s))
        recorded = linear_rgb(other.shown_at(at_s - RECORDED_DELAY_S))
        light_ = _light(cut, kind, scene, colour, recorded) * np.float32(FULL)
        picture = camera.develop(light_, cut.captured_s - last.captured_s)
        # As in the daemon, the crop follows the landmarks of the frame before.
        to_crop = Region.around_landmarks(last.landmarks).to_crop(SIDE)
        crop = np.asarray(cv2.warpAffine(picture, to_crop, (SIDE, SIDE)), np.uint8)
        in_crop = cut.landmarks[:, :2] @ to_crop[:, :2].T + to_crop[:, 2]
        yield Lit(cut.captured_s, light_of(Fit(1.0, cut.landmarks, in_crop, crop)))
        last = cut


def _light(cut: Cut, kind: Kind, scene: Scene, colour: Rgb, recorded: Rgb) -> Floats:
    shape = (SIDE_PX, SIDE_PX)
    if kind is Kind.DARK:
        return np.asarray(TO_LINEAR[cut.picture])
    if kind is Kind.SCREEN:
        return light_screen(TO_LINEAR[cut.picture], colour, scene)
    if kind is Kind.PRINT:
        reach = reach_of_print(shape, PRINT_TILT_DEG, scene)
        return light_up(cut.picture, reach, colour, scene)
    reach = reach_of_face(shape, cut.landmarks, scene)
    if kind is Kind.FACE:
        return light_up(cut.picture, reach, colour, scene)
    return light_screen(light_up(cut.picture, reach, recorded, scene), colour, scene)


def _sequence(number: int) -> LightSequence:
    nonce = number.to_bytes(4, "big")
    return light.draw(carrier_nonce=nonce, device_nonce=b"bench", transaction="light")


def _to_cut(region: Region) -> Floats:
    scale = SIDE_PX / (region.side * AROUND)
    middle = SIDE_PX / 2
    return np.array(
        [
            [scale, 0, middle - scale * region.x],
            [0, scale, middle - scale * region.y],
        ],
        np.float32,
    )


def _cut(captured_s: float, image: Picture, landmarks: Floats, to_cut: Floats) -> Cut:
    picture = cv2.warpAffine(
        image, to_cut, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_REPLICATE
    )
    there = landmarks * to_cut[0, 0]
    there[:, :2] += to_cut[:, 2]
    return Cut(captured_s, np.asarray(picture, np.uint8), there)
