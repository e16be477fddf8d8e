"""A control group with a memory limit, of either version, for a program under test."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOTS = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.failcnt"),
    (Path("/sys/fs/cgroup"), "memory.max", "memory.events"),
)


@contextmanager
def limited(mib: int) -> Iterator[tuple[str, ...]]:
    """Give the words to put before a command so that it may hold so much at most.

    Raises:
        OSError: no such group can be made here: not root, or no memory controller.
    """
    for root, limit, _events in ROOTS:
        if not (root / "cgroup.procs").exists():
            continue
        group = root / f"likeness-test-{os.getpid()}"
        group.mkdir()
        try:
            (group / limit).write_text(str(mib << 20), encoding="ascii")
        except OSError:
            group.rmdir()
            continue
        try:
            yield (
                *("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"'),
                "limited",
            )
        finally:
            with contextlib.suppress(OSError):  # who is still in it
                group.rmdir()
        return
    raise OSError("no control group with a memory limit can be made here")
