"""Fuses the best views of a visit and compares them with the card's portrait.

Embeddings are 128 numbers of unit length (SFace, Zhong et al. 2021); their cosine is
the match score. Leaves to others: pictures, thresholds.
"""

import math
from collections.abc import Sequence

from likeness.core.seen import Embedding, Face

VIEWS = 5  # more views add nothing measurable once they are spread over the visit


def cosine(one: Embedding, two: Embedding) -> float:
    """Return the dot product of two unit vectors, -1..1."""
    return math.fsum(a * b for a, b in zip(one, two, strict=True))


def fuse(views: Sequence[tuple[float, Embedding]]) -> Embedding:
    """Return the unit vector along the weighted mean of (weight, view)."""
    size = len(views[0][1])
    mean = [math.fsum(w * view[i] for w, view in views) for i in range(size)]
    length = math.sqrt(math.fsum(x * x for x in mean)) or 1.0
    return tuple(x / length for x in mean)


def quality(face: Face) -> float:
    """Rank a view, 0..1: frontal, sharp and neither dark nor blown out."""
    frontal = max(0.0, 1 - (abs(face.yaw_deg) + abs(face.pitch_deg)) / 60)
    exposed = 1 - min(1.0, abs(face.brightness - 0.5) * 2) ** 2
    return max(1e-3, frontal) * (0.3 + 0.7 * face.sharpness) * (0.3 + 0.7 * exposed)


class BestViews:
    """Keeps the few best embeddings of a visit."""

    def __init__(self) -> None:
        self._views: list[tuple[float, Embedding]] = []

    @property
    def count(self) -> int:
        """How many views are kept."""
        return len(self._views)

    def add(self, face: Face) -> None:
        """Keep this face's embedding if it is among the best."""
        if face.embedding is None:
            return
        self._views.append((quality(face), face.embedding))
        self._views.sort(key=lambda view: view[0], reverse=True)
        del self._views[VIEWS:]

    def score(self, portrait: Embedding) -> float | None:
        """Return the match score with the portrait; None without any view."""
        return cosine(fuse(self._views), portrait) if self._views else None
