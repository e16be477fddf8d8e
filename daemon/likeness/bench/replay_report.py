"""Writes what a replay gave: results.jsonl, line by line, and report.html at the end.

Every rate stands with its count and its exact interval. Leaves to others: playing.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from jinja2 import Environment, PackageLoader

from likeness.bench.intervals import clopper_pearson
from likeness.errors import UsageError

Line = dict[str, Any]  # a line of results.jsonl: mixed JSON values, hence Any


# A file name that is not UTF-8 is written as \\udcNN, which JSON reads back as it was.
NOT_UTF8 = "backslashreplace"


class ResultsFile:
    """results.jsonl: written beside, moved into place when whole.

    Raises:
        UsageError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._final = folder / "results.jsonl"
        self._part = folder / "results.jsonl.part"
        self.lines: list[Line] = []
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = self._part.open("w", encoding="utf-8", errors=NOT_UTF8)

    def add(self, line: Line) -> None:
        """Write one line; it is on its way to the disk when this returns."""
        self.lines.append(line)
        with _writing(self._part):
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Move the whole file into place."""
        with _writing(self._final):
            self._file.close()
            self._part.replace(self._final)


def summary(lines: Sequence[Line]) -> list[Line]:
    """Count verdicts by label and species, with the interval of the accepted."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line["label"], line["species"]), []).append(line)
    rows = []
    for (label, species), group in sorted(groups.items()):
        verdicts = Counter(line["verdict"] for line in group)
        low, high = clopper_pearson(verdicts["accepted"], len(group))
        reasons = Counter(reason for line in group for reason in line["reasons"])
        rows.append(
            {
                "label": label or "no label",
                "species": species,
                "count": len(group),
                "accepted": verdicts["accepted"],
                "refused": verdicts["refused"],
                "referred": verdicts["referred"],
                "low": low,
                "high": high,
                "reasons": reasons.most_common(4),
            }
        )
    return rows


def write_report(lines: Sequence[Line], folder: Path) -> Path:
    """Write report.html; everything in it comes from the lines.

    Raises:
        UsageError: the folder cannot be written.
    """
    page = Environment(
        loader=PackageLoader("likeness.bench"), autoescape=True, trim_blocks=True
    ).get_template("replay.html")
    path = folder / "report.html"
    part = path.with_suffix(".part")
    html = page.render(rows=summary(lines), lines=lines)
    with _writing(path):
        part.write_text(html, encoding="utf-8", errors=NOT_UTF8)
        part.replace(path)
    return path


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror}") from problem
