"""A clip, looked at once with the real models, is seen again and again.

Each visit gets the very observations, with times and numbers of its own and only what
it asked for. So vision itself is not soaked here: the hour with the real programs does
that. Leaves to others: when frames come.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from likeness.core.seen import Attention, Embedding, EmbedWhen, Face, Observation
from likeness.edges.recorded import frames
from likeness.service.ports import Frame
from likeness.vision.look import Looker

ALWAYS = EmbedWhen(max_yaw_deg=90.0, max_pitch_deg=90.0)


@dataclass(frozen=True, slots=True)
class SeenClip:
    """What the models said of a clip and of the cards' portraits."""

    frames: tuple[Observation, ...]
    portraits: Mapping[bytes, Embedding | None]

    def at(self, number: int) -> Observation:
        """Return a frame of a film that runs forth and back without end."""
        last = len(self.frames) - 1
        return self.frames[last - abs(last - number % (2 * last))]


def look_once(
    looker: Looker, clip: Path, portraits: list[bytes], *, most: int
) -> SeenClip:
    """Look at the first frames of a clip, and at the portraits."""
    looker.forget()
    seen = tuple(
        looker.look(
            frame.image,
            captured_s=frame.captured_s,
            frame=frame.number,
            embed=ALWAYS,
            eyes=True,
            passive=True,
            parallax=True,
        )
        for frame in itertools.islice(frames(clip), most)
    )
    return SeenClip(seen, {picture: looker.enrol(picture) for picture in portraits})


class SeenAgain:
    """`Sight` of `service.ports` over what was seen before."""

    def __init__(self, clip: SeenClip) -> None:
        self._clip = clip
        self.nobody = False  # whether the place before the camera is empty

    async def enrol(self, portrait: bytes) -> Embedding | None:
        """Return what the real models made of this picture."""
        return self._clip.portraits[portrait]

    async def look(self, frame: Frame, attention: Attention) -> Observation:
        """Return the frame's observation, made anew."""
        seen = self._clip.at(frame.number)
        face = None if self.nobody or seen.face is None else seen.face
        return replace(
            seen,
            captured_s=frame.captured_s,
            frame=frame.number,
            faces=0 if face is None else seen.faces,
            face=face and _asked_for(face, attention),
        )

    def forget(self) -> None:
        """Nobody is followed here."""


def _asked_for(face: Face, attention: Attention) -> Face:
    """Leave out what costs more than following a face, and was not asked for."""
    when = attention.embed
    frontal = (
        when is not None
        and abs(face.yaw_deg) <= when.max_yaw_deg
        and abs(face.pitch_deg) <= when.max_pitch_deg
    )
    return replace(
        face,
        eye_left=face.eye_left if attention.eyes else math.nan,
        eye_right=face.eye_right if attention.eyes else math.nan,
        lid_line=face.lid_line if attention.eyes else None,
        embedding=face.embedding if frontal else None,
        passive=face.passive if attention.passive else None,
        parallax=face.parallax if attention.parallax else None,
    )
