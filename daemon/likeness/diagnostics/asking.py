"""Lets a running daemon write its transcript down, and waits for it.

Leaves to others: what is in it (`service.diagnosing`).
"""

import os
import signal
import time
from pathlib import Path

from likeness.edges import directory_lock, fault_files

WITHIN_S = 5.0
STEP_S = 0.05
ASKED = "asked"


def ask(state_dir: Path, *, within_s: float = WITHIN_S) -> str:
    """Ask; return why there is none, or nothing: it is among the faults' files.

    Only a process that listens to the signal is sent one: others would end by it.
    """
    pid = directory_lock.holder(state_dir)
    if pid is None:
        return "no daemon is seen to run"
    if not _listens(pid):
        return "the daemon does not take questions yet"
    before = _asked(state_dir)
    try:
        os.kill(pid, signal.SIGUSR1)
    except OSError as problem:
        return f"the daemon cannot be asked: {problem.strerror}; run this as root"
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if _asked(state_dir) != before:
            return ""
        time.sleep(STEP_S)
    return "the daemon did not answer in time"


def _asked(state_dir: Path) -> dict[Path, int]:
    found = (one for one in fault_files.kept(state_dir) if one.stem.endswith(ASKED))
    return {one: one.stat().st_mtime_ns for one in found}


def _listens(pid: int) -> bool:
    """Say whether it catches SIGUSR1 (proc(5): SigCgt, a mask in hexadecimal)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(
            encoding="ascii", errors="replace"
        )
    except OSError:
        return False
    caught = (one for one in status.splitlines() if one.startswith("SigCgt:"))
    mask = int(next(caught, "SigCgt: 0").split()[1], 16)
    return bool(mask & 1 << (signal.SIGUSR1 - 1))
