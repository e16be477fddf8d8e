"""Measures the light answer of recorded people under simulated light; not real light.

For each clip one stretch in which a face is followed, seen again under light of each
kind (lit_camera.py). `python tests/lit_people.py CLIP…` prints how many answer, and how
many an answer speaks against. Leaves to others: judging (core/light_answer.py).
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from likeness.core import light
from likeness.core.light import LightSequence, linear_rgb
from likeness.core.light_answer import LightFinding, LightRules, Lit, judge
from likeness.edges.recorded import frames
from likeness.simulators.lit_face import Floats, Scene, SlowCamera, reach_of_face
from likeness.vision.light import light_of
from likeness.vision.look import Looker
from likeness.vision.mesh import SIDE, Fit, Region
from lit_camera import DELAY_S, FULL, RECORDED_DELAY_S, Stands, lit
from real_models import Picture, model_set

STRETCH_S = 3.9  # the longest sequence takes 4.0 s, almost all of them less
SEARCHED_S = 20.0
SIDE_PX = 220  # of the cut-out around the face
AROUND = 1.25  # of the mesh's own crop
# Strength of a white screen over the ambient light, and how one-sided that is.
SHOPS = ((0.05, 0.0), (0.1, 0.0), (0.2, 0.0), (0.2, 0.6), (0.5, 0.0))


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
    cuts: list[Cut], stands: Stands, shop: Scene, number: int
) -> LightFinding:
    """Show sequence `number` to one stretch and judge what comes back."""
    began_s = cuts[0].captured_s
    seen = list(_seen(cuts, stands, shop, number))
    return judge(_sequence(number), began_s=began_s, frames=seen)


def _seen(cuts: list[Cut], stands: Stands, shop: Scene, number: int) -> Iterator[Lit]:
    sequence, other = _sequence(number), _sequence(number + 100_000)
    camera, last = SlowCamera(number), cuts[0]
    for cut in cuts:
        at_s = cut.captured_s - cuts[0].captured_s - DELAY_S
        colour = linear_rgb(sequence.shown_at(at_s))
        then = linear_rgb(other.shown_at(at_s - RECORDED_DELAY_S))
        reach = reach_of_face((SIDE_PX, SIDE_PX), cut.landmarks, shop)
        shown = lit(cut.picture, stands, reach, (colour, then), shop)
        after_s = cut.captured_s - last.captured_s
        picture = camera.develop(shown * np.float32(FULL), after_s)
        # As in the daemon, the crop follows the landmarks of the frame before.
        to_crop = Region.around_landmarks(last.landmarks).to_crop(SIDE)
        crop = np.asarray(cv2.warpAffine(picture, to_crop, (SIDE, SIDE)), np.uint8)
        in_crop = cut.landmarks[:, :2] @ to_crop[:, :2].T + to_crop[:, 2]
        yield Lit(cut.captured_s, light_of(Fit(1.0, cut.landmarks, in_crop, crop)))
        last = cut


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


def main(clips: list[Path]) -> None:
    """Print one line for each shop and kind."""
    looker, rules = Looker(model_set()), LightRules()
    people = [cuts for clip in clips if (cuts := stretch(clip, looker))]
    for strength, side_light in SHOPS:
        shop = Scene(strength=strength, side_light=side_light)
        for stands in Stands:
            found = [
                under_light(cuts, stands, shop, number)
                for number, cuts in enumerate(people)
            ]
            outcomes = Counter(str(one.outcome) for one in found)
            against = sum(rules.speaks_against(one) for one in found)
            shown = f"{strength} {side_light} {stands}: {dict(outcomes)}"
            sys.stdout.write(f"{shown}; against: {against}\n")


if __name__ == "__main__":
    main([Path(clip) for clip in sys.argv[1:]])
