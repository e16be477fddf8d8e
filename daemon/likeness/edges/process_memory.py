"""Keeps what is in this process's memory from others, and lets go of what is over.

What the C library frees is overwritten where the unit file asks for that (decision
0022). Leaves to others: dropping the last reference to what is personal.
"""

import ctypes
import gc
import resource
from pathlib import Path

PR_SET_DUMPABLE = 4  # linux/prctl.h
MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4  # bits/mman.h
M_PERTURB = -6  # malloc.h
SWAPS = Path("/proc/swaps")


def keep_from_others() -> None:
    """No core dump, and no look into this process by others of its own user.

    As LimitCORE= does it for the unit, for a daemon that is started by hand as well.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def settle() -> None:
    """What is here now stays for good: `let_go` need not look at it every time."""
    gc.collect()
    gc.freeze()
    gc.enable()


def let_go() -> None:
    """Free what only refers to itself, and give free pages back to the kernel."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # the GNU C library's own
    if trim is not None:
        trim(0)


def stay_in_memory() -> bool:
    """Have no page of this process written to a swap space; False: we may not ask."""
    flags = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT
    return bool(ctypes.CDLL(None).mlockall(flags) == 0)


def disk_swap(swaps: Path = SWAPS) -> str:
    """Name a swap space on a disk (proc(5)); empty: none, or compressed memory only."""
    lines = swaps.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    names = [line.split()[0] for line in lines if line.strip()]
    return next((one for one in names if not one.startswith("/dev/zram")), "")


def overwrite_freed() -> None:
    """Have what the C library frees overwritten, as the daemon's unit file asks it."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # the GNU C library's own
    if mallopt is not None:
        mallopt(M_PERTURB, 0xA5)
