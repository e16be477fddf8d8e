"""Holds a state directory for one daemon, until its process ends, even by SIGKILL.

Leaves to others: everything in the directory.
"""

import fcntl
import os
from pathlib import Path

from likeness.errors import ConfigError, UsageError

NAME = "lock"


def hold(directory: Path) -> int:
    """Make and hold the directory; return what to close in order to let go.

    Raises:
        ConfigError: the directory cannot be used.
        UsageError: another daemon works in it.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise ConfigError(
            f"{directory}: terminal.state_dir cannot be used: {problem.strerror}"
        ) from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        os.close(lock)
        raise UsageError(
            f"{directory}: another likeness daemon works here; stop it first, or set"
            " another terminal.state_dir"
        ) from problem
    return lock


def holder(directory: Path, locks: Path = Path("/proc/locks")) -> int | None:
    """Return the process that holds this directory; None: none, or it is not seen.

    Args:
        directory: the state directory.
        locks: the kernel's list (proc(5)): "1: FLOCK ADVISORY WRITE 42 08:01:1234 …".
    """
    try:
        lock = (directory / NAME).stat()
        held = locks.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    device = f"{os.major(lock.st_dev):02x}:{os.minor(lock.st_dev):02x}"
    for line in held:
        words = line.split()
        if words[1:2] == ["FLOCK"] and words[5] == f"{device}:{lock.st_ino}":
            return int(words[4]) or None
    return None


def is_held(directory: Path) -> bool:
    """Say whether a daemon holds this directory; afterwards we do not."""
    try:
        lock = os.open(directory / NAME, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
