"""Moves the face of one still picture: turns the head and shuts the eyes.

The 468 landmarks are joined to triangles; each triangle of the moved face takes its
pixels from the still by its own affine map (piecewise-affine warp). Landmarks are
turned in space with the network's depth; a ring around the face follows by half, the
picture's border stays. Lids are drawn down with the skin above them. Triangles are
painted from far to near, so that the nose hides the cheek behind it.
Leaves to others: when it moves, and what shows the pictures.
"""

import math

import cv2
import numpy as np
import numpy.typing as npt

from likeness.bench.attacks.genuine import Shot
from likeness.vision.detect import Floats, Picture

DEPTH = 1.35  # the network understates it (vision/mesh.py)
RING = 1.55  # size of the ring around the face, in sizes of the face
RING_FOLLOWS = 0.5
BORDER = 5  # points along each side of the picture
# Landmarks of the lids' edges from the outer corner on, as seen at the picture's left.
UPPER = ((246, 161, 160, 159, 158, 157, 173), (466, 388, 387, 386, 385, 384, 398))
LOWER = ((7, 163, 144, 145, 153, 154, 155), (249, 390, 373, 374, 380, 381, 382))
FOLD = ((247, 30, 29, 27, 28, 56, 190), (467, 260, 259, 257, 258, 286, 414))
FOLD_FOLLOWS = 0.7
LOWER_RISES = 0.12  # the lower lid does little of a blink
CLOSES = 1.25  # landmarks lie a little within the lids: past their meeting
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378,
        400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21,
        54, 103, 67, 109)  # fmt: skip

EDGE_ON = 1e-6  # pixels², twice a triangle's area

Numbers = npt.NDArray[np.int32]


