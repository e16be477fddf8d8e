"""Makes recaptures of a frame: a face once more, from paper or from a screen.

Everything is drawn at random (domain randomisation), so that no single look of a
print or a display is learned: tone, dot screen, pixel grid with its moiré, bend,
glare, bands, bezel, scene around it. `photograph` is what any camera does and is
applied to live frames, too: exposure, blur, noise, compression must never tell the
classes apart. Leaves to others: which frames, how many, and what is cut out (`data`).

Pictures are height×width×3, BGR; landmarks are N×2 in pixels. The model of a display is
that of a grid of stripes seen by a second grid: its aliases are the moiré pattern.
"""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Random = np.random.Generator

NOISE_SIDE = 1500
FINEST = 0.7  # pixels of the camera for one of the medium, when it is sampled
CANVASES = ((640, 480), (640, 480), (512, 512), (480, 480), (480, 640), (400, 300))
PSF_PX = 0.35  # spread of a camera pixel: it weakens finer grids


@dataclass(frozen=True)
class Shot:
    """A picture with the landmarks of its face."""

    picture: Pixels
    points: Floats

    @property
    def face_px(self) -> float:
        """Larger side of the box around the landmarks."""
        return float(np.ptp(self.points, axis=0).max())

    @property
    def centre(self) -> Floats:
        """Middle of the box around the landmarks."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        return np.asarray((low + high) / 2, np.float32)


def chance(rng: Random, share: float) -> bool:
    """Say yes in this share of the cases."""
    return bool(rng.random() < share)


@cache
def _noise() -> Floats:
    """One large sheet of white noise, from which pieces are taken: drawing is slow."""
    sheet = np.random.default_rng(0).standard_normal(
        (NOISE_SIDE, NOISE_SIDE, 3), np.float32
    )
    return np.asarray(sheet, np.float32)


def white_noise(shape: tuple[int, ...], rng: Random) -> Floats:
    """Take a piece of the sheet: mean 0, deviation 1; at most 1500 pixels wide."""
    top, left = (int(rng.integers(0, NOISE_SIDE - side + 1)) for side in shape[:2])
    return _noise()[top : top + shape[0], left : left + shape[1]]


def resized(shot: Shot, scale: float, how: int | None = None) -> Shot:
    """Scale picture and landmarks."""
    if how is None:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture = cv2.resize(shot.picture, None, fx=scale, fy=scale, interpolation=how)
    return Shot(np.asarray(picture, np.uint8), shot.points * np.float32(scale))


def jpeg(picture: Pixels, quality: int) -> Pixels:
    """Compress and decompress."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def photograph(picture: Pixels, rng: Random) -> Pixels:
    """Exposure, colour, blur, sharpening, noise, compression: those of any camera."""
    if chance(rng, 0.3):
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.2)))
    elif chance(rng, 0.2):
        soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.8, 2.0))
        amount = rng.uniform(0.3, 1.2)
        picture = np.asarray(
            cv2.addWeighted(picture, 1 + amount, soft, -amount, 0), np.uint8
        )
    if chance(rng, 0.7):
        gain = 2 ** rng.uniform(-0.7, 0.6) * rng.uniform(0.9, 1.1, 3)
        ramp = np.linspace(0, 1, 256)[:, None] * gain
        curve = np.clip(ramp, 0, 1) ** rng.uniform(0.75, 1.35)
        table = (curve * 255).astype(np.uint8).reshape(1, 256, 3)
        picture = np.asarray(cv2.LUT(picture, table), np.uint8)
    if chance(rng, 0.5):
        grey = cv2.cvtColor(
            cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR
        )
        part = rng.uniform(0.5, 1.3)
        picture = np.asarray(
            cv2.addWeighted(picture, part, grey, 1 - part, 0), np.uint8
        )
    if chance(rng, 0.5):
        noise = white_noise(picture.shape, rng)
        if chance(rng, 0.4):  # after a camera's own denoising
            noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.7), np.float32)
        level = rng.uniform(1, 7)
        picture = np.asarray(
            cv2.addWeighted(picture, 1, noise, level, 0, dtype=cv2.CV_8U), np.uint8
        )
    if chance(rng, 0.7):
        picture = jpeg(picture, int(rng.integers(35, 96)))
    return picture


