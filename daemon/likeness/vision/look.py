"""The one door to vision: a frame in, one Observation out; a portrait in, an embedding.

A face is followed by its landmarks; it is searched for only when it was lost, and twice
a second a cheap search counts faces and checks that what is followed is still one.
Leaves to others: every judgement. Not for two threads at once.
"""

import math
from dataclasses import replace

import cv2
import numpy as np

from likeness.core.seen import Box, Embedding, EmbedWhen, Face, Observation
from likeness.vision.change import Change, digest_of
from likeness.vision.cues import Eyelids, LidFollower, lid_line_of, quality_of
from likeness.vision.detect import FAR, NEAR, Detection, Detector, Picture
from likeness.vision.match import Embedder
from likeness.vision.mesh import Fit, Mesh, Region
from likeness.vision.models import ModelSet
from likeness.vision.passive import Passive
from likeness.vision.pose import Pose, pose_of
from likeness.vision.solidity import Relief
from likeness.vision.stills import Still, Stills, box_of, most_central

MIN_PRESENCE = 0.5
# A face that was hidden for less is measured against its frontal view from before: else
# who covers the camera in mid-turn would have the turned view taken for frontal.
FRONT_KEPT_S = 0.5
COUNT_EVERY_S = 0.5
FAR_EVERY_S = 0.5  # the far search is slow; a faceless picture must not cost it always
# A second face counts from this share of the followed one's width: people in the queue
# stand at least twice as far away.
COMPARABLE = 0.5
SURE = 0.75  # score of a second face: hair, plants and chairs reach 0.6
NOT_MEASURED = (math.nan, math.nan)


