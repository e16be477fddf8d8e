"""Remembers what each frame of a visit said, for the drawing of it in a report.

Only numbers that no one can be known by: no embedding, no landmark, no picture.
Leaves to others: drawing.
"""

import math

from likeness.bench.line_file import Line
from likeness.core.seen import Face, Observation


class Track:
    """Columns of one visit, one entry per frame; None where nothing was measured."""

    def __init__(self) -> None:
        self._captured_s: list[float] = []
        self._faces: list[int] = []
        self._measured: list[tuple[float | None, ...]] = []

    def add(self, seen: Observation) -> None:
        """Take in one frame."""
        self._captured_s.append(seen.captured_s)
        self._faces.append(seen.faces)
        self._measured.append(_measured(seen.face))

    def line(self, name: str, first_s: float) -> Line:
        """Return the line of timelines.jsonl; times from the first frame, in ms.

        `eyes` is the openness of both eyes (height over width), `yaw` in degrees
        (positive to the person's own left), `passive` 0 attack .. 1 live, `depth` of a
        turned face as a share of a head's (0 flat).
        """
        columns: list[tuple[float | None, ...]] = (
            list(zip(*self._measured, strict=True)) or [()] * 4
        )
        eyes, yaw, passive, depth = columns
        return {
            "id": name,
            "ms": [round(1000 * (at_s - first_s)) for at_s in self._captured_s],
            "faces": self._faces,
            "eyes": eyes,
            "yaw": yaw,
            "passive": passive,
            "depth": depth,
        }


def _measured(face: Face | None) -> tuple[float | None, ...]:
    if face is None:
        return (None, None, None, None)
    return (
        _rounded((face.eye_left + face.eye_right) / 2, 3),
        _rounded(face.yaw_deg, 1),
        _rounded(face.passive, 3),
        _rounded(face.parallax.depth if face.parallax else None, 2),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    """Round; what was not measured (nan) is None, since JSON knows no nan."""
    return None if value is None or math.isnan(value) else round(value, digits)
