"""Makes a list of genuine pairs across sessions from folders of people.

A person is a folder; a session is what a picture's name begins with, up to the last
underscore (0001_00_00_02_141.jpg belongs to 0001_00_00_02). Each picture is paired with
pictures of the person's other sessions, so that no pair flatters. Who came once only
stands in pairs with somebody else. Leaves to others: measuring.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from likeness.bench.line_file import write_whole
from likeness.errors import UsageError

KINDS = {".bmp", ".jpeg", ".jpg", ".pgm", ".png"}
PARTNERS = 3  # of each picture, spread over the other sessions

Pairs = list[tuple[str, str, int]]  # a, b, same (1 or 0)


def session_pairs(root: Path, folders: Sequence[str]) -> Pairs:
    """Return pairs of paths below `root`, in order of their names.

    Args:
        root: the paths of the list are below it.
        folders: below `root`; each holds a folder for every person.

    Raises:
        UsageError: there is no person's picture.
    """
    people: dict[str, list[str]] = defaultdict(list)
    for folder in folders:
        for path in sorted((root / folder).glob("*/*")):
            if path.suffix.lower() in KINDS:
                people[path.parent.name].append(str(path.relative_to(root)))
    if not people:
        raise UsageError(
            f"{root}: no pictures in folders of people below {', '.join(folders)}"
        )
    pairs: list[tuple[str, str, int]] = []
    for person, names in people.items():
        somebody = next((n[0] for other, n in people.items() if other != person), None)
        for a, b in _of_one(names):
            if b is not None:
                pairs.append((a, b, 1))
            elif somebody is not None:
                pairs.append((a, somebody, 0))
    return pairs


def write(pairs: Pairs, out: Path) -> None:
    """Write the list as `bench match` reads it; raise UsageError if it cannot be."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["a", "b", "same"])
    rows.writerows(pairs)
    write_whole(out, text.getvalue(), errors="surrogateescape")


def _of_one(names: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Give the pairs of one person; None where there is no other session."""
    for number, name in enumerate(names):
        others = [other for other in names if _session(other) != _session(name)]
        if not others:
            yield name, None
            continue
        for part in range(PARTNERS):
            # Each picture begins elsewhere, so that all are met about equally often.
            yield name, others[(number + part * len(others) // PARTNERS) % len(others)]


def _session(name: str) -> str:
    return Path(name).stem.rpartition("_")[0]
