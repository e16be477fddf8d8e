"""Debian's pcscd with one virtual reader, started for a demonstration and ended after.

Its socket has one fixed place on a machine, so it is only started where no other runs.
The reader's port is free to choose and is chosen free. Leaves to others: the card in
the reader (vpcd).
"""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from likeness.errors import UsageError

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PLACE = Path("/run/pcscd")
SOCKET = PLACE / "pcscd.comm"
SYSTEM_PROGRAMS = "/usr/sbin"  # is not on everybody's path
WITHIN_S = 10.0
LOOK_EVERY_S = 0.05
READER = """\
FRIENDLYNAME "Virtual PCD"
DEVICENAME /dev/null:0x{port:04X}
LIBPATH {driver}
CHANNELID 0x{port:04X}
"""


class VirtualPcscd:
    """`with VirtualPcscd(folder) as pcscd:`; then a card goes into `pcscd.port`."""

    def __init__(self, folder: Path) -> None:
        """Take a folder for its configuration and log."""
        program = shutil.which("pcscd") or shutil.which("pcscd", path=SYSTEM_PROGRAMS)
        if program is None or not DRIVER.exists():
            raise UsageError(
                "PC/SC needs pcscd and its virtual reader:"
                " apt-get install pcscd vsmartcard-vpcd"
            )
        if _answers():
            raise UsageError(
                "another pcscd runs on this machine: stop it ('systemctl stop"
                " pcscd.socket pcscd'), or take --over pn532"
            )
        self._folder = folder
        self._config = folder / "reader.conf.d"
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_pair()

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        self._config.mkdir()
        reader = READER.format(port=self.port, driver=DRIVER)
        (self._config / "vpcd").write_text(reader, encoding="utf-8")
        try:
            PLACE.mkdir(exist_ok=True)
        except OSError as problem:
            raise UsageError(
                f"{PLACE} cannot be made ({problem.strerror}): PC/SC needs root here,"
                " or take --over pn532"
            ) from problem
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self._stop()

    def start(self) -> None:
        """Start it, also after it was killed; raise UsageError if that fails."""
        with (self._folder / "pcscd.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - Debian's own program
                [self._program, "--foreground", "--config", str(self._config)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        until_s = time.monotonic() + WITHIN_S
        while not _answers():
            if self._process.poll() is not None or time.monotonic() > until_s:
                self._stop()
                raise UsageError("pcscd does not start: it needs root, or --over pn532")
            time.sleep(LOOK_EVERY_S)

    def kill(self) -> None:
        """End it without a warning, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers() -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(SOCKET))
        except OSError:
            return False
    return True


def _free_pair() -> int:
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
