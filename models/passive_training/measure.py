"""Prints rates of trained networks on people they never saw: `measure.py OUT NAME…`.

Each NAME is a run of `train` with `--fold`; together they score everybody once. The
working point is the one that is shipped (`core.profile`). Rates come by frame, for
real, recaptured and the workshop's attacks apart, and by sequence (a clip, one NUAA
session or one visit of the workshop): the interquartile mean of its logits, as
`core.presentation` takes it. Runs in the project's own environment.
"""

import csv
import math
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from likeness.core.intervals import clopper_pearson
from likeness.core.profile import TextureRules
from likeness.vision.passive import MIN_WIDTH_PX
from passive_training.data import Source, read_sources
from passive_training.folds import folds_of

Numbers = npt.NDArray[np.float64]
VIEWS = {
    "all views": np.full(3, 1 / 3),
    "native": np.array([1.0, 0, 0]),
    "face": np.array([0, 1.0, 0]),
    "around": np.array([0, 0, 1.0]),
}
LIVE_GROUPS = ("clip", "nuaa", "lfw")


def area_under_curve(attacks: Numbers, live: Numbers) -> float:
    """Return the chance that a live score lies above an attack's."""
    ranks = np.concatenate([attacks, live]).argsort().argsort()[len(attacks) :] + 1
    above = ranks.sum() - len(live) * (len(live) + 1) / 2
    return float(above / (len(attacks) * len(live)))


def sequence_of(source: Source) -> str:
    """Name the clip, or NUAA's id_glasses_pose_session."""
    stem = Path(source.file).stem
    return stem if source.frame >= 0 else "_".join(stem.split("_")[:4])


def robust(logits: Numbers) -> float:
    """Interquartile mean, as `core.presentation.Texture` takes it.

    Unlike there, a logit has no limit and a sequence may be of one frame.
    """
    quarter = len(logits) // 4
    return float(np.sort(logits)[quarter : len(logits) - quarter].mean())


def told(name: str, wrong: Iterable[bool]) -> str:
    """One line: a rate of errors with its count and interval."""
    flags = list(wrong)
    low, high = clopper_pearson(sum(flags), len(flags))
    rate = sum(flags) / max(len(flags), 1)
    return (
        f"{name:<42}{sum(flags):>5} of {len(flags):<6}"
        f"{100 * rate:6.2f} %  [{100 * low:.2f}, {100 * high:.2f}]"
    )


def main(arguments: list[str]) -> int:
    """Print the table; return an exit code."""
    out, names = Path(arguments[0]), arguments[1:]
    sources = read_sources(out / "sources.csv")
    rows = _sample_rows(out)
    logits = np.full((len(sources), 3), np.nan)
    sampled = np.full((len(rows), 3), np.nan)
    people = folds_of([one.identity for one in sources], out / "sources.csv")
    sample_people = folds_of([row["identity"] for row in rows], out / "sources.csv")
    for name in names:
        run = np.load(out / f"{name}_scores.npz")
        mine, theirs = people == run["fold"], sample_people == run["fold"]
        logits[mine], sampled[theirs] = run["untouched"][mine], run["samples"][theirs]
    known = np.array([one.width_px >= MIN_WIDTH_PX for one in sources])
    known &= ~np.isnan(logits[:, 0])
    for label, weights in VIEWS.items():
        scores = logits @ weights
        drawn = sampled @ weights
        print(f"\n{label}")
        threshold = _by_group(sources, scores, known)
        _by_kind(rows, drawn, threshold)
        if label == "all views":
            _by_sequence(sources, scores, known, threshold)
            _by_visit(rows, drawn, threshold)
    return 0


def _by_group(
    sources: list[Source], scores: Numbers, known: npt.NDArray[np.bool_]
) -> float:
    """Print the rates of untouched frames; return the working point."""
    groups = np.array([one.group for one in sources])
    parts = {group: scores[known & (groups == group)] for group in set(groups)}
    live_from = TextureRules().live_from
    threshold = math.log(live_from / (1 - live_from))
    area = area_under_curve(parts["nuaa print"], parts["nuaa"])
    print(f"working point: logit {threshold:.3f}; NUAA's area under curve {area:.4f}")
    for group in LIVE_GROUPS:
        print(told(f"BPCER {group}", parts[group] < threshold))
    print(told("APCER nuaa print", parts["nuaa print"] >= threshold))
    return threshold


def _by_kind(rows: list[dict[str, str]], scores: Numbers, threshold: float) -> None:
    """Print the rates of drawn samples, and of frames of the workshop's visits."""
    gathered: dict[tuple[str, str], list[float]] = {}
    for row, score in zip(rows, scores.tolist(), strict=True):
        if not math.isnan(score):
            gathered.setdefault((row["live"], row["kind"]), []).append(score)
    for (live, kind), several in sorted(gathered.items()):
        print(_line(f"frames, {kind}", several, threshold, attack=live == "0"))


def _by_visit(rows: list[dict[str, str]], scores: Numbers, threshold: float) -> None:
    gathered: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row, score in zip(rows, scores.tolist(), strict=True):
        if row.get("visit") and not math.isnan(score):
            visits = gathered.setdefault((row["live"], row["kind"]), {})
            visits.setdefault(row["visit"], []).append(score)
    for (live, kind), visits in sorted(gathered.items()):
        several = [robust(np.array(logits)) for logits in visits.values()]
        print(_line(f"visits, {kind[6:]}", several, threshold, attack=live == "0"))


def _line(name: str, logits: list[float], threshold: float, *, attack: bool) -> str:
    rate = "APCER" if attack else "BPCER"
    return told(f"{rate} {name}", ((one >= threshold) == attack for one in logits))


def _by_sequence(
    sources: list[Source],
    scores: Numbers,
    known: npt.NDArray[np.bool_],
    threshold: float,
) -> None:
    gathered: dict[tuple[str, str], list[float]] = {}
    for one, score, use in zip(sources, scores, known, strict=True):
        if use and one.group != "lfw":
            gathered.setdefault((one.group, sequence_of(one)), []).append(score)
    for group in ("clip", "nuaa", "nuaa print"):
        values = {
            name: robust(np.array(several))
            for (kind, name), several in gathered.items()
            if kind == group
        }
        attack = group.endswith("print")
        wrong = [(v >= threshold) == attack for v in values.values()]
        print(told(f"{'APCER' if attack else 'BPCER'} sequences, {group}", wrong))
        worst = sorted(values.items(), key=lambda one: one[1], reverse=attack)[:4]
        print("    worst:", ", ".join(f"{name} {value:.2f}" for name, value in worst))


def _sample_rows(out: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for listed in sorted(out.glob("samples_*.csv")):
        with listed.open(encoding="utf-8") as lines:
            rows += list(csv.DictReader(lines))
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