def recaptured(
    shot: Shot, face_px: float, backdrop: Pixels, rng: Random, *, screen: bool
) -> Shot:
    """Show the face on paper or on a screen and take its picture.

    Args:
        shot: the source.
        face_px: wanted size of the face in the new picture.
        backdrop: any picture, for what is around the paper or the screen.
        rng: where every choice comes from.
        screen: on a screen; else on paper.
    """
    fills = chance(rng, 0.4)
    medium = _medium(shot, rng, whole=fills or chance(rng, 0.5))
    medium = _toned(medium, rng, screen=screen)
    scale = face_px / medium.face_px
    if scale < FINEST:  # the camera's own averaging
        medium, scale = resized(medium, scale / FINEST), FINEST
    if chance(rng, 0.6):
        blurred = cv2.GaussianBlur(
            medium.picture, (0, 0), rng.uniform(0.3, 1.3) / scale
        )
        medium = Shot(np.asarray(blurred, np.uint8), medium.points)
    medium = _framed(medium, rng, screen=screen, fills=fills)
    height, width = medium.picture.shape[:2]
    if fills:  # nothing but the medium is seen
        inside = 0.94
        size = (int(width * scale * inside), int(height * scale * inside))
    else:
        size = CANVASES[rng.integers(len(CANVASES))]
    to_camera = _placement(medium, scale, size, rng, fills=fills)
    u, v = _medium_at(to_camera, size)
    if not screen:
        u, v = _bent(u, v, (width, height), rng)
    seen = cv2.remap(
        medium.picture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    grid = _display_grid if screen else _dot_screen
    if chance(rng, 0.75):
        seen = grid(seen, u * scale, v * scale, rng)
    seen = _lit(seen, u / width, v / height, rng, screen=screen)
    if not fills:
        seen = _in_scene(seen, u, v, (width, height), backdrop)
    points = cv2.perspectiveTransform(medium.points[None], to_camera)[0]
    picture = np.clip(seen, 0, 255).astype(np.uint8)
    return Shot(picture, np.asarray(points, np.float32))


def _medium(shot: Shot, rng: Random, *, whole: bool) -> Shot:
    """What is printed or shown: the whole frame, or a portrait cut out of it."""
    picture, points = shot.picture, shot.points
    if not whole:
        half = shot.face_px / 2 * rng.uniform(1.1, 2.2, 4)
        x, y = shot.centre
        left, top = max(0, int(x - half[0])), max(0, int(y - half[1]))
        picture = picture[top : int(y + half[2]), left : int(x + half[3])]
        points = points - np.array([left, top], np.float32)
    result = Shot(np.ascontiguousarray(picture), points)
    if chance(rng, 0.3):
        result = resized(result, rng.uniform(0.5, 0.9))
    if chance(rng, 0.5):
        result = Shot(jpeg(result.picture, int(rng.integers(30, 93))), result.points)
    return result


def _toned(shot: Shot, rng: Random, *, screen: bool) -> Shot:
    """Gamut, black level and tone curve of ink on paper, or of a display."""
    colour = rng.uniform(0.7, 1.25) if screen else rng.uniform(0.35, 1.05)
    mix = np.full((3, 3), (1 - colour) / 3) + colour * np.eye(3)
    mixed = cv2.transform(shot.picture, mix)
    if screen:  # backlight bleed; displays lean to blue
        black = rng.uniform(0.0, 0.15)
        white = np.array([1, rng.uniform(0.85, 1), rng.uniform(0.75, 1)])
    else:
        black = rng.uniform(0.03, 0.28)
        white = rng.uniform(0.78, 1.0) * rng.uniform(0.88, 1, 3)
    ramp = np.linspace(0, 1, 256)[:, None] ** rng.uniform(0.7, 1.5)
    table = (255 * (black + (white - black) * ramp)).astype(np.uint8)
    toned = cv2.LUT(mixed, table.reshape(1, 256, 3))
    return Shot(np.asarray(toned, np.uint8), shot.points)


def _framed(shot: Shot, rng: Random, *, screen: bool, fills: bool) -> Shot:
    """Give a screen its bezel and some paper its border."""
    if fills or (not screen and chance(rng, 0.5)):
        return shot
    shade = rng.uniform(5, 60, 3) if screen else rng.uniform(190, 255) * np.ones(3)
    if screen and chance(rng, 0.2):
        shade = rng.uniform(180, 250) * np.ones(3)
    wide = rng.uniform(0.02, 0.15, 4) * max(shot.picture.shape)
    above, below, left, right = (int(side) for side in wide)
    border = (above, below, left, right)
    framed = cv2.copyMakeBorder(
        shot.picture, *border, cv2.BORDER_CONSTANT, value=shade.tolist()
    )
    moved = shot.points + np.array([left, above], np.float32)
    return Shot(np.asarray(framed, np.uint8), moved.astype(np.float32))


def _placement(
    medium: Shot, scale: float, size: tuple[int, int], rng: Random, *, fills: bool
) -> Floats:
    """3×3 homography from the medium to the camera: turned, shifted, tipped."""
    height, width = medium.picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    x, y = corners.mean(axis=0) if fills else medium.centre
    angle = rng.normal(0, 0.01 if fills else 0.08)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    turned = (corners - [x, y]) @ np.array([[cos, sin], [-sin, cos]])
    shift = np.array(size) * (0.5 + (0 if fills else 1) * rng.uniform(-0.12, 0.12, 2))
    tip = rng.uniform(-1, 1, (4, 2)) * scale * min(width, height)
    turned = turned + shift + tip * (0.01 if fills else rng.uniform(0, 0.07))
    return np.asarray(
        cv2.getPerspectiveTransform(corners, turned.astype(np.float32)), np.float32
    )


def _medium_at(to_camera: Floats, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """For each pixel of the camera: where on the medium it looks."""
    back = np.linalg.inv(to_camera.astype(np.float64)).astype(np.float32)
    x = np.arange(size[0], dtype=np.float32)[None]
    y = np.arange(size[1], dtype=np.float32)[:, None]
    depth = back[2, 0] * x + back[2, 1] * y + back[2, 2]
    u = (back[0, 0] * x + back[0, 1] * y + back[0, 2]) / depth
    v = (back[1, 0] * x + back[1, 1] * y + back[1, 2]) / depth
    return u, v


def _bent(
    u: Floats, v: Floats, size: tuple[int, int], rng: Random
) -> tuple[Floats, Floats]:
    """Bend the paper a little along one direction."""
    if chance(rng, 0.5):
        return u, v
    depth = np.float32(rng.uniform(0, 0.03) * size[0])
    phase, rate = rng.uniform(0, 2 * math.pi), rng.uniform(1.5, 5)
    u = u + depth * np.sin(v * np.float32(rate / size[1]) + np.float32(phase))
    return u.astype(np.float32), v


def _display_grid(seen: Floats, u: Floats, v: Floats, rng: Random) -> Floats:
    """Stripes of red, green and blue, and rows; u, v in pixels of the camera."""
    pitch = math.exp(rng.uniform(math.log(0.45), math.log(2.6)))
    angle = rng.choice([0.0, math.pi / 2]) + rng.normal(0, 0.02)
    rate = np.float32(2 * math.pi / pitch)
    a, b = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    across, along = rate * (a * u + b * v), rate * (a * v - b * u)
    blur = math.exp(-2 * (math.pi * PSF_PX / pitch) ** 2)
    strength = max(0.02, rng.uniform(0.1, 1.2) * blur)
    cos, sin = np.cos(across), np.sin(across)
    rows = 1 + np.float32(strength * rng.uniform(0.2, 1)) * np.cos(along)
    shift = rng.choice([0.0, 2 * math.pi / 3])  # without stripes: white pixels
    for channel in range(3):
        c, s = math.cos(channel * shift), math.sin(channel * shift)
        stripes = np.float32(c) * cos + np.float32(s) * sin
        seen[..., channel] *= (1 + np.float32(strength) * stripes) * rows
    return seen


def _dot_screen(seen: Floats, u: Floats, v: Floats, rng: Random) -> Floats:
    """Halftone dots, or the irregular grain of ink jets."""
    strength = np.float32(rng.uniform(6, 45))
    if chance(rng, 0.5):
        spread = rng.uniform(0.4, 1.2)
        grain = cv2.GaussianBlur(white_noise(seen.shape, rng), (0, 0), spread)
        dots = np.asarray(grain * np.float32(1.5 * spread), np.float32)
    else:
        pitch = math.exp(rng.uniform(math.log(0.9), math.log(5)))
        rate = np.float32(2 * math.pi / pitch)
        dots = np.empty_like(seen)
        one_ink = chance(rng, 0.4)
        for channel, degrees in enumerate((0, 75, 15)):
            angle = math.radians(45 if one_ink else degrees)
            a, b = np.float32(math.cos(angle)), np.float32(math.sin(angle))
            dots[..., channel] = (
                np.cos(rate * (a * u + b * v)) + np.cos(rate * (a * v - b * u))
            ) / 2
        strength *= np.float32(math.exp(-2 * (math.pi * PSF_PX / pitch) ** 2) + 0.1)
    tone = seen / 255
    return np.asarray(seen + strength * dots * (4 * tone * (1 - tone)), np.float32)


def _lit(seen: Floats, u: Floats, v: Floats, rng: Random, *, screen: bool) -> Floats:
    """Uneven light, glare, and the bands of a flickering display; u, v in 0..1."""
    if chance(rng, 0.5):
        a, b = rng.uniform(-0.35, 0.35, 2)
        seen = (
            seen
            * (1 + np.float32(a) * (u - 0.5) + np.float32(b) * (v - 0.5))[..., None]
        )
    if chance(rng, 0.3):
        x, y = rng.uniform(0, 1, 2)
        across, along = rng.uniform(0.05, 0.5, 2)
        spot = np.exp(-(((u - x) / across) ** 2) - ((v - y) / along) ** 2)
        seen = seen + np.float32(rng.uniform(30, 170)) * spot[..., None]
    if screen and chance(rng, 0.3):
        y = np.arange(seen.shape[0], dtype=np.float32)[:, None, None]
        rate = 2 * math.pi / rng.uniform(15, 300)
        band = np.sin(np.float32(rate) * y + np.float32(rng.uniform(0, 6)))
        seen = seen * (1 + np.float32(rng.uniform(0.03, 0.2)) * band)
    return seen.astype(np.float32)


def _in_scene(
    seen: Floats, u: Floats, v: Floats, size: tuple[int, int], backdrop: Pixels
) -> Floats:
    """Put the medium before a backdrop."""
    height, width = seen.shape[:2]
    outside = ((u < 0) | (v < 0) | (u >= size[0]) | (v >= size[1])).astype(np.uint8)
    scene = cv2.resize(backdrop, (width, height)).astype(np.float32)
    return np.asarray(cv2.copyTo(scene, outside, seen), np.float32)