class Puppet:
    """One still, ready to be moved."""

    def __init__(self, shot: Shot) -> None:
        self._still = shot.picture
        self._points = shot.landmarks.astype(np.float64)
        oval = self._points[list(OVAL)]
        self._middle = oval.mean(axis=0)
        width = np.ptp(oval[:, 0])
        # The head turns about a point well behind the face.
        self._middle[2] = self._points[:, 2].max() + 0.1 * width
        self._ring = self._middle[:2] + RING * (oval[:, :2] - self._middle[:2])
        height, wide = self._still.shape[:2]
        self._border = _border(wide, height)
        self._used = _inside(self._points[:, :2], 0.04 * width)
        self._start = self._clip(
            np.vstack([self._points[self._used, :2], self._ring, self._border])
        )
        self._triangles = _join(self._start, wide, height)

    def pose(self, turn_deg: float, shut: float, nod_deg: float = 0.0) -> Picture:
        """Return the picture with the head turned and the eyes shut so far (0..1).

        Turning is about the upright axis, > 0 towards the picture's right.
        """
        face = self._turned(self._lidded(shut), turn_deg, nod_deg)
        shift = face[list(OVAL), :2] - self._points[list(OVAL), :2]
        ring = self._ring + RING_FOLLOWS * shift
        moved = np.vstack([face[self._used, :2], ring, self._border])
        depth = np.concatenate(
            [
                face[self._used, 2],
                np.full(len(ring) + len(self._border), face[:, 2].max()),
            ]
        )
        return self._paint(moved, depth)

    def eyes(self, grow: float) -> Floats:
        """Return 1 where an eye's opening is, made `grow` times as large; else 0."""
        mask = np.zeros(self._still.shape[:2], np.float32)
        for upper, lower in zip(UPPER, LOWER, strict=True):
            edge = self._points[list(upper + lower), :2]
            middle = edge.mean(axis=0)
            hull = cv2.convexHull((middle + grow * (edge - middle)).astype(np.int32))
            cv2.fillConvexPoly(mask, hull, (1.0,))
        return mask

    def _lidded(self, shut: float) -> npt.NDArray[np.float64]:
        points = self._points.copy()
        for upper, lower, fold in zip(UPPER, LOWER, FOLD, strict=True):
            above, below = points[list(upper)], points[list(lower)]
            gap = (below - above) * CLOSES * min(max(shut, 0.0), 1.0)
            points[list(upper)] += gap * (1 - LOWER_RISES)
            points[list(lower)] -= gap * LOWER_RISES
            points[list(fold)] += gap * FOLD_FOLLOWS
        return points

    def _turned(
        self, points: npt.NDArray[np.float64], turn_deg: float, nod_deg: float
    ) -> npt.NDArray[np.float64]:
        yaw, nod = math.radians(turn_deg), math.radians(nod_deg)
        about_y = np.array(
            [[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0],
             [math.sin(yaw), 0, math.cos(yaw)]]
        )  # fmt: skip
        about_x = np.array(
            [[1, 0, 0], [0, math.cos(nod), math.sin(nod)],
             [0, -math.sin(nod), math.cos(nod)]]
        )  # fmt: skip
        deep = points - self._middle
        deep[:, 2] *= DEPTH
        turned: npt.NDArray[np.float64] = deep @ (about_y @ about_x).T
        # The axis is that of the neck: the face stays nearly where it is.
        rest = np.array([0.0, 0.0, deep[list(OVAL), 2].mean()])
        back = (about_y @ about_x @ rest - rest) * 0.5
        return np.asarray(turned + self._middle - back, np.float64)

    def _paint(
        self, moved: npt.NDArray[np.float64], depth: npt.NDArray[np.float64]
    ) -> Picture:
        height, width = self._still.shape[:2]
        owner = np.full((height, width), -1, np.int32)
        corners = moved[self._triangles]  # triangles × 3 × 2
        order = np.argsort(-depth[self._triangles].mean(axis=1))
        for number in order.tolist():
            outline = np.round(corners[number] * 16).astype(np.int32)
            cv2.fillConvexPoly(owner, outline, (number,), lineType=8, shift=4)
        maps = _affine(corners, self._start[self._triangles]).astype(np.float32)
        maps = np.concatenate([maps, [[[1, 0, 0], [0, 1, 0]]]])  # -1: as it was
        own = np.asarray(maps[owner], np.float32)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        from_x = own[..., 0, 0] * x + own[..., 0, 1] * y + own[..., 0, 2]
        from_y = own[..., 1, 0] * x + own[..., 1, 1] * y + own[..., 1, 2]
        seen = cv2.remap(
            self._still, from_x.astype(np.float32), from_y.astype(np.float32),
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        return np.asarray(seen, np.uint8)

    def _clip(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        height, width = self._still.shape[:2]
        return np.clip(points, 0, [width - 1, height - 1])


def _inside(points: npt.NDArray[np.float64], least_px: float) -> Numbers:
    """Numbers of the outline and of what lies well within it.

    At the outline depth falls steeply; points close by would cross it when it turns.
    """
    outline = points[list(OVAL)].astype(np.float32)
    within = [
        number in OVAL
        or cv2.pointPolygonTest(outline, (float(x), float(y)), True) > least_px
        for number, (x, y) in enumerate(points)
    ]
    return np.flatnonzero(within).astype(np.int32)


def _border(width: int, height: int) -> npt.NDArray[np.float64]:
    share = np.linspace(0, 1, BORDER)
    across, down = share * (width - 1), share * (height - 1)
    top = np.stack([across, np.zeros(BORDER)], axis=1)
    left = np.stack([np.zeros(BORDER), down], axis=1)
    low, right = np.array([0, height - 1]), np.array([width - 1, 0])
    sides = np.vstack([top, top + low, left, left + right])
    return np.asarray(np.unique(sides, axis=0), np.float64)


def _join(points: npt.NDArray[np.float64], width: int, height: int) -> Numbers:
    """Join points to triangles that hold no other point (Delaunay)."""
    plane = cv2.Subdiv2D((-1, -1, width + 2, height + 2))
    for point in points:
        plane.insert((float(point[0]), float(point[1])))
    found = np.asarray(plane.getTriangleList(), np.float64).reshape(-1, 3, 2)
    off = np.abs(found[:, :, None, :] - points[None, None]).sum(axis=-1)
    numbers = off.argmin(axis=-1)
    known = off.min(axis=-1).max(axis=1) < 1.0  # others hold a corner of the plane
    return np.asarray(numbers[known], np.int32)


def _affine(
    corners: npt.NDArray[np.float64], origins: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return 2×3 maps, one a triangle, from its corners to where its pixels are."""
    ones = np.ones((*corners.shape[:2], 1))
    system = np.concatenate([corners, ones], axis=2)
    # A triangle that is seen edge on covers nothing, so its map does not matter.
    flat = np.abs(np.linalg.det(system)) < EDGE_ON
    system[flat] = np.eye(3)
    maps: npt.NDArray[np.float64] = np.linalg.solve(system, origins).transpose(0, 2, 1)
    return maps