class Looker:
    """Owns the networks and the face that is followed."""

    def __init__(self, models: ModelSet) -> None:
        self._models = models
        self._near = Detector(models.detect_near, NEAR)
        self._far: Detector | None = None
        self._mesh = Mesh(models.mesh)
        self._lids = LidFollower(Eyelids(models.eyelids))
        self._embedder = Embedder(models.embed)
        self._stills = Stills(
            self._near, self._far_detector, self._mesh, self._embedder
        )
        self._passive: Passive | None = None
        self._change = Change()
        self._relief = Relief()
        self._region: Region | None = None
        self._faces = 0
        self._counted_s = -math.inf
        self._far_s = -math.inf
        self._followed_s = -math.inf

    def forget(self) -> None:
        """Follow nobody: the next visitor is somebody else."""
        self._region = None
        self._change.forget()
        self._relief.forget()
        self._faces = 0
        self._counted_s = self._far_s = -math.inf

    def wipe(self) -> None:
        """Leave no visitor's face in the networks and their buffers."""
        self.forget()
        used = (self._near, self._far, self._mesh, self._lids, self._embedder)
        for one in (*used, self._passive):
            if one is not None:
                one.wipe()

    def look(
        self,
        image: Picture,
        *,
        captured_s: float,
        frame: int,
        embed: EmbedWhen | None = None,
        eyes: bool = True,
        passive: bool = False,
        parallax: bool = False,
        light: bool = False,
    ) -> Observation:
        """Understand one frame.

        Args:
            image: height × width × 3, uint8, BGR.
            captured_s: when it was captured; paces counting and searching.
            frame: its number.
            embed: embed the face if it is at least so frontal; None: never.
            eyes: measure their openness; without, it is nan.
            passive: judge the texture, where the face is seen well enough.
            parallax: measure how deep the face is, where it is turned enough.
            light: measure its colours, region by region, and those beside it.
        """
        digest = digest_of(image)
        self._count(image, captured_s)
        followed = self._follow(image)
        fit = followed or self._search(image, captured_s)
        if followed is None or not eyes:
            self._lids.forget()
        if followed is not None:
            self._followed_s = captured_s
        elif captured_s - self._followed_s > FRONT_KEPT_S:
            self._relief.forget()
        if fit is None:
            self._region = None
            return Observation(captured_s, frame, faces=0, face=None, digest=digest)
        self._region = Region.around_landmarks(fit.landmarks)
        lids = self._lids.openness(fit) if eyes else NOT_MEASURED
        face = self._describe(image, fit, lids, embed)
        if eyes and self._lids.fresh:
            face = replace(face, lid_line=lid_line_of(fit))
        if parallax:
            face = replace(face, parallax=self._relief.see(fit, face.yaw_deg))
        if light:
            # Few visits need it, and every cold start would pay for it.
            from likeness.vision.light import light_of  # noqa: PLC0415

            face = replace(face, light=light_of(fit))
        if passive:
            if self._passive is None:
                self._passive = Passive(self._models.passive)
            face = replace(face, passive=self._passive.judge(image, face))
        return Observation(captured_s, frame, max(self._faces, 1), face, digest)

    def enrol(self, portrait: bytes) -> Embedding | None:
        """Embed a card's portrait (an encoded image); None if it is not usable."""
        picture = decode(portrait)
        return None if picture is None else self._stills.enrol(picture)

    def find_portrait_box(self, picture: Picture) -> Box | None:
        """Find the landmarks' box of the most central large face of one picture."""
        still = self.find_still(picture)
        return still.box if still else None

    def embed_picture(self, picture: Picture) -> Embedding | None:
        """Embed the most central large face of one picture; None without a face."""
        return self._stills.embed(picture)

    def find_still(self, picture: Picture) -> Still | None:
        """Find and fit the most central large face of one picture."""
        return self._stills.find(picture)

    # --- following ------------------------------------------------------------------
    def _follow(self, image: Picture) -> Fit | None:
        if self._region is None:
            return None
        fit = self._mesh.fit(image, self._region)
        return fit if fit.presence >= MIN_PRESENCE else None

    def _search(self, image: Picture, captured_s: float) -> Fit | None:
        found = self._near.find(image)
        if not found and captured_s - self._far_s >= FAR_EVERY_S:
            self._far_s = captured_s
            found = self._far_detector().find(image)
        if not found:
            return None
        chosen = most_central(found, image)
        self._faces = 1 + self._others(image, chosen, found)
        self._counted_s = captured_s
        fit = self._mesh.fit(image, Region.around_detection(chosen))
        return fit if fit.presence >= MIN_PRESENCE else None

    def _count(self, image: Picture, captured_s: float) -> None:
        """Count faces now and then; drop a followed one that no longer looks like one.

        The near search does not see a small face; then the followed one counts alone.
        """
        region = self._region
        if region is None or captured_s - self._counted_s < COUNT_EVERY_S:
            return
        self._counted_s = captured_s
        found = self._near.find(image)
        mine = next((one for one in found if _inside(one, region)), None)
        if mine is not None:
            self._faces = 1 + self._others(image, mine, found)
        elif any(one.size * 2 > region.side / 2 for one in found):
            self._region = None  # a face is there, but not where we follow one
        else:
            self._faces = 1

    def _others(self, image: Picture, mine: Detection, found: list[Detection]) -> int:
        """Count the other faces that could be meant as well; the mesh must agree."""
        return sum(
            self._mesh.fit(image, Region.around_detection(one)).presence >= MIN_PRESENCE
            for one in found
            if one is not mine
            and one.score >= SURE
            and one.size >= COMPARABLE * mine.size
        )

    def _far_detector(self) -> Detector:
        if self._far is None:
            self._far = Detector(self._models.detect_far, FAR)
        return self._far

    def _describe(
        self,
        image: Picture,
        fit: Fit,
        lids: tuple[float, float],
        embed: EmbedWhen | None,
    ) -> Face:
        pose, quality = pose_of(fit.landmarks), quality_of(fit)
        left, right = lids
        embedding = None
        if embed is not None and _frontal(pose, embed):
            embedding = self._embedder.embed(image, fit.landmarks)
        return Face(
            box=box_of(fit),
            presence=fit.presence,
            eye_left=left,
            eye_right=right,
            yaw_deg=pose.yaw_deg,
            pitch_deg=pose.pitch_deg,
            roll_deg=pose.roll_deg,
            sharpness=quality.sharpness,
            brightness=quality.brightness,
            glare_left=quality.glare_left,
            glare_right=quality.glare_right,
            width_px=pose.face_width_px,
            landmarks=fit.landmarks,
            embedding=embedding,
            change=self._change.see(fit),
        )


def decode(encoded: bytes) -> Picture | None:
    """Decode an image file to BGR; None if it is none, or of more than 2³⁰ pixels."""
    if not encoded:
        return None
    try:
        picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # a header may state any size; OpenCV refuses the largest
        return None
    # cv2 is typed as if it never gave None; it does for what it cannot decode.
    return None if picture is None else np.asarray(picture, np.uint8)


def _inside(one: Detection, region: Region) -> bool:
    x, y = one.centre
    return math.hypot(x - region.x, y - region.y) < region.side / 3


def _frontal(pose: Pose, embed: EmbedWhen) -> bool:
    return (
        abs(pose.yaw_deg) <= embed.max_yaw_deg
        and abs(pose.pitch_deg) <= embed.max_pitch_deg
    )
