"""Simulates how recorded frames would look under a screen's colours: a stand-in.

**Simulated light, not measured light.** The recorded picture is taken as skin under an
ambient light; the screen's light is added, the ambient light being 1 at the face:

    lit = picture × (1 + strength × colour × g),   in linear light, per channel

`g` says how much of the screen reaches a point, 1 at the nose tip: Lambert's cosine and
the inverse square of the distance, summed over a screen of 3 × 3 small sources around
the camera. Depth comes from the fitted landmarks, spread over the picture. A camera
follows: slow exposure and white balance, noise, 8 bits, JPEG.

Left out: shine of skin and glasses, light between face parts, shadows, light that skin
scatters, the display's own colours. Ambient light from one side is a linear slope.
Leaves to others: finding the landmarks, and judging.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from likeness.core.light import linear
from likeness.core.seen import Rgb

Floats = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]  # height × width × 3, BGR

EYE_CORNERS: Final = (33, 263)  # the person's right and left, outer
EYE_CORNERS_MM: Final = 90.0
NOSE_TIP: Final = 1
GRID: Final = 32  # depth is spread over so many points across the picture's region
TO_LINEAR: Final = np.array([linear(byte) for byte in range(256)], np.float32)
SPREAD_MM: Final = 7.0  # about the distance from landmark to landmark
FINE: Final = 4 * 4096 - 1  # steps of linear light: finer than the darkest byte
_TO_SRGB: Final = np.searchsorted(
    (TO_LINEAR[1:] + TO_LINEAR[:-1]) / 2, np.arange(FINE + 1) / FINE
).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Scene:
    """Screen and shop. Lengths in millimetres."""

    strength: float = 0.10  # white screen over ambient light, at the nose tip
    distance: float = 450.0
    screen: tuple[float, float] = (340.0, 190.0)  # a monitor of 15.6 inches
    background: float = 700.0  # so far behind the face
    side_light: float = 0.0  # -1..1: how much more ambient light falls from one side
    depth: float = 1.0  # the network's depth is multiplied with it
    lamp: Rgb = (1.0, 1.0, 1.0)  # ambient light; warm is more red than blue


def reach_of_face(shape: tuple[int, int], landmarks: Floats, scene: Scene) -> Floats:
    """Say how much of the screen reaches each point of a picture with a face.

    Args:
        shape: height and width of the picture.
        landmarks: 468×3 in its pixels, z towards the back of the head.
        scene: screen and shop.

    Returns:
        height × width, 1 at the nose tip, over the relative ambient light there.
    """
    face, mask = _surface(shape, landmarks, scene.depth)
    points, normals = face[..., :3], face[..., 3:]
    light = _irradiance(points, normals, scene)
    behind = np.array([0, 0, scene.background], np.float32)
    flat = np.broadcast_to(np.array([0, 0, -1], np.float32), points.shape)
    light = mask * light + (1 - mask) * _irradiance(points + behind, flat, scene)
    nose = _irradiance(
        np.zeros((1, 1, 3), np.float32), np.array([[[0, 0, -1]]], np.float32), scene
    )
    ambient = 1 + scene.side_light * normals[..., 0] * mask
    reach = light / nose / np.maximum(ambient, 0.1)
    large = cv2.resize(reach, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32)


def reach_of_print(shape: tuple[int, int], tilt_deg: float, scene: Scene) -> Floats:
    """Say the same of a flat print that fills the picture, its side tilted away."""
    width_mm = 2.5 * EYE_CORNERS_MM
    across = np.linspace(-width_mm / 2, width_mm / 2, shape[1], dtype=np.float32)
    tilt = np.radians(tilt_deg)
    points = np.zeros((1, shape[1], 3), np.float32)
    points[0, :, 0], points[0, :, 2] = across * np.cos(tilt), across * np.sin(tilt)
    normal = np.array([np.sin(tilt), 0, -np.cos(tilt)], np.float32)
    light = _irradiance(points, np.broadcast_to(normal, points.shape), scene)
    reach = light / light[0, shape[1] // 2]
    return np.asarray(np.broadcast_to(reach, shape), np.float32)


def light_up(picture: Picture, reach: Floats, colour: Rgb, scene: Scene) -> Floats:
    """Return a picture in linear light with the screen's colour added."""
    lamp = np.array(scene.lamp[::-1], np.float32)
    shown = np.array(colour[::-1], np.float32)
    share = scene.strength * shown / lamp
    return np.asarray(TO_LINEAR[picture] * (1 + reach[..., None] * share), np.float32)


def light_screen(
    played: Floats, colour: Rgb, scene: Scene, *, glass: float = 0.03
) -> Floats:
    """Return a replay on a screen: its own light, and a weak veil from its glass.

    Args:
        played: what it plays, in linear light.
        colour: what the terminal's screen shows.
        scene: screen and shop.
        glass: what the glass sends back, as a share of the played picture's mean.
    """
    veil = glass * scene.strength * float(played.mean())
    return np.asarray(played + veil * np.array(colour[::-1], np.float32), np.float32)


