"""What a process holds at one moment: memory, threads, open files, database.

All is read from outside (proc(5) and the database's file), so a program is looked at
without being changed. Leaves to others: what of it may grow.
"""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

WAL = "-wal"
STATES = ("waiting", "receipted", "set_aside")


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """One sample, a line of samples.jsonl; sizes as the names say."""

    at_s: float  # on the soak's clock, since it began
    visits: int  # ended so far
    quiet: bool  # no visit goes on
    rss_kib: int
    anon_kib: int  # of it what the process itself has written: no mapped files
    threads: int
    fds: int
    database_kib: int
    wal_kib: int
    waiting: int
    receipted: int
    set_aside: int
    objects: int | None = None  # that Python's collector knows; from within only
    tasks: int | None = None  # of asyncio; from within only


def take(
    pid: int | str,
    database: Path,
    *,
    at_s: float,
    visits: int,
    quiet: bool,
    objects: int | None = None,
    tasks: int | None = None,
) -> Vitals:
    """Look at a process; `pid` may be "self".

    Raises:
        OSError: there is no such process.
    """
    status = _status(pid)
    rows = _rows(database)
    return Vitals(
        at_s=round(at_s, 1),
        visits=visits,
        quiet=quiet,
        rss_kib=status["VmRSS"],
        anon_kib=status["RssAnon"],
        threads=status["Threads"],
        fds=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        database_kib=_kib(database),
        wal_kib=_kib(database.with_name(database.name + WAL)),
        waiting=rows["waiting"],
        receipted=rows["receipted"],
        set_aside=rows["set_aside"],
        objects=objects,
        tasks=tasks,
    )


def write(samples: Sequence[Vitals], path: Path) -> None:
    """Add samples to a file of lines."""
    with path.open("ab") as lines:
        for sample in samples:
            lines.write(msgspec.json.encode(sample) + b"\n")


def read(path: Path) -> list[Vitals]:
    """Read all samples of a file."""
    lines = path.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Vitals) for line in lines]


def _status(pid: int | str) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    wanted = ("VmRSS", "RssAnon", "Threads")
    parts = [line.split() for line in lines if line.split(":")[0] in wanted]
    return {name.rstrip(":"): int(value) for name, value, *_unit in parts}


def _rows(database: Path) -> dict[str, int]:
    query = "SELECT state, count(*) FROM record GROUP BY state"
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as d:
        return dict.fromkeys(STATES, 0) | dict(d.execute(query).fetchall())


def _kib(path: Path) -> int:
    return path.stat().st_size // 1024 if path.exists() else 0
