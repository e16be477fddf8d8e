"""Puts two replays of the same visits side by side: two model sets, or two policies.

Only visits that both have are compared; what differs in what they were played with is
named. Leaves to others: playing, and showing the figures.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from likeness.bench import replay_figures
from likeness.bench.det import Figures
from likeness.bench.line_file import Line, former_lines, is_unfinished
from likeness.bench.replay_files import NAMES
from likeness.core.vocabulary import Verdict
from likeness.errors import UsageError

SCORES = ("match_score", "passive_score")


# Of design 3.3: what is compared.
NEEDED = frozenset(
    {"id", "label", "species", "verdict", "reasons", "match_score", "passive_score"}
    | {"frames", "verdict_ms", "cpu_ms_per_frame"}
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One visit in both replays."""

    a: Line
    b: Line

    @property
    def changed(self) -> bool:
        """Whether verdict or reasons differ."""
        return any(self.a[key] != self.b[key] for key in ("verdict", "reasons"))


def read_replay(folder: Path) -> list[Line]:
    """Read the lines of a whole replay.

    Raises:
        UsageError: there is none in this folder.
    """
    path = folder / "results.jsonl"
    if not path.is_file():
        raise UsageError(f"{path}: no such file; give the --out folder of a replay")
    if is_unfinished(path):
        raise UsageError(f"{path}: its replay was stopped; finish it with --resume")
    lines = [line for line in former_lines(path) if line.keys() >= NEEDED]
    if not lines:
        raise UsageError(f"{path}: holds no line of a replay")
    return lines


def pairs_of(a: Sequence[Line], b: Sequence[Line]) -> list[Pair]:
    """Match the visits by their names, in the order of the first.

    Raises:
        UsageError: they have none in common.
    """
    others = {line["id"]: line for line in b}
    pairs = [Pair(line, others[line["id"]]) for line in a if line["id"] in others]
    if not pairs:
        raise UsageError("the two replays have no visit in common: nothing to compare")
    return pairs


def figures(a: Sequence[Line], b: Sequence[Line]) -> Figures:
    """Compute everything that compare.json holds."""
    pairs = pairs_of(a, b)
    names = {pair.a["id"] for pair in pairs}
    return {
        "visits": len(pairs),
        "only_in": {
            side: sorted({line["id"] for line in lines} - names)
            for side, lines in (("a", a), ("b", b))
        },
        "played_with": _played_with(pairs),
        "a": replay_figures.figures([pair.a for pair in pairs]),
        "b": replay_figures.figures([pair.b for pair in pairs]),
        "verdicts": _verdicts(pairs),
        "changed": [_change(pair) for pair in _by_weight(pairs) if pair.changed],
        "scores": {key: _difference(pairs, key) for key in SCORES},
        "cpu": _difference(pairs, "cpu_ms_per_frame"),
    }


def _played_with(pairs: Sequence[Pair]) -> list[Figures]:
    """Say in which of their inputs the two replays differ, and for how many visits."""
    rows = []
    for key, what in NAMES.items():
        given = [(_input(pair.a, key), _input(pair.b, key)) for pair in pairs]
        differ = Counter((one, two) for one, two in given if one != two)
        if differ and key != "key":  # every run has its own
            ((one, two), _) = differ.most_common(1)[0]
            rows.append({"what": what, "visits": differ.total(), "a": one, "b": two})
    return rows


def _input(line: Line, key: str) -> str:
    given: Mapping[str, str] = line.get("inputs") or {}
    return given.get(key, "not told")


def _verdicts(pairs: Sequence[Pair]) -> list[Figures]:
    """Count the pairs of verdicts for each label and species."""
    counted = Counter(
        (p.a["label"], p.a["species"], p.a["verdict"], p.b["verdict"]) for p in pairs
    )
    return [
        {"label": label, "species": species, "a": a, "b": b, "visits": count}
        for (label, species, a, b), count in sorted(counted.items())
    ]


def _by_weight(pairs: Sequence[Pair]) -> list[Pair]:
    """Order by how much it matters: acceptance won or lost, then the rest."""

    def weight(pair: Pair) -> int:
        accepted = [one["verdict"] == Verdict.ACCEPTED for one in (pair.a, pair.b)]
        if accepted[0] != accepted[1]:
            return 0
        return 1 if pair.a["verdict"] != pair.b["verdict"] else 2

    return sorted(pairs, key=weight)


def _change(pair: Pair) -> Figures:
    keys = ("verdict", "reasons", *SCORES)
    return {
        "id": pair.a["id"],
        "label": pair.a["label"],
        "species": pair.a["species"],
        "a": {key: pair.a[key] for key in keys},
        "b": {key: pair.b[key] for key in keys},
    }


def _difference(pairs: Sequence[Pair], key: str) -> Figures:
    """Compare one number of each visit that has it in both; b less a."""
    given = [
        (pair.a[key], pair.b[key])
        for pair in pairs
        if pair.a[key] is not None and pair.b[key] is not None
    ]
    if not given:
        return {"visits": 0, "a": None, "b": None, "median": None, "largest": None}
    apart = [b - a for a, b in given]
    return {
        "visits": len(given),
        "a": median(a for a, _ in given),
        "b": median(b for _, b in given),
        "median": median(apart),
        "largest": max(apart, key=math.fabs),
    }
