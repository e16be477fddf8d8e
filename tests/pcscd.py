"""pcscd with a virtual reader in tests; only one at a time.

Its socket has one fixed place on a machine, so tests take turns by a lock.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from likeness.simulators.virtual_pcscd import DRIVER, SYSTEM_PROGRAMS, VirtualPcscd

LOCK = Path(tempfile.gettempdir()) / "likeness-test-pcscd.lock"


def find() -> bool:
    """Whether pcscd and the virtual reader's driver are installed."""
    daemon = shutil.which("pcscd") or shutil.which("pcscd", path=SYSTEM_PROGRAMS)
    return daemon is not None and DRIVER.exists()


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other test has a pcscd, for one that starts its own."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def running(folder: Path) -> Iterator[VirtualPcscd]:
    """Have a pcscd; a card goes into the port that it names."""
    with turn(), VirtualPcscd(folder) as pcscd:
        yield pcscd
