"""Says what would help the camera: at most one hint, long enough there to be read.

Takes each observation of a visit, with the time, and gives the hint that stands now.
A hint appears after some evidence, not for a flicker; then it stays so long that it can
be read, and only a more urgent one takes its place meanwhile. No hint is given against
the act that is asked. Leaves to others: the words (the page's catalogues), whether the
face is good enough (looking.py).
"""

from dataclasses import dataclass

from likeness.core.looking import HIDDEN_GLARE
from likeness.core.scene import Hint
from likeness.core.seen import Face, Observation
from likeness.core.vocabulary import EYE_ACTS, Act

# On the page within 200 ms of the first such frame (issue 6): the fourth at 25 or 30 a
# second; to look and to paint takes some 60 ms more, measured in a browser.
APPEARS_AFTER_S = 0.11
# A line of four words takes an adult some 0.8 s (Brysbaert 2019: 238 words a minute).
READABLE_S = 0.8
GONE_AFTER_S = 0.25  # a hint that was obeyed is not there again with the next sway
# A face that was lost while it filled the picture is too near, not away.
REMEMBERED_S = 3.0

URGENCY = (
    Hint.NO_FACE,
    Hint.ONE_PERSON,
    Hint.MORE_LIGHT,
    Hint.LESS_LIGHT,
    Hint.COME_CLOSER,
    Hint.GO_BACK,
    Hint.CENTRE,
    Hint.GLASSES,
    Hint.LOOK_STRAIGHT,
    Hint.HOLD_STILL,
)
STILL_AND_STRAIGHT = frozenset({Hint.CENTRE, Hint.LOOK_STRAIGHT, Hint.HOLD_STILL})

# Shares of the profile's own limits: a hint comes a little before what it prevents.
DIM = 1.3  # of min_brightness
NEAR_ENOUGH = 1.2  # of min_face_px
DARK_PICTURE = 0.08  # mean luma of a picture in which no face is found
BRIGHT = 0.85  # mean luma of a face: by then skin is blown out
# A face is some 1.35 times as high as it is wide, and must fit into the picture whole.
WIDE, HIGH = 0.75, 0.72  # its width, as a share of the picture's width and height
OFF_CENTRE = 0.24  # of the picture's sides, from its middle to the face's
# The first frontal views are taken up to 12 degrees of yaw and 18 of pitch, later ones
# up to 25 and 28 (looking.py).
ASIDE_YAW_DEG, ASIDE_PITCH_DEG = 18.0, 24.0
ASIDE_ANY_DEG = 28.0  # for closed eyes: beyond that lids are not judged
RESTLESS = 0.9  # face widths a second; talking people sway by less than half of that
LOOSER = 0.85  # of a limit, for a hint that stands already


@dataclass(frozen=True, slots=True)
class Picture:
    """What belongs to a frame beside its faces: size in pixels, mean luma 0..1."""

    width: int
    height: int
    luma: float | None = None  # None: not measured


@dataclass(frozen=True, slots=True)
class Asked:
    """What the visitor is to do: show a rest pose, one act, or nothing special."""

    rest: bool = False
    act: Act | None = None


