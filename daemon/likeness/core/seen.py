"""What vision says of a frame, and what it is asked about the next one.

Leaves to others: every rule. Colours and embeddings tell of a person and never show in
a repr. Times are seconds on the monotonic clock of their source.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture with its capture time.

    `image` is height × width × 3, uint8, BGR as OpenCV gives it. `small` is the same
    exposure in few pixels, of a camera that makes two pictures at once.
    """

    captured_s: float
    number: int  # counts captured frames, so that a gap shows what was dropped
    image: Any = field(repr=False)  # numpy array; core never looks inside, hence Any
    small: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of its frame: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


Embedding = tuple[float, ...]  # 128 numbers, unit length


Rgb = tuple[float, float, float]  # red, green, blue in linear light, 0..1


@dataclass(frozen=True, slots=True)
class FaceLight:
    """Mean colours of one frame, for the light answer; they tell of a skin."""

    regions: tuple[Rgb, ...] = field(repr=False)  # in the order of light_answer.Region
    surround: Rgb = field(repr=False)  # of what is seen beside and above the face


@dataclass(frozen=True, slots=True)
class Parallax:
    """How a turned face moved against a more frontal view of the same visit."""

    turn_deg: float  # yaw against that view
    # How deep the face is, as a share of what the mesh believes: 0 is flat. What no
    # sheet can follow, per depth and sine of the turn.
    depth: float
    noise: float  # the depth's standard error


@dataclass(frozen=True, slots=True)
class Face:
    """What one frame says about the one face that is followed.

    Eyes and turns are the person's own: left is the person's left. Angles in degrees;
    yaw > 0 turns to the person's own left, pitch > 0 looks up, roll > 0 tilts the
    head's crown towards the person's own left shoulder.
    """

    box: Box
    presence: float  # 0..1, how sure the mesh is that this is a face
    # Openness: height over width of the eye's opening; nan when it was not asked for,
    # so that whatever is compared with it is false.
    eye_left: float
    eye_right: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    sharpness: float  # 0..1 on the aligned crop
    brightness: float  # 0..1 mean luma on the face
    glare_left: float  # 0..1, share of the eye's region that is blown out
    glare_right: float
    width_px: float  # between the outer edges of the face, in camera pixels
    # N×3 array of x, y, z in pixels; core never looks inside, hence Any.
    landmarks: Any = field(default=None, repr=False, compare=False)
    embedding: Embedding | None = field(default=None, repr=False)
    passive: float | None = None  # 0 attack .. 1 live; None: not asked or not judged
    # How dark a line, of irises or lashes, crosses the eyes, as a share of brightness;
    # the fainter of both eyes. None: not measured in this frame.
    lid_line: float | None = None
    parallax: Parallax | None = None  # None: not asked, or not turned enough
    # 0..2, how much the face looks otherwise than one frame ago: one less the
    # correlation of the two; None: there was no face.
    change: float | None = None
    light: FaceLight | None = field(default=None, repr=False)  # None: not asked


@dataclass(frozen=True, slots=True)
class Observation:
    """One frame, understood. The capture time travels with it."""

    captured_s: float
    frame: int
    faces: int
    face: Face | None
    digest: int = 0  # of the picture; the same number: the same picture. 0: not taken


@dataclass(frozen=True, slots=True)
class EmbedWhen:
    """Ask for an embedding if the face is turned and tilted at most this much."""

    max_yaw_deg: float
    max_pitch_deg: float


@dataclass(frozen=True, slots=True)
class Attention:
    """What the rules want to know about the next frame, beyond where the face is.

    Each costs more than following the face does, so it is asked for.
    """

    eyes: bool  # measure the openness of both eyes
    embed: EmbedWhen | None
    passive: bool = False  # judge the texture: a face, or a print or screen of one
    parallax: bool = False  # measure how deep a turned face is
    light: bool = False  # measure its colours, and those beside it
