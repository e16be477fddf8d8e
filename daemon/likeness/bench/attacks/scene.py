"""Where a sheet (paper or screen) appears in a pinhole camera, and how it is lit.

Millimetres in the camera's frame: x right, y down, z away. A sheet's own frame has its
origin in its middle and is seen upright at pose zero. It may be bent about a vertical
axis, its edges away from the camera. Leaves to others: what is on the sheet, who moves
it, what the sensor makes of the light.

Rays are cut with the sheet at every eighth pixel and interpolated between; the error is
some hundredths of a pixel for the tilts and distances used here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from likeness.vision.detect import Floats, Picture

COARSE = 8
BEYOND = 1  # coarse steps outside of the picture: nothing is extrapolated
NOWHERE = -1e6  # a ray that meets no sheet
PARALLEL = 1e-6

# u and v on the sheet in mm, shading 0..1, light of the mirrored lamp.
Maps = tuple[Floats, Floats, Floats, Floats]
# What a screen does with its light: (light, u mm, v mm, (time, first row)) -> light.
Finish = Callable[[Floats, Floats, Floats, tuple[float, int]], Floats]


@dataclass(frozen=True, slots=True)
class Lens:
    """A pinhole camera: picture size and focal length in pixels."""

    width: int
    height: int
    focal_px: float


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a sheet's middle is and how the sheet is turned.

    Yaw > 0 faces the picture's right, pitch > 0 faces up, as for a head.
    """

    x_mm: float = 0.0
    y_mm: float = 0.0
    z_mm: float = 500.0
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0

    def plus(self, other: "Pose") -> "Pose":
        """Add positions and angles; the other's z counts as a change."""
        return Pose(
            self.x_mm + other.x_mm,
            self.y_mm + other.y_mm,
            self.z_mm + other.z_mm,
            self.yaw_deg + other.yaw_deg,
            self.pitch_deg + other.pitch_deg,
            self.roll_deg + other.roll_deg,
        )

    @property
    def rotation(self) -> Floats:
        """3×3, from the sheet's frame to the camera's."""
        yaw, pitch, roll = (
            math.radians(a) for a in (self.yaw_deg, self.pitch_deg, self.roll_deg)
        )
        cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
        cr, sr = math.cos(roll), math.sin(roll)
        about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
        about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
        about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        return np.asarray(about_y @ about_x @ about_z, np.float32)

    @property
    def middle(self) -> Floats:
        """Position as a vector."""
        return np.array([self.x_mm, self.y_mm, self.z_mm], np.float32)


@dataclass(frozen=True, slots=True)
class Lamp:
    """One soft lamp and light from everywhere."""

    position_mm: tuple[float, float, float]
    ambient: float  # 0..1, share of the light that has no direction


@dataclass(frozen=True, slots=True)
class Sheet:
    """A flat or bent thing with a picture on it.

    `texture` is height × width × 4, linear BGR times coverage, and coverage 0..1; or
    codes 0..255, for which `codes` (1 × 256 × 4) has those values.
    """

    texture: Floats | Picture = field(repr=False)
    px_per_mm: float
    bend_per_mm: float = 0.0  # curvature; 0: flat
    gloss: float = 0.0  # light of the lamp's mirror image, in units of white
    gloss_deg: float = 6.0  # how wide that image is
    emits: bool = False  # a screen: shading does not change its light
    finish: Finish | None = None
    codes: Floats | None = field(default=None, repr=False)


