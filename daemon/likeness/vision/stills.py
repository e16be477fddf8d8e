"""Finds the face of one picture and embeds it: a portrait, or one photograph.

More care than for a frame: two networks, a border where there is little but a face, a
second fit, the mirror image added; it is done once. Leaves to others: whether a
portrait can be used (`portrait`), following a face (`look`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from likeness.core.seen import Box, Embedding
from likeness.vision.detect import Detection, Detector, Picture
from likeness.vision.match import Embedder
from likeness.vision.mesh import Fit, Mesh, Region
from likeness.vision.portrait import flaw_of

# Faces of LFW, NUAA and ORL, also as chip portraits, give 0.92 and more; a crop without
# a whole face, fitted twice, was seen at 0.53 with landmarks that meant nothing.
MIN_STILL_PRESENCE = 0.8
STILL_PASSES = 2  # for a single picture the landmarks are fitted once more
MAX_STILL_PX = 1600  # a larger picture is made smaller first: no camera frame is


@dataclass(frozen=True, slots=True)
class Still:
    """The most central large face of one picture."""

    picture: Picture = field(repr=False)
    fit: Fit = field(repr=False)
    scale: float  # of `picture` against the one that was given

    @property
    def box(self) -> Box:
        """Box around the landmarks, in pixels of the picture that was given."""
        box = box_of(self.fit)
        return Box(
            *(side / self.scale for side in (box.x, box.y, box.width, box.height))
        )


class Stills:
    """Borrows the networks of a `Looker`; not for two threads at once."""

    def __init__(
        self,
        near: Detector,
        far: Callable[[], Detector],
        mesh: Mesh,
        embedder: Embedder,
    ) -> None:
        self._near = near
        self._far = far
        self._mesh = mesh
        self._embedder = embedder

    def enrol(self, picture: Picture) -> Embedding | None:
        """Embed a card's portrait; None without a face, or if something is wrong."""
        still = self.find(picture)
        if still is None:
            return None
        picture, fit = still.picture, still.fit
        aligned = self._embedder.align(picture, fit.landmarks)
        embedding, strength = self._embedder.describe(aligned, mirror=True)
        flaw = flaw_of(picture, fit, aligned, strength, self._near)
        return embedding if flaw is None else None

    def embed(self, picture: Picture) -> Embedding | None:
        """Embed the most central large face of one picture; None without a face."""
        still = self.find(picture)
        if still is None:
            return None
        return self._embedder.embed(still.picture, still.fit.landmarks, mirror=True)

    def find(self, picture: Picture) -> Still | None:
        """Find and fit the most central large face of one picture.

        A picture that shows little but a face is searched again with a border: the
        networks know faces with something around them.
        """
        width = picture.shape[1]
        picture = shrunk(picture)
        for border in (0, max(picture.shape[:2]) // 4):
            region = self._still_region(picture, border)
            fit = None if region is None else self._fit_still(picture, region)
            if fit is not None:
                return Still(picture, fit, scale=picture.shape[1] / width)
        return None

    def _still_region(self, picture: Picture, border: int) -> Region | None:
        """Say where to fit; coordinates are those of the picture without border."""
        wider = picture
        if border:
            sides = (border, border, border, border)
            wider = np.asarray(
                cv2.copyMakeBorder(picture, *sides, cv2.BORDER_CONSTANT), np.uint8
            )
        found = self._near.find(wider) or self._far().find(wider)
        if not found:
            return None
        region = Region.around_detection(most_central(found, wider))
        return replace(region, x=region.x - border, y=region.y - border)

    def _fit_still(self, picture: Picture, region: Region) -> Fit | None:
        fit = self._mesh.fit(picture, region)
        for _ in range(STILL_PASSES - 1):
            region = Region.around_landmarks(fit.landmarks)
            fit = self._mesh.fit(picture, region)
        return fit if fit.presence >= MIN_STILL_PRESENCE else None


def box_of(fit: Fit) -> Box:
    """Return the box around the landmarks, in pixels of their picture."""
    low, high = fit.landmarks[:, :2].min(axis=0), fit.landmarks[:, :2].max(axis=0)
    width, height = high - low
    return Box(float(low[0]), float(low[1]), float(width), float(height))


def most_central(found: list[Detection], picture: Picture) -> Detection:
    """Take the large face near the middle: its size less its way from there."""
    height, width = picture.shape[:2]

    def weight(one: Detection) -> float:
        x, y = one.centre
        return one.size - 0.5 * math.hypot(x - width / 2, y - height / 2)

    return max(found, key=weight)


def shrunk(picture: Picture) -> Picture:
    """Return the picture itself, or smaller: no side above MAX_STILL_PX."""
    largest = max(picture.shape[:2])
    if largest <= MAX_STILL_PX:
        return picture
    share = MAX_STILL_PX / largest
    height, width = (max(1, round(side * share)) for side in picture.shape[:2])
    smaller = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8)
