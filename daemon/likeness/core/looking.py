"""Gathers what the frames of one visit say: rest pose, best views, breaks, pace.

Leaves to others: the acts (acts.py) and what a break means for the visit (session.py).
Before the acts begin a break only starts the gathering anew; from then on it counts.
"""

from collections import deque
from statistics import median

from likeness.core.continuity import Continuity, is_turned
from likeness.core.matching import BestViews
from likeness.core.presentation import Texture
from likeness.core.profile import Profile
from likeness.core.rest import Rest, rest_of
from likeness.core.seen import Embedding, EmbedWhen, Face, Observation
from likeness.core.solidity import Solidity
from likeness.core.vocabulary import EYE_ACTS, Act, Reason

REST_WINDOW_S = 1.0  # design, section 2: at most the first second of a usable face
EARLY_VIEWS = 3  # wanted soon, for the verdict must not wait for them
EARLY_EVERY_S = 0.3
LATER_EVERY_S = 1.0  # a face swapped for less than this must also jump to be useful
WIDEN_AFTER_S = 1.0  # a person who holds the head aslant must be matched all the same
STRAIGHT = EmbedWhen(max_yaw_deg=12.0, max_pitch_deg=18.0)
ASLANT = EmbedWhen(max_yaw_deg=25.0, max_pitch_deg=28.0)
PACE_FRAMES = 90
HIDDEN_GLARE = 0.25


class Looking:
    """Feed every observation of a visit in order."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._views = BestViews()
        self._continuity = _continuity(profile)
        self._acting = False
        self._turn_asked = False
        self._acts_over = False
        self._rest_faces: list[tuple[float, Face]] = []
        self._steps_s: deque[float] = deque(maxlen=PACE_FRAMES)
        self._last_s: float | None = None
        self._view_s: float | None = None
        self._since_view_s: float | None = None
        self._glare: list[float] = []
        self.texture = Texture(profile.texture)
        self._texture_s: float | None = None
        self.solidity = Solidity(profile.solidity)
        self._unusable: dict[Reason, int] = {}
        self.faces = 0
        self.seen_acting = False  # whether a view was taken since the first prompt

    @property
    def rest(self) -> Rest | None:
        """The rest pose, once a usable face was seen for long enough."""
        if not self._rest_faces:
            return None
        if self._rest_faces[-1][0] - self._rest_faces[0][0] < self._profile.rest_s:
            return None
        return rest_of([face for _, face in self._rest_faces])

    @property
    def wants(self) -> EmbedWhen | None:
        """Say whether the next frame should be embedded, and how frontal it must be."""
        if self._continuity.wants_view:
            return ASLANT
        if self._last_s is None or self._since_view_s is None:
            return STRAIGHT
        waited_s = self._last_s - self._since_view_s
        every_s = EARLY_EVERY_S if self._views.count < EARLY_VIEWS else LATER_EVERY_S
        if self._view_s is not None and self._last_s - self._view_s < every_s:
            return None
        return ASLANT if waited_s > WIDEN_AFTER_S + every_s else STRAIGHT

    @property
    def unsure(self) -> bool:
        """Say whether it is still to be seen whose acts they were, after a gap."""
        seen_later = self._continuity.unsure and not self._continuity.lost_track
        return seen_later and not self._acts_over

    @property
    def lost_track(self) -> bool:
        """Say whether it can no more be seen whose acts they were, after two gaps."""
        return self._continuity.lost_track

    @property
    def wants_texture(self) -> bool:
        """Say whether the texture of the next frame's face should be judged."""
        if self._last_s is None or self._texture_s is None:
            return True
        return self._last_s - self._texture_s >= self._profile.texture_every_s

    @property
    def too_slow(self) -> bool:
        """Say whether frames come too slowly for a blink to be judged."""
        if not self._steps_s:
            return False
        return median(self._steps_s) > 1 / self._profile.min_frames_per_s

    def see(self, seen: Observation) -> Reason | None:
        """Take in one frame; return what broke with it."""
        if self._last_s is not None and not self._acts_over:
            self._steps_s.append(seen.captured_s - self._last_s)
        self._last_s = seen.captured_s
        broken = self._continuity.see(seen)
        lost = broken is not None or self._continuity.lost_track
        if lost and not self._acting:
            self._start_anew()
        face = seen.face
        if face is not None:
            self.faces += 1
            self._take(face, seen.captured_s, alone=seen.faces == 1)
        else:
            self._view_s = None  # whoever comes back is looked at at once
        return broken

    def begin_acts(self) -> None:
        """From now on a break counts, and the face must be seen to be the same."""
        self._acting = True
        self._glare.clear()
        self._view_s = None  # wanted at once: the head is still near its rest

    def begin_turn(self) -> None:
        """From now on turned faces say whether the head is solid."""
        self._turn_asked = True

    def end_acts(self) -> None:
        """From now on only a break counts: what was seen is judged as it was."""
        self._acts_over = True

    def interrupted(self) -> None:
        """Before the acts: the camera was away, so nothing seen joins what comes."""
        self._start_anew()
        self._last_s = None

    def score(self, portrait: Embedding) -> float | None:
        """Return the match of the best views with the portrait."""
        return self._views.score(portrait)

    def why_no_rest(self) -> Reason | None:
        """Say why no usable face came: the most frequent fault, or no face at all.

        None when there was nothing wrong but the time.
        """
        if self._unusable:
            return max(self._unusable, key=lambda reason: self._unusable[reason])
        return None if self.faces else Reason.NO_FACE

    def why_blind(self, act: Act) -> Reason | None:
        """Say whether an act may have been missed because we could not see it."""
        if act in EYE_ACTS and self._glare and median(self._glare) > HIDDEN_GLARE:
            return Reason.EYES_HIDDEN
        return None

    def _take(self, face: Face, captured_s: float, *, alone: bool) -> None:
        if self._since_view_s is None:
            self._since_view_s = captured_s
        if self._acts_over:
            if face.embedding is not None:
                self._view_s = self._since_view_s = captured_s
            return
        if face.passive is not None:
            self._texture_s = captured_s
            self.texture.see(face.passive)
        if face.embedding is not None and not is_turned(face):
            self._view_s = self._since_view_s = captured_s
            self._views.add(face)
            self.seen_acting = self.seen_acting or self._acting
        if self._turn_asked:
            self.solidity.see(face.parallax)
        if self._acting:
            self._glare.append(max(face.glare_left, face.glare_right))
            return
        fault = Reason.SECOND_FACE if not alone else self._fault(face)
        if fault is not None:
            self._unusable[fault] = self._unusable.get(fault, 0) + 1
            return
        self._rest_faces.append((captured_s, face))
        while captured_s - self._rest_faces[0][0] > REST_WINDOW_S:
            del self._rest_faces[0]

    def _fault(self, face: Face) -> Reason | None:
        if face.width_px < self._profile.min_face_px:
            return Reason.TOO_FAR
        if face.brightness < self._profile.min_brightness:
            return Reason.TOO_DARK
        return None

    def _start_anew(self) -> None:
        """Forget a face that went away before anything was asked of it."""
        self._continuity = _continuity(self._profile)
        self._views = BestViews()
        self._rest_faces.clear()
        self.texture = Texture(self._profile.texture)
        self.solidity = Solidity(self._profile.solidity)
        self._view_s = self._since_view_s = None


def _continuity(profile: Profile) -> Continuity:
    return Continuity(
        same_face_score=profile.same_face_score,
        turned_face_score=profile.turned_face_score,
        may_repeat=profile.feed_may_repeat,
    )
