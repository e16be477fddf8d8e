"""Paints what is behind an attack: a wall, furniture out of focus, somebody's clothes.

Leaves to others: whatever is held before it.
"""

import cv2
import numpy as np

from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.scene import Lens
from likeness.vision.detect import Floats


def paint(draws: Draws, lens: Lens) -> Floats:
    """Return height × width × 3 linear light, white = 1."""
    height, width = lens.height, lens.width
    wall = draws.between("wall", 0.15, 0.7)
    tint = draws.rng.uniform(0.9, 1.1, 3)
    slope = np.linspace(draws.rng.uniform(0.7, 1), draws.rng.uniform(0.7, 1), width)
    room = (wall * tint * slope[None, :, None] * np.ones((height, 1, 1))).astype(
        np.float32
    )
    for _ in range(int(draws.one_of("things", (4, 8, 14)))):
        _thing(room, draws)
    blur_px = draws.between("room_blur_px", 1.5, 6.0)
    room = np.asarray(cv2.GaussianBlur(room, (0, 0), blur_px), np.float32)
    if draws.one_of("holder", ("seen", "hidden")) == "seen":
        room = _clothes(room, draws)
    return room


def _thing(room: Floats, draws: Draws) -> None:
    height, width = room.shape[:2]
    x, y = draws.rng.integers(0, width), draws.rng.integers(height // 8, height)
    w = draws.rng.integers(width // 30, width // 4)
    h = draws.rng.integers(height // 20, height // 2)
    colour = draws.rng.uniform(0.02, 0.6) * draws.rng.uniform(0.5, 1.2, 3)
    room[y : y + h, x : x + w] = colour


def _clothes(room: Floats, draws: Draws) -> Floats:
    """Somebody stands behind: a body with folds, seen from the shoulders down."""
    height, width = room.shape[:2]
    middle = width / 2 + draws.rng.uniform(-0.1, 0.1) * width
    half = draws.between("body_width", 0.28, 0.42) * width
    top = draws.between("body_top", 0.0, 0.35) * height
    outline = np.array(
        [
            [middle - half * 0.3, top],
            [middle + half * 0.3, top],
            [middle + half, top + 0.15 * height],
            [middle + 1.1 * half, height],
            [middle - 1.1 * half, height],
            [middle - half, top + 0.15 * height],
        ]
    )
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [outline.astype(np.int32)], (1.0,))
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.0), np.float32)[:, :, None]
    folds = draws.rng.standard_normal((8, 16)).astype(np.float32)
    folds = np.asarray(
        cv2.resize(folds, (width, height), interpolation=cv2.INTER_CUBIC)
    )
    cloth = draws.rng.uniform(0.05, 0.6) * draws.rng.uniform(0.5, 1.2, 3)
    lit = (cloth * (1 + 0.12 * folds[:, :, None])).astype(np.float32)
    return np.asarray(room * (1 - mask) + np.clip(lit, 0, 1) * mask, np.float32)