class Guidance:
    """One for a terminal; `begin` with every visit."""

    def __init__(self, *, min_face_px: float, min_brightness: float) -> None:
        """Take the profile's limits for a usable face."""
        self._min_face_px = min_face_px
        self._min_brightness = min_brightness
        self.begin()

    def begin(self) -> None:
        """Forget what was seen."""
        self._since: dict[Hint, float] = {}
        self._seen_s: dict[Hint, float] = {}
        self._hint: Hint | None = None
        self._hint_s = 0.0
        self._before: tuple[float, Face] | None = None

    @property
    def hint(self) -> Hint | None:
        """The hint that stands now."""
        return self._hint

    def see(
        self, seen: Observation, now: float, picture: Picture, asked: Asked
    ) -> Hint | None:
        """Take in one frame at `now` seconds; return the hint that stands now."""
        found = self._found(seen, now, picture, asked) - _against(asked)
        if seen.face is not None:
            self._before = (now, seen.face)
        for hint in found:
            self._since.setdefault(hint, now)
            self._seen_s[hint] = now
        for hint in [hint for hint in self._since if hint not in found]:
            del self._since[hint]
        self._choose(now, asked)
        return self._hint

    def asked(self, asked: Asked) -> None:
        """Another thing is asked: drop at once a hint that speaks against it."""
        if self._hint in _against(asked):
            self._hint = None

    def _choose(self, now: float, asked: Asked) -> None:
        self.asked(asked)
        due = next((hint for hint in URGENCY if self._is_due(hint, now)), None)
        shown = self._hint
        if shown is not None and not self._is_more_urgent(due, shown):
            gone = now - self._seen_s[shown] >= GONE_AFTER_S
            if not gone or now - self._hint_s < READABLE_S:
                return
        if due is not shown:
            self._hint, self._hint_s = due, now

    def _is_due(self, hint: Hint, now: float) -> bool:
        return now - self._since.get(hint, now) >= APPEARS_AFTER_S

    @staticmethod
    def _is_more_urgent(one: Hint | None, other: Hint) -> bool:
        return one is not None and URGENCY.index(one) < URGENCY.index(other)

    # --- what one frame says --------------------------------------------------------
    def _found(
        self, seen: Observation, now: float, picture: Picture, asked: Asked
    ) -> frozenset[Hint]:
        face = seen.face
        if face is None:
            return frozenset({self._why_no_face(now, picture)})
        found = {
            Hint.ONE_PERSON: seen.faces > 1,
            Hint.MORE_LIGHT: self._below(
                Hint.MORE_LIGHT, face.brightness, DIM * self._min_brightness
            ),
            Hint.LESS_LIGHT: self._above(Hint.LESS_LIGHT, face.brightness, BRIGHT),
            Hint.COME_CLOSER: self._below(
                Hint.COME_CLOSER, face.width_px, NEAR_ENOUGH * self._min_face_px
            ),
            Hint.GO_BACK: self._is_near(face, picture),
            Hint.CENTRE: self._above(
                Hint.CENTRE, _off_centre(face, picture), OFF_CENTRE
            ),
            Hint.GLASSES: (asked.rest or asked.act in EYE_ACTS)
            and self._above(
                Hint.GLASSES, max(face.glare_left, face.glare_right), HIDDEN_GLARE
            ),
            Hint.LOOK_STRAIGHT: self._looks_aside(face, asked),
            Hint.HOLD_STILL: asked.rest
            and self._above(Hint.HOLD_STILL, self._speed(face, now), RESTLESS),
        }
        return frozenset(hint for hint, there in found.items() if there)

    def _why_no_face(self, now: float, picture: Picture) -> Hint:
        if picture.luma is not None and picture.luma < DARK_PICTURE:
            return Hint.MORE_LIGHT
        if self._before is not None:
            last_s, face = self._before
            if now - last_s < REMEMBERED_S and self._is_near(face, picture):
                return Hint.GO_BACK
        return Hint.NO_FACE

    def _is_near(self, face: Face, picture: Picture) -> bool:
        share = max(
            face.width_px / (WIDE * picture.width),
            face.width_px / (HIGH * picture.height),
        )
        return self._above(Hint.GO_BACK, share, 1.0)

    def _looks_aside(self, face: Face, asked: Asked) -> bool:
        hint, yaw, pitch = Hint.LOOK_STRAIGHT, abs(face.yaw_deg), abs(face.pitch_deg)
        if asked.rest:
            return self._above(hint, yaw, ASIDE_YAW_DEG) or self._above(
                hint, pitch, ASIDE_PITCH_DEG
            )
        if asked.act in EYE_ACTS:
            return self._above(hint, max(yaw, pitch), ASIDE_ANY_DEG)
        return False

    def _speed(self, face: Face, now: float) -> float:
        """Return how fast the face's middle moves, in its widths a second."""
        if self._before is None or now <= self._before[0]:
            return 0.0
        before_s, before = self._before
        (x, y), (was_x, was_y) = _middle(face), _middle(before)
        width = max(face.box.width, before.box.width, 1e-6)
        return max(abs(x - was_x), abs(y - was_y)) / width / (now - before_s)

    def _above(self, hint: Hint, value: float, limit: float) -> bool:
        return value > limit * (LOOSER if hint is self._hint else 1.0)

    def _below(self, hint: Hint, value: float, limit: float) -> bool:
        return value < limit / (LOOSER if hint is self._hint else 1.0)


def _against(asked: Asked) -> frozenset[Hint]:
    """Return the hints that would contradict what is asked."""
    if asked.rest or asked.act in EYE_ACTS:
        return frozenset()
    # A turned or nodding head, and one that comes back from there between two acts.
    return STILL_AND_STRAIGHT


def _middle(face: Face) -> tuple[float, float]:
    box = face.box
    return box.x + box.width / 2, box.y + box.height / 2


def _off_centre(face: Face, picture: Picture) -> float:
    x, y = _middle(face)
    return max(abs(x / picture.width - 0.5), abs(y / picture.height - 0.5))
