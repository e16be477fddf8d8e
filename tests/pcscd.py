"""pcscd with a virtual reader, started and ended by a test; only one at a time.

Its socket has one fixed place on a machine, so tests take turns by a lock. The reader's
port is free to choose and is chosen free, which is why the packaged one is not used.
"""

import fcntl
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from processes import Program, happens

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PLACE = Path("/run/pcscd")
LOCK = Path(tempfile.gettempdir()) / "likeness-test-pcscd.lock"
WITHIN_S = 10.0
READER = """\
FRIENDLYNAME "Virtual PCD"
DEVICENAME /dev/null:0x{port:04X}
LIBPATH {driver}
CHANNELID 0x{port:04X}
"""


def find() -> bool:
    """Whether pcscd and the virtual reader's driver are installed."""
    return daemon() is not None and DRIVER.exists()


def daemon() -> str | None:
    """Debian keeps it in /usr/sbin, which is not on everybody's path."""
    return shutil.which("pcscd") or shutil.which("pcscd", path="/usr/sbin")


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other test has a pcscd, for one that starts its own."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Pcscd:
    """`with Pcscd(folder) as pcscd:`; then a card goes into `pcscd.port`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_pair()
        self._config = folder / "reader.conf.d"
        self._config.mkdir()
        (self._config / "vpcd").write_text(READER.format(port=self.port, driver=DRIVER))
        words = ("--foreground", "--config", self._config)
        self._program = Program(folder / "pcscd.log", daemon() or "pcscd", *words)
        self._lock = LOCK.open("w")

    def __enter__(self) -> Self:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._program.stop()
        self._lock.close()

    def start(self) -> None:
        """Start it, and wait until the virtual reader listens."""
        PLACE.mkdir(exist_ok=True)
        self._program.start()
        assert happens(self._listens, WITHIN_S), "pcscd does not start"

    def kill(self) -> None:
        """End it without a warning."""
        self._program.kill()

    def _listens(self) -> bool:
        """Look without connecting, which would be a card that comes and goes."""
        wanted = f":{self.port:04X} "
        lines = Path("/proc/net/tcp").read_text().splitlines()
        lines += Path("/proc/net/tcp6").read_text().splitlines()
        return any(wanted in line and " 0A " in line for line in lines)


def free_pair() -> int:
    """Return a port that is free, as the one behind it is: the reader has two slots."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