class SlowCamera:
    """Exposure and white balance that follow slowly, noise, 8 bits, JPEG."""

    def __init__(
        self,
        seed: int,
        *,
        exposure_s: float = 0.5,
        balance_s: float = 1.5,
        noise: float = 0.004,
        quality: int = 90,
    ) -> None:
        self._random = np.random.default_rng(seed)
        self._exposure_s = exposure_s
        self._balance_s = balance_s
        self._noise = noise  # of full scale at full scale, in linear light
        self._quality = quality
        self._gains = np.ones(3)
        self._wanted: npt.NDArray[np.float64] | None = None

    def develop(self, light: Floats, after_s: float) -> Picture:
        """Turn linear light (BGR) into a picture, `after_s` after the one before."""
        means = light[::4, ::4].mean(axis=(0, 1), dtype=np.float64)
        if self._wanted is None:
            self._wanted = means
        self._follow(self._wanted / means, after_s)
        value = light * self._gains.astype(np.float32)
        spread = self._noise * np.sqrt(np.maximum(value, 0.01))
        noise = self._random.standard_normal(value.shape, np.float32)
        value = np.clip(value + spread * noise, 0, 1)
        coded = _TO_SRGB[np.rint(value * FINE).astype(np.uint16)]
        _, packed = cv2.imencode(
            ".jpg", coded, (cv2.IMWRITE_JPEG_QUALITY, self._quality)
        )
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)

    def _follow(self, target: npt.NDArray[np.float64], after_s: float) -> None:
        """Move the overall gain and the balance of channels towards the target's."""
        error = np.log(target / self._gains)
        level = error.mean()
        level_step = 1 - math.exp(-after_s / self._exposure_s)
        balance_step = 1 - math.exp(-after_s / self._balance_s)
        self._gains *= np.exp(level * level_step + (error - level) * balance_step)


def _surface(
    shape: tuple[int, int], landmarks: Floats, depth: float
) -> tuple[Floats, Floats]:
    """Give position (mm from the nose tip) and normal on a grid, and where face is."""
    right, left = landmarks[EYE_CORNERS[0]], landmarks[EYE_CORNERS[1]]
    mm = EYE_CORNERS_MM / float(np.linalg.norm(left - right))
    height, width = shape
    x = (np.arange(GRID, dtype=np.float32) + 0.5) * width / GRID
    y = (np.arange(GRID, dtype=np.float32) + 0.5) * height / GRID
    place = np.stack(np.meshgrid(x, y), axis=-1)
    nose = landmarks[NOSE_TIP]
    points = np.empty((GRID, GRID, 3), np.float32)
    points[..., :2] = (place - nose[:2]) * mm
    points[..., 2] = (_spread(place, landmarks, mm) - nose[2]) * mm * depth
    down, across = np.gradient(points[..., 2])
    step_x, step_y = width / GRID * mm, height / GRID * mm
    normals = np.stack([across / step_x, down / step_y, -np.ones_like(down)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    to_grid = np.array([GRID / width, GRID / height], np.float32)
    hull = cv2.convexHull(landmarks[:, :2] * to_grid)
    mask = np.zeros((GRID, GRID), np.float32)
    cv2.fillConvexPoly(mask, np.rint(hull).astype(np.int32), (1.0,))
    mask = np.asarray(cv2.blur(mask, (3, 3)), np.float32)
    return np.concatenate([points, normals], axis=-1), mask


def _spread(place: Floats, landmarks: Floats, mm: float) -> Floats:
    """Depth at each place: mean of the landmarks' around it, nearer ones more."""
    at, points = place.reshape(-1, 2), landmarks[:, :2]
    squared = (at**2).sum(-1)[:, None] + (points**2).sum(-1) - 2 * at @ points.T
    # The second part decides only far from every landmark.
    weight = np.exp(squared * (-0.5 * (mm / SPREAD_MM) ** 2)) + 1e-9 / (1 + squared)
    depth = weight @ landmarks[:, 2] / weight.sum(-1)
    return np.asarray(depth.reshape(place.shape[:2]), np.float32)


def _irradiance(points: Floats, normals: Floats, scene: Scene) -> Floats:
    """Sum over 3 × 3 sources in the plane of the camera, facing the face."""
    total = np.zeros(points.shape[:-1], np.float32)
    for right in (-1, 0, 1):
        for down in (-1, 0, 1):
            source = np.array(
                [
                    right * scene.screen[0] / 3,
                    down * scene.screen[1] / 3,
                    -scene.distance,
                ],
                np.float32,
            )
            to_source = source - points
            squared = (to_source**2).sum(axis=-1)
            to_source /= np.sqrt(squared)[..., None]
            falls = np.maximum((normals * to_source).sum(axis=-1), 0)
            total += falls * np.maximum(-to_source[..., 2], 0) / squared
    return total
