"""Lays out one visit as a drawing: eyes, yaw, texture and depth, prompts, verdict.

Coordinates only; how they are drawn stands in templates/timeline.html. Leaves to
others: measuring (track.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from likeness.bench.line_file import Line

WIDTH, LEFT, RIGHT = 760.0, 64.0, 8.0
HEAD = 22.0  # room for the names of the prompts
LANE, GAP = 52.0, 14.0
FOOT = 20.0
TICKS_MS = (500, 1000, 2000, 5000, 10_000, 30_000, 60_000)
MOST_TICKS = 14

Values = Sequence[float | None]
Across = Callable[[float], float]  # from a time in ms to x


@dataclass(frozen=True, slots=True)
class Lane:
    """One measured thing over time: the path's `d`, and where its scale stands."""

    name: str
    top: float
    path: str
    marks: tuple[tuple[float, str], ...]  # y and text of the scale


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: a prompt and its answer, or frames without one face."""

    x: float
    width: float
    text: str
    kind: str  # passed, missed, faceless, crowd


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that the template draws."""

    height: float
    bottom: float
    lanes: tuple[Lane, ...]
    prompts: tuple[Span, ...]
    breaks: tuple[Span, ...]
    ticks: tuple[tuple[float, str], ...]
    verdict_x: float | None
    width: float = field(default=WIDTH)
    left: float = field(default=LEFT)
    head: float = field(default=HEAD)


def lay_out(line: Line, track: Line) -> Drawing | None:
    """Lay out one visit; None if no frame was seen.

    Args:
        line: of results.jsonl.
        track: of timelines.jsonl.
    """
    ms: list[int] = track["ms"]
    if not ms:
        return None
    end_ms = max(ms[-1], line["verdict_ms"] or 0, 1)
    across = (WIDTH - LEFT - RIGHT) / end_ms

    def x(at_ms: float) -> float:
        return round(LEFT + max(at_ms, 0) * across, 1)

    xs = [x(at_ms) for at_ms in ms]
    lanes = _lanes(xs, track)
    bottom = HEAD + len(lanes) * (LANE + GAP)
    over_ms = line["verdict_ms"] if line["verdict_ms"] is not None else end_ms
    return Drawing(
        height=bottom + FOOT,
        bottom=bottom,
        lanes=lanes,
        prompts=tuple(_prompt(act, x, over_ms) for act in line["acts"]),
        breaks=tuple(_breaks(xs, track["faces"])),
        ticks=tuple((x(at), f"{at / 1000:g} s") for at in _ticks(end_ms)),
        verdict_x=None if line["verdict_ms"] is None else x(line["verdict_ms"]),
    )


def _lanes(xs: Sequence[float], track: Line) -> tuple[Lane, ...]:
    """Lanes of what was measured at all, from the top down."""
    eyes_top = max([0.4, *_given(track["eyes"])])
    turned = max([25.0, *map(abs, _given(track["yaw"]))])
    shown = [("eyes", track["eyes"], 0.0, eyes_top, "{:.1f}")]
    shown.append(("yaw °", track["yaw"], -turned, turned, "{:.0f}"))
    if _given(track["passive"]):
        shown.append(("passive", track["passive"], 0.0, 1.0, "{:.0f}"))
    if _given(track["depth"]):
        shown.append(("depth", track["depth"], 0.0, 1.0, "{:.1f}"))
    lanes = []
    for number, (name, values, low, high, scale) in enumerate(shown):
        pairs = list(zip(xs, values, strict=True))
        if name == "passive":  # judged now and then: joined over what lies between
            pairs = [(x, value) for x, value in pairs if value is not None]
        top = HEAD + number * (LANE + GAP)
        lanes.append(_lane(name, top, pairs, (low, high), scale))
    return tuple(lanes)


def _lane(
    name: str,
    top: float,
    pairs: Sequence[tuple[float, float | None]],
    limits: tuple[float, float],
    scale: str,
) -> Lane:
    low, high = limits

    def y(value: float) -> float:
        inside = max(low, min(high, value))
        return round(top + LANE * (high - inside) / (high - low), 1)

    middle = [0.0] if low < 0 else []
    marks = tuple((y(value), scale.format(value)) for value in (low, *middle, high))
    xs = [x for x, _ in pairs]
    ys = [None if value is None else y(value) for _, value in pairs]
    return Lane(name, top, _path(xs, ys), marks)


def _path(xs: Sequence[float], ys: Values) -> str:
    """Join neighbours; a lone point becomes a short dash, so that it is seen."""
    parts: list[str] = []
    before = None
    for number, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if y is not None:
            after = ys[number + 1] if number + 1 < len(ys) else None
            lone = before is None and after is None
            parts.append(f"{'L' if before is not None else 'M'}{x:g} {y:g}")
            parts += ["h2"] if lone else []
        before = y
    return "".join(parts)


def _prompt(act: Line, x: Across, over_ms: float) -> Span:
    begin = x(act["asked_ms"])
    end = x(act["answered_ms"] if act["passed"] else max(over_ms, act["asked_ms"]))
    kind = "passed" if act["passed"] else "missed"
    return Span(begin, round(max(end - begin, 2.0), 1), act["act"], kind)


def _breaks(xs: Sequence[float], faces: Sequence[int]) -> list[Span]:
    """Stretches of frames without a face, or with more than one."""
    spans: list[Span] = []
    start = 0
    for number in range(1, len(faces) + 1):
        if number < len(faces) and min(faces[number], 2) == min(faces[start], 2):
            continue
        if faces[start] != 1:
            width = round(max(xs[min(number, len(xs) - 1)] - xs[start], 1.5), 1)
            kind = "faceless" if faces[start] == 0 else "crowd"
            text = "no face" if faces[start] == 0 else "more than one face"
            spans.append(Span(xs[start], width, text, kind))
        start = number
    return spans


def _ticks(end_ms: float) -> list[int]:
    step = next((s for s in TICKS_MS if end_ms / s <= MOST_TICKS), TICKS_MS[-1])
    return list(range(0, int(end_ms) + 1, step))


def _given(values: Values) -> list[float]:
    return [value for value in values if value is not None]