def place(
    canvas: Floats, sheet: Sheet, pose: Pose, lens: Lens, lamp: Lamp, at_s: float
) -> None:
    """Put the sheet before what is on the canvas (height × width × 3, linear light)."""
    maps = _cut(sheet, pose, _rays(lens), lamp)
    part = _seen_part(sheet, maps)
    if part is None:
        return
    top, left, (u, v, shade, mirror) = _refine(maps, part, lens)
    behind = canvas[top : top + u.shape[0], left : left + u.shape[1]]
    height, width = sheet.texture.shape[:2]
    seen = cv2.remap(
        sheet.texture,
        u * np.float32(sheet.px_per_mm) + np.float32((width - 1) / 2),
        v * np.float32(sheet.px_per_mm) + np.float32((height - 1) / 2),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    if sheet.codes is not None:
        seen = cv2.LUT(seen, sheet.codes)
    # OpenCV's own arithmetic: broadcasting over three channels is slow.
    light = np.asarray(cv2.cvtColor(seen, cv2.COLOR_BGRA2BGR), np.float32)
    cover = cv2.cvtColor(cv2.extractChannel(seen, 3), cv2.COLOR_GRAY2BGR)
    if sheet.finish is not None:
        light = sheet.finish(light, u, v, (at_s, top))
    if sheet.codes is not None:  # which know nothing of coverage
        light = light * cover
    if not sheet.emits:
        light = light * cv2.cvtColor(shade, cv2.COLOR_GRAY2BGR)
    if sheet.gloss:
        light = light + cv2.cvtColor(mirror, cv2.COLOR_GRAY2BGR) * cover
    behind *= 1 - cover
    behind += light


def _refine(maps: Maps, part: tuple[slice, slice], lens: Lens) -> tuple[int, int, Maps]:
    """Interpolate a part of coarse maps to pixels; with its first row and column."""
    size = [(span.stop - span.start) * COARSE for span in part]
    top, left = ((span.start - BEYOND) * COARSE for span in part)
    inside = (
        slice(max(-top, 0), min(size[0], lens.height - top)),
        slice(max(-left, 0), min(size[1], lens.width - left)),
    )
    u, v, shade, mirror = (
        np.asarray(cv2.resize(one[part], size[::-1])[inside], np.float32)
        for one in maps
    )
    return max(top, 0), max(left, 0), (u, v, shade, mirror)


@lru_cache(maxsize=4)
def _rays(lens: Lens) -> Floats:
    steps = (
        (np.arange(-BEYOND, side // COARSE + BEYOND) + 0.5) * COARSE - side / 2
        for side in (lens.width, lens.height)
    )
    across, down = np.meshgrid(*(step / lens.focal_px for step in steps))
    rays = np.stack([across, down, np.ones_like(across)], axis=-1)
    return np.asarray(rays, np.float32)


def _seen_part(sheet: Sheet, maps: Maps) -> tuple[slice, slice] | None:
    """Say within which coarse rows and columns the sheet lies."""
    step = COARSE / sheet.px_per_mm * 2
    height, width = (side / sheet.px_per_mm for side in sheet.texture.shape[:2])
    hit = (np.abs(maps[0]) < width / 2 + step) & (np.abs(maps[1]) < height / 2 + step)
    spans = []
    for axis in (1, 0):
        places = np.flatnonzero(hit.any(axis=axis))
        if places.size == 0:
            return None
        spans.append(slice(max(places[0] - 1, 0), int(places[-1]) + 2))
    rows, columns = spans
    limit = maps[0].shape
    return slice(rows.start, min(rows.stop, limit[0])), slice(
        columns.start, min(columns.stop, limit[1])
    )


def _cut(sheet: Sheet, pose: Pose, rays: Floats, lamp: Lamp) -> Maps:
    """Cut coarse rays with a sheet: u, v in mm, diffuse light 0..1, mirrored lamp."""
    rotation = pose.rotation
    inside = rays @ rotation  # directions in the sheet's frame
    origin = -pose.middle @ rotation
    if sheet.bend_per_mm:
        u, v, point, normal = _cut_bent(origin, inside, 1 / sheet.bend_per_mm)
    else:
        away = inside[..., 2]
        far = -origin[2] / np.where(np.abs(away) < PARALLEL, PARALLEL, away)
        point = origin + far[..., None] * inside
        u, v = np.where(far > 0, point[..., 0], NOWHERE), point[..., 1]
        normal = np.array([0, 0, -1], np.float32)
    at = (point @ rotation.T + pose.middle).astype(np.float32)
    facing = np.broadcast_to(normal @ rotation.T, at.shape)
    to_lamp = _unit(np.array(lamp.position_mm, np.float32) - at)
    cosine = np.einsum("...i,...i", facing, to_lamp)
    shade = lamp.ambient + (1 - lamp.ambient) * np.clip(cosine, 0, 1)
    mirror = _mirror(sheet, at, facing, to_lamp)
    u, v, shade = (one.astype(np.float32) for one in (u, v, shade))
    return u, v, shade, mirror


def _mirror(sheet: Sheet, at: Floats, facing: Floats, to_lamp: Floats) -> Floats:
    """The lamp's image: how near each point mirrors the lamp into the camera."""
    if not sheet.gloss:
        return np.zeros(at.shape[:2], np.float32)
    to_eye = _unit(-at)
    along = np.einsum("...i,...i", facing, to_eye)[..., None]
    mirrored = 2 * along * facing - to_eye
    off = np.arccos(np.clip(np.einsum("...i,...i", mirrored, to_lamp), -1, 1))
    width = math.radians(sheet.gloss_deg)
    return np.asarray(sheet.gloss * np.exp(-((off / width) ** 2) / 2), np.float32)


def _cut_bent(
    origin: Floats, rays: Floats, radius: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Cut rays with the near side of a cylinder that touches the sheet's middle."""
    ox, oz = origin[0], origin[2] - radius
    a = rays[..., 0] ** 2 + rays[..., 2] ** 2
    b = ox * rays[..., 0] + oz * rays[..., 2]
    within = b * b - a * (ox * ox + oz * oz - radius * radius)
    far = (-b - np.sqrt(np.maximum(within, 0))) / a
    point = origin + far[..., None] * rays
    angle = np.arctan2(point[..., 0], radius - point[..., 2])
    u = np.where(within > 0, angle * radius, NOWHERE)
    normal = np.stack([np.sin(angle), np.zeros_like(angle), -np.cos(angle)], axis=-1)
    return u, point[..., 1], point, normal


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-6), np.float32)
