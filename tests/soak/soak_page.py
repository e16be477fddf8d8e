"""Writes a soak's report from what it left: soak.html and soak.json.

Leaves to others: every judgement (flatness), the drawing itself.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from likeness.bench import pages, plots
from likeness.bench.det import Figures
from soak import flatness, vitals
from soak.vitals import Vitals

HERE = Path(__file__).parent
ROWS = 24  # of the table


def write(folder: Path, *, about: Figures) -> list[flatness.Finding]:
    """Judge the samples in a folder and write both files; return what was found.

    Raises:
        ValueError: there are too few samples.
        UsageError: the report cannot be written.
    """
    samples = vitals.read(folder / "samples.jsonl")
    ending: Figures = msgspec.json.decode((folder / "ending.json").read_bytes())
    found = [*flatness.judge(samples, bounded="days" in ending), _kept(ending)]
    _first, second = flatness.halves(flatness.quiet(samples))
    figures: Figures = {
        "about": about,
        "ending": ending,
        "findings": [msgspec.to_builtins(one) for one in found],
        "trends": {
            name: msgspec.to_builtins(flatness.trend(second, figure))
            for name, figure in FIGURES.items()
        },
        "samples": [msgspec.to_builtins(one) for one in samples],
    }
    pages.write_json(figures, folder / "soak.json")
    shown = flatness.quiet(samples)
    pages.write_page(
        "soak.html",
        folder / "soak.html",
        templates=HERE,
        figures=figures,
        rows=shown[:: max(1, len(shown) // ROWS)],
        plots=_plots(samples),
    )
    return found


def commit() -> str:
    """Return which source this is, as far as git knows."""
    said = subprocess.run(
        ["git", "-C", str(HERE), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip()


FIGURES: dict[str, flatness.Figure] = {
    "rss_kib": lambda one: one.rss_kib,
    "threads": lambda one: one.threads,
    "fds": lambda one: one.fds,
    "database_kib": lambda one: one.database_kib,
    "wal_kib": lambda one: one.wal_kib,
}


def _kept(ending: dict[str, Any]) -> flatness.Finding:
    """Results that were made are the results that the carrier keeps."""
    there = ending["carrier_records"]
    if "minutes" in ending:
        made = ending["records"]
        well = ending["same"] and ending["receipted"] == made
        found = f"{made} records, {ending['announced']} of them results"
    else:
        made = ending["results"] + 1
        well = ending["gaps"] == 0
        found = f"{ending['results']} results and the record that begins their chain"
    return flatness.Finding(
        "made = kept",
        well and there == made,
        f"{found}; the carrier keeps {there}",
        "every one, once, in order",
    )


def _plots(samples: Sequence[Vitals]) -> list[tuple[str, str]]:
    still = flatness.quiet(samples)
    drawn = []
    for names, y, caption in (
        (
            ("rss_kib", "anon_kib"),
            "KiB",
            "Memory: resident, and what of it is its own.",
        ),
        (("threads", "fds", "tasks"), "count", "Threads, open files, asyncio tasks."),
        (("receipted", "waiting"), "records", "Records in the database."),
        (("database_kib", "wal_kib"), "KiB", "The database's file and its log."),
        (("objects",), "count", "Objects that Python's collector knows."),
    ):
        curves = {
            name.removesuffix("_kib"): (
                [one.visits for one in still],
                [getattr(one, name) for one in still],
            )
            for name in names
            if getattr(still[0], name) is not None
        }
        if curves:
            drawn.append((plots.course(curves, "visits", y), caption))
    return drawn
