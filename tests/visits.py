"""A make-believe visitor for tests of the rules: frames that act on demand."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from likeness.core.seen import Box, Embedding, Face, Observation, Parallax
from likeness.core.vocabulary import Act, Card, CardKind

FPS = 30.0
OPEN, SHUT = 0.30, 0.05
TODAY = date(2026, 11, 22)


def embedding(person: int) -> Embedding:
    """Different persons are at right angles to each other."""
    return tuple(1.0 if i == person else 0.0 for i in range(128))


def card(person: int = 1) -> Card:
    return Card(kind=CardKind.BENCH, number=f"no-{person}", name=f"name-{person}")


STILL = Face(
    box=Box(200, 100, 200, 200),
    presence=0.99,
    eye_left=OPEN,
    eye_right=OPEN,
    yaw_deg=0.0,
    pitch_deg=0.0,
    roll_deg=0.0,
    sharpness=0.8,
    brightness=0.5,
    glare_left=0.0,
    glare_right=0.0,
    width_px=200.0,
    passive=0.9,
)

# What each act looks like, frame by frame, as changes of the still face.
MOVES: dict[Act, list[Face]] = {
    Act.BLINK: [
        replace(STILL, eye_left=eye, eye_right=eye)
        for eye in (0.2, 0.08, SHUT, SHUT, 0.15, 0.27, OPEN, OPEN)
    ],
    Act.TURN_LEFT: [
        replace(STILL, yaw_deg=yaw) for yaw in (3, 8, 14, 20, 25, 25, 25, 14, 5, 0)
    ],
    Act.TURN_RIGHT: [
        replace(STILL, yaw_deg=-yaw) for yaw in (3, 8, 14, 20, 25, 25, 25, 14, 5, 0)
    ],
    Act.RAISE_CHIN: [
        replace(STILL, pitch_deg=pitch) for pitch in (3, 8, 14, *[20] * 12, 14, 5, 0)
    ],
    Act.LOWER_CHIN: [
        replace(STILL, pitch_deg=-pitch) for pitch in (3, 8, 14, *[20] * 12, 14, 5, 0)
    ],
    # Longer than any blink, so that it answers nothing else.
    Act.CLOSE_EYES: [
        replace(STILL, eye_left=eye, eye_right=eye)
        for eye in (0.2, 0.08, *[SHUT] * 36, 0.15, 0.27, OPEN, OPEN)
    ],
}


def _swayed(box: Box, now: float) -> Box:
    """Nobody holds as still as a picture, nor sways in the same way twice."""
    across = 1.5 * math.sin(2.1 * now) + 2.5 * math.sin(0.37 * now**1.3)
    return replace(box, x=box.x + across, y=box.y + 1.2 * math.sin(1.3 * now + 0.5))


class Visitor:
    """Gives one observation per frame; stands still unless told to move."""

    def __init__(self, person: int = 1, *, fps: float = FPS, start_s: float = 0.0):
        self.person = person
        self._step_s = 1 / fps
        self.now = start_s
        self._frame = 0
        self._acts = 0

    def frame(
        self, face: Face | None = STILL, *, faces: int | None = None
    ) -> Observation:
        self.now += self._step_s
        self._frame += 1
        seen = face and replace(
            face, embedding=embedding(self.person), box=_swayed(face.box, self.now)
        )
        count = (0 if face is None else 1) if faces is None else faces
        return Observation(self.now, self._frame, count, seen)

    def still(self, seconds: float) -> Iterator[Observation]:
        until = self.now + seconds
        while self.now < until:
            yield self.frame()

    def does(self, act: Act) -> Iterator[Observation]:
        self._acts += 1
        # Not twice alike, nor two in a row, within what is looked at for a loop.
        far = 1.4 - 0.06 * abs(self._acts % 21 - 10.25)
        for face in MOVES[act]:
            yaw = far * face.yaw_deg
            solid = Parallax(yaw, depth=0.5, noise=0.05) if abs(yaw) > 10 else None
            tilt = far * face.pitch_deg
            moved = replace(face, yaw_deg=yaw, pitch_deg=tilt, parallax=solid)
            yield self.frame(moved)
