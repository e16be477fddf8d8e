"""Measures how well acts are seen: recordings with labels made by eye, act by act.

Every clip is looked at once; then the real watches are set on it, each asked again as
soon as it was answered, as if every act were always asked. What an act must look like
is under test here, not whose face it is: every face counts as known.
Leaves to others: the labels (acts_labels.py), showing the figures.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from likeness.bench.acts_labels import Label
from likeness.core.intervals import clopper_pearson
from likeness.core.liveness import watch
from likeness.core.looking import Looking
from likeness.core.profile import ActRules, Profile
from likeness.core.seen import Embedding, Frame, Observation
from likeness.core.vocabulary import Act
from likeness.edges.recorded import frames
from likeness.vision.look import Looker

Figures = dict[str, Any]  # a JSON report: mixed values, hence Any

# An answer comes when the act is over; it still belongs to it so long after its end.
LATE_S = 0.4
ANYBODY: Embedding = (1.0,)
MIRRORED: dict[str, str] = {
    Act.TURN_LEFT: Act.TURN_RIGHT,
    Act.TURN_RIGHT: Act.TURN_LEFT,
}
MEASURED = (
    Act.BLINK,
    Act.TURN_LEFT,
    Act.TURN_RIGHT,
    Act.RAISE_CHIN,
    Act.LOWER_CHIN,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one act in one clip; frames by their numbers."""

    true: tuple[tuple[int, float], ...] = ()  # labelled peak, answer less peak in s
    false: tuple[int, ...] = ()  # answered, but nothing is labelled there
    missed: tuple[int, ...] = ()  # labelled peaks without an answer
    doubtful: int = 0  # answers where the label is in doubt: they count neither way

    def __add__(self, other: "Found") -> "Found":
        """Count the acts of another clip as well."""
        return Found(
            self.true + other.true,
            self.false + other.false,
            self.missed + other.missed,
            self.doubtful + other.doubtful,
        )


def look_at(clip: Path, looker: Looker, *, mirrored: bool) -> list[Observation]:
    """Look at every frame of a clip.

    Raises:
        FeedUnreadable: it cannot be decoded.
    """
    looker.forget()
    return [_looked(looker, frame, mirrored=mirrored) for frame in frames(clip)]


def judge(
    seen: Sequence[Observation],
    labels: Iterable[Label],
    policy: Profile,
    *,
    mirrored: bool,
) -> dict[Act, Found]:
    """Hold the answers of every watch against the labels of one clip."""
    labels = [_in_mirror(label) if mirrored else label for label in labels]
    return {
        act: _compare(answers(seen, act, policy), labels, act, _times(seen))
        for act in MEASURED
    }


def answers(seen: Sequence[Observation], act: Act, policy: Profile) -> list[int]:
    """Return the frames in which an act is answered that is asked again and again."""
    looking = Looking(policy)
    for one in seen:
        looking.see(one)
        if looking.rest is not None:
            break
    rest, rules = looking.rest, policy.rules
    if rest is None:
        return []
    found, watching = [], watch(act, rest, rules)
    for one in seen:
        if one.face is None:
            continue
        if watching.see(replace(one.face, embedding=ANYBODY), one.captured_s):
            found.append(one.frame)
            watching = watch(act, rest, rules)
    return found


def figures_of(clips: dict[str, dict[Act, Found]], rules: ActRules) -> Figures:
    """Rates for every clip and overall, each with its count and 95 % interval."""
    whole = {
        act: sum((clip[act] for clip in clips.values()), Found()) for act in MEASURED
    }
    turns = whole[Act.TURN_LEFT] + whole[Act.TURN_RIGHT]
    return {
        "rules": {name: getattr(rules, name) for name in ActRules.__slots__},
        "all": {str(act): _figures(found) for act, found in whole.items()}
        | {"turns": _figures(turns)},
        "clips": {
            name: {str(act): _figures(found) for act, found in clip.items()}
            for name, clip in clips.items()
        },
    }


def measure(
    clips: dict[str, list[Label]],
    root: Path,
    looker: Looker,
    policy: Profile,
    done: Callable[[], None],
    *,
    mirrored: bool = False,
) -> Figures:
    """Play every clip that has labels; `done` is called after each."""
    results = {}
    for name, labels in clips.items():
        seen = look_at(root / name, looker, mirrored=mirrored)
        results[name] = judge(seen, labels, policy, mirrored=mirrored)
        done()
    return figures_of(results, policy.rules)


def _looked(looker: Looker, frame: Frame, *, mirrored: bool) -> Observation:
    image = np.ascontiguousarray(frame.image[:, ::-1]) if mirrored else frame.image
    return looker.look(image, captured_s=frame.captured_s, frame=frame.number)


def _in_mirror(label: Label) -> Label:
    return replace(label, act=MIRRORED.get(label.act, label.act))


def _times(seen: Sequence[Observation]) -> dict[int, float]:
    return {one.frame: one.captured_s for one in seen}


def _compare(
    answered: Sequence[int], labels: Sequence[Label], act: Act, at: dict[int, float]
) -> Found:
    """Give every answer to the nearest label that it can belong to, once each."""
    left = [label for label in labels if label.sure and label.act == act]
    doubts = [label for label in labels if label.may_be(act)]
    true, false, doubtful = [], [], 0
    for frame in answered:
        mine = [label for label in left if _belongs(frame, label, at)]
        if mine:
            best = min(mine, key=lambda label: abs(label.peak - frame))
            left.remove(best)
            true.append((best.peak, at[frame] - at[best.peak]))
        elif any(_belongs(frame, label, at) for label in doubts):
            doubtful += 1
        else:
            false.append(frame)
    return Found(tuple(true), tuple(false), tuple(one.peak for one in left), doubtful)


def _belongs(frame: int, label: Label, at: dict[int, float]) -> bool:
    return label.first <= frame and at[frame] <= at.get(label.last, -1.0) + LATE_S


def _figures(found: Found) -> Figures:
    true, false, missed = len(found.true), len(found.false), len(found.missed)
    delays_ms = sorted(1000 * delay_s for _, delay_s in found.true)
    return {
        "labelled": true + missed,
        "true": true,
        "false_frames": list(found.false),
        "missed_peaks": list(found.missed),
        "doubtful": found.doubtful,
        "precision": _rate(true, true + false),
        "recall": _rate(true, true + missed),
        "answer_after_peak_ms": {
            "median": round(median(delays_ms)) if delays_ms else None,
            "p95": round(float(np.percentile(delays_ms, 95))) if delays_ms else None,
        },
    }


def _rate(hits: int, tries: int) -> Figures:
    low, high = clopper_pearson(hits, tries)
    return {
        "rate": hits / tries if tries else None,
        "low": low,
        "high": high,
        "of": tries,
    }
