"""A real mosquitto on a free port: started, killed and started again by a test."""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

CONFIG = """\
# Started by root it would become another user, who cannot read the test's folder.
user {user}
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence {persistence}
persistence_location {folder}/
max_packet_size 20000
message_size_limit 16384
log_dest file {folder}/mosquitto.log
{more}
"""


class Mosquitto:
    """One broker; its port stays the same over restarts."""

    def __init__(
        self, folder: Path, *, persistence: bool = False, more: str = ""
    ) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self._folder = folder
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            CONFIG.format(
                user=getpass.getuser(),
                port=self.port,
                folder=folder,
                persistence="true" if persistence else "false",
                more=more,
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it listens."""
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program is not None, "mosquitto is missing"
        command = [program, "-c", str(self._config)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        for _ in range(500):
            with (
                contextlib.suppress(OSError),
                socket.create_connection((self.host, self.port), 1),
            ):
                return
            assert self._process.poll() is None, "mosquitto ended at once"
            time.sleep(0.01)
        raise AssertionError("mosquitto does not listen")

    def kill(self) -> None:
        """End it as a power cut would."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._signal(signal.SIGTERM)

    def freeze(self) -> None:
        """Go silent without hanging up, as a cut cable does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def reload(self) -> None:
        """Let it read its access rules again, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(10)
            self._process = None


@contextlib.contextmanager
def mosquitto(folder: Path, *, more: str = "") -> Iterator[Mosquitto]:
    """Run a broker for the length of a block."""
    broker = Mosquitto(folder, more=more)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
