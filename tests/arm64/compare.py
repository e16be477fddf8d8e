"""Holds two machines' results together: verdicts must be equal, scores nearly so.

    python -m arm64.compare visits ONE/results.jsonl OTHER/results.jsonl
    python -m arm64.compare pictures ONE.jsonl OTHER.jsonl

Only what both have is compared, and how many that is is said. Exit code 1: something is
not equal, or further apart than tolerated. Leaves to others: making the files.
"""

import argparse
import itertools
import math
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from likeness.bench.line_file import Line, former_lines
from likeness.core.matching import cosine

# What was measured, with room (daemon/ARM64.md). Other instructions convert a film's
# colours, and round the networks' numbers in another order.
TOLERATED = {
    "match": 0.01,  # cosine
    "passive": 0.03,  # 0..1
    "yaw_deg": 0.5,
    "pitch_deg": 0.5,
    "eye_left": 0.03,  # openness
    "eye_right": 0.03,
    "presence": 0.03,
    "answered_ms": 100.0,  # an act is seen a frame or two earlier or later
}
# Of visits: what must be the same, whatever the machine.
SAME = (
    "label",
    "species",
    "verdict",
    "reasons",
    "match_threshold",
    "passive_threshold",
)
SCORES = {"match": "match_score", "passive": "passive_score"}  # in millionths
MEASURES = ("yaw_deg", "pitch_deg", "eye_left", "eye_right", "presence", "passive")


@dataclass(slots=True)
class Comparison:
    """What two machines gave for the same things.

    Attributes:
        compared: of how many things both say something.
        unequal: a line for each thing that must be equal and is not.
        apart: measure → differences, never negative.
    """

    compared: int = 0
    unequal: list[str] = field(default_factory=list)
    apart: dict[str, list[float]] = field(default_factory=dict)

    def note(self, measure: str, name: str, one: object, other: object) -> None:
        """Keep one difference; a number on one side only is an inequality."""
        if _is_nothing(one) and _is_nothing(other):
            return
        if not (isinstance(one, int | float) and isinstance(other, int | float)):
            self.unequal.append(f"{name}: {measure} {one} and {other}")
            return
        self.apart.setdefault(measure, []).append(abs(one - other))

    @property
    def too_far(self) -> list[str]:
        """Measures that are further apart than tolerated; a NaN is too far."""
        return [
            measure
            for measure, differences in self.apart.items()
            if not all(one <= TOLERATED[measure] for one in differences)
        ]

    @property
    def good(self) -> bool:
        """Whether the machines agree; of nothing compared nothing is known."""
        return self.compared > 0 and not self.unequal and not self.too_far

    def table(self) -> Iterator[str]:
        """Give a Markdown table, then what is unequal."""
        yield f"{self.compared} compared, {len(self.unequal)} unequal"
        yield ""
        yield "| measure | values | median Δ | largest Δ | tolerated |"
        yield "| --- | --- | --- | --- | --- |"
        for measure, differences in self.apart.items():
            middle = statistics.median(differences)
            yield (
                f"| {measure} | {len(differences)} | {middle:.3g}"
                f" | {max(differences):.3g} | {TOLERATED[measure]:g} |"
            )
        yield ""
        yield from self.unequal


def visits(ones: dict[str, Line], others: dict[str, Line]) -> Comparison:
    """Compare lines of results.jsonl (design 3.3) by visit."""
    found = Comparison()
    for name, one in ones.items():
        if (other := others.get(name)) is None:
            continue
        found.compared += 1
        for key in SAME:
            if one[key] != other[key]:
                found.unequal.append(f"{name}: {key} {one[key]} and {other[key]}")
        for measure, key in SCORES.items():
            found.note(measure, name, _unit(one[key]), _unit(other[key]))
        asked = [
            [(act["act"], act["passed"]) for act in x["acts"]] for x in (one, other)
        ]
        if asked[0] != asked[1]:
            found.unequal.append(f"{name}: acts {asked[0]} and {asked[1]}")
            continue
        for act, same in zip(one["acts"], other["acts"], strict=True):
            found.note("answered_ms", name, act["answered_ms"], same["answered_ms"])
    return found


def pictures(ones: dict[str, Line], others: dict[str, Line]) -> Comparison:
    """Compare lines of `arm64.scores` by picture.

    A match score is that of a picture with the one before it: both machines of their
    own embeddings, as a card's portrait and a visitor meet on one machine.
    """
    found = Comparison()
    both = [(ones[name], others[name]) for name in ones if name in others]
    for one, other in both:
        found.compared += 1
        if one["face"] != other["face"]:
            found.unequal.append(f"{one['picture']}: only one machine sees a face")
        elif one["face"]:
            for measure in MEASURES:
                found.note(measure, one["picture"], one[measure], other[measure])
    faces = [pair for pair in both if all(line["face"] for line in pair)]
    for former, latter in itertools.pairwise(faces):
        here, there = (
            cosine(before["embedding"], after["embedding"])
            for before, after in zip(former, latter, strict=True)
        )
        found.note("match", latter[0]["picture"], here, there)
    return found


def read(path: Path, key: str) -> dict[str, Line]:
    """Read the whole lines of a file, by name; also of a run that is under way."""
    return {line[key]: line for line in former_lines(path) if key in line}


def _unit(millionths: int | None) -> float | None:
    return None if millionths is None else millionths / 1e6


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def main() -> int:
    """Print the table; say by the exit code whether the machines agree."""
    parser = argparse.ArgumentParser(prog="arm64.compare")
    parser.add_argument("what", choices=("visits", "pictures"))
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    asked = parser.parse_args()
    key, compare = {"visits": ("id", visits), "pictures": ("picture", pictures)}[
        asked.what
    ]
    found = compare(read(asked.one, key), read(asked.other, key))
    for row in found.table():
        sys.stdout.write(row + "\n")
    for measure in found.too_far:
        sys.stdout.write(f"{measure}: further apart than tolerated\n")
    return 0 if found.good else 1


if __name__ == "__main__":
    sys.exit(main())
