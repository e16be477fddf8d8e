"""What may grow in a soak, and by how much: all bounds stand here.

Judged are samples taken while nothing went on. The first half is for warming up; the
second must not grow. Leaves to others: taking samples, writing pages.
"""

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from soak.vitals import Vitals

KIB_PER_1000 = 1024.0  # of memory, for 1,000 visits; for a shorter soak in whole
# SQLite's page cache grows with the file up to this (its default, cache_size -2000):
# so much more is allowed while the file is smaller.
CACHE_KIB = 2000
OBJECTS_PER_VISIT = 1.0
OBJECTS_SLACK = 200.0  # of 80,000
ROWS_SHARE = 1.15  # old rows go in batches
CHANCE = 3.0  # standard deviations of a count, for visits come by chance
SURE = 2.0  # standard errors
LEAST = 8  # samples

Figure = Callable[[Vitals], float]


class Trend(msgspec.Struct, frozen=True):
    """A line through the second half, for 1,000 visits, with its 95 % interval.

    By ordinary least squares, as if samples were independent; memory that comes in
    steps makes the interval a little too narrow.
    """

    per_1000: float
    low: float
    high: float
    visits: int  # of the second half


class Finding(msgspec.Struct, frozen=True):
    """One thing that must be flat."""

    name: str
    flat: bool
    found: str
    bound: str


def quiet(samples: Sequence[Vitals]) -> list[Vitals]:
    """Return the samples between visits; raise ValueError if they are too few."""
    found = [one for one in samples if one.quiet]
    if len(found) < LEAST:
        raise ValueError(f"{len(found)} quiet samples; {LEAST} at least are needed")
    return found


def halves(samples: Sequence[Vitals]) -> tuple[list[Vitals], list[Vitals]]:
    """Cut a soak in the middle of its visits."""
    middle = samples[-1].visits / 2
    first = [one for one in samples if one.visits <= middle]
    return first, [one for one in samples if one.visits > middle]


def trend(samples: Sequence[Vitals], figure: Figure) -> Trend:
    """Fit a line to a figure over the visits."""
    x = np.array([one.visits for one in samples], float)
    y = np.array([figure(one) for one in samples], float)
    (slope, base) = np.polyfit(x, y, 1)
    rest = y - (slope * x + base)
    spread = float(((x - x.mean()) ** 2).sum())
    error = float(np.sqrt((rest**2).sum() / (len(x) - 2) / spread))
    low, high = slope - SURE * error, slope + SURE * error
    return Trend(
        per_1000=round(1000 * float(slope), 2),
        low=round(1000 * float(low), 2),
        high=round(1000 * float(high), 2),
        visits=int(x[-1] - x[0]),
    )


def judge(samples: Sequence[Vitals], *, bounded: bool) -> list[Finding]:
    """Say of each thing whether it is flat.

    Args:
        samples: of one soak.
        bounded: whether it was long enough for old records to be deleted.

    Raises:
        ValueError: there are too few of them.
    """
    first, second = halves(quiet(samples))
    found = [
        _no_more("open files", first, second, lambda one: one.fds),
        _no_more("threads", first, second, lambda one: one.threads),
        _memory(second),
    ]
    if second[0].objects is not None:
        found.append(_no_more("tasks", first, second, lambda one: one.tasks or 0))
        found.append(_objects(second))
    if bounded:
        found.append(_rows("records", first, second, lambda one: one.receipted))
        found.append(
            _rows("database, KiB", first, second, lambda one: one.database_kib)
        )
    return found


def _no_more(
    name: str, first: Sequence[Vitals], second: Sequence[Vitals], figure: Figure
) -> Finding:
    before, after = max(map(figure, first)), max(map(figure, second))
    return Finding(
        name,
        after <= before,
        f"{after:.0f} at most in the second half",
        f"the {before:.0f} of the first half",
    )


def _rows(
    name: str, first: Sequence[Vitals], second: Sequence[Vitals], figure: Figure
) -> Finding:
    before, after = max(map(figure, first)), max(map(figure, second))
    most = ROWS_SHARE * before + CHANCE * math.sqrt(before)
    return Finding(
        name,
        after <= most,
        f"{after:.0f} at most in the second half, {before:.0f} in the first",
        f"at most {most:.0f}",
    )


def _memory(second: Sequence[Vitals]) -> Finding:
    line = trend(second, lambda one: one.rss_kib)
    before, after = (
        min(one.database_kib, CACHE_KIB) for one in (second[0], second[-1])
    )
    most = KIB_PER_1000 * max(1.0, line.visits / 1000) + (after - before)
    return _rises("memory (RSS)", line, most, " KiB")


def _objects(second: Sequence[Vitals]) -> Finding:
    line = trend(second, lambda one: one.objects or 0)
    most = OBJECTS_SLACK + OBJECTS_PER_VISIT * line.visits
    return _rises("Python objects", line, most, "")


def _rises(name: str, line: Trend, most: float, unit: str) -> Finding:
    """Judge by the upper end of the interval, over all of the second half."""
    share = line.visits / 1000
    rise, low, high = (share * one for one in (line.per_1000, line.low, line.high))
    return Finding(
        name,
        high < most,
        f"{rise:+.0f}{unit} ({low:+.0f} to {high:+.0f}) in the {line.visits} visits of"
        f" the second half; {line.per_1000:+.0f}{unit} for 1,000",
        f"less than {most:.0f}{unit} in them",
    )
