"""The two files that grow during a replay, and what a former run left in them.

results.jsonl is the public contract (design 3.3); timelines.jsonl beside it holds what
each frame said. A former line is kept only if everything it depends on is the same.
Leaves to others: playing, and what a visit depends on (`Studio.inputs`).
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from likeness.bench.line_file import Line, LineFile, former_lines

Inputs = Mapping[str, Mapping[str, str]]  # visit → name → digest

NAMES = {
    "visit": "the visit file",
    "feed": "the recording",
    "portrait": "the portrait",
    "policy": "the profile",
    "models": "the models",
    "software": "the software",
    "key": "the bench key",
}

# A line without these is none of ours, or was cut.
NEEDED = frozenset({"id", "label", "verdict", "reasons", "acts", "frames", "inputs"})


class ReplayFiles:
    """Both files of one run.

    Args:
        folder: where they stand.
        inputs: what each visit of this run depends on, in the run's order.
        resume: begin with the lines of a former run that still hold.

    Raises:
        UsageError: the folder cannot be read or written.
    """

    def __init__(self, folder: Path, inputs: Inputs, *, resume: bool) -> None:
        self._inputs = inputs
        self._order = {name: number for number, name in enumerate(inputs)}
        results, timelines = folder / "results.jsonl", folder / "timelines.jsonl"
        self.changed: Counter[str] = Counter()  # why former lines were not kept
        former = self._still_right(results) if resume else []
        self.kept = {line["id"] for line in former}
        drawn = {
            track["id"]: track
            for track in (former_lines(timelines) if resume else ())
            if isinstance(track.get("id"), str) and track["id"] in self.kept
        }
        self._results = LineFile(results, former)
        self._timelines = LineFile(timelines, list(drawn.values()))

    @property
    def lines(self) -> list[Line]:
        """Lines of results.jsonl so far."""
        return self._results.lines

    @property
    def tracks(self) -> dict[str, Line]:
        """Lines of timelines.jsonl so far, by visit."""
        return {track["id"]: track for track in self._timelines.lines}

    def add(self, line: Line, track: Line) -> None:
        """Write what one visit gave; the line comes last, since it is what counts."""
        self._timelines.add(track)
        self._results.add({**line, "inputs": dict(self._inputs[line["id"]])})

    def close(self) -> None:
        """Put both into place, in the order of the run."""
        for file in (self._timelines, self._results):
            file.close(lambda line: self._order[line["id"]])

    def _still_right(self, path: Path) -> list[Line]:
        former = {
            line["id"]: line
            for line in former_lines(path)
            if isinstance(line.get("id"), str) and line.keys() >= NEEDED
        }
        right = []
        for name, wanted in self._inputs.items():
            line = former.get(name)
            if line is None or not wanted:  # an unplayable visit costs nothing
                continue
            had = line["inputs"] if isinstance(line["inputs"], dict) else {}
            other = [what for key, what in NAMES.items() if had.get(key) != wanted[key]]
            self.changed.update(other[:1])
            right += [] if other else [line]
        return right
