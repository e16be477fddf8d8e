"""A program as a process: started, killed, frozen, started again; its words are kept.

Leaves to others: what the program is for.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

LIKENESS = (sys.executable, "-m", "likeness")
LOOK_EVERY_S = 0.01
STOP_WITHIN_S = 20.0


class Mortal(Protocol):
    """What can be killed and started again; a Mosquitto is one."""

    def start(self) -> None: ...

    def kill(self) -> None: ...


class Program:
    """A command, one life after another."""

    def __init__(
        self,
        log: Path,
        *command: object,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        self._command = [str(word) for word in command]
        self._cwd, self._env = cwd, env
        self._process: subprocess.Popen[bytes] | None = None
        log.touch()

    @property
    def pid(self) -> int:
        """Its process, while it lives."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    @property
    def fell(self) -> bool:
        """Whether it was started and has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Begin a life; what it writes is added to what the former ones wrote."""
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self._cwd,
                env=self._env,
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it in order; return its exit code."""
        return self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it do nothing while its sockets stay open."""
        self._tell(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._tell(signal.SIGCONT)

    def _tell(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, number: int) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(STOP_WITHIN_S)
        self._process = None
        return code

    def said(self, since: int = 0) -> str:
        """Return all that it wrote from this byte on."""
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read().decode()

    @property
    def written(self) -> int:
        """How many bytes it has written."""
        return self._log.stat().st_size

    @property
    def silent_s(self) -> float:
        """For how many seconds it has written nothing."""
        return time.time() - self._log.stat().st_mtime

    def says(self, words: str, within_s: float, since: int = 0) -> bool:
        """Wait until it says these words; tell whether it did."""
        return happens(lambda: words in self.said(since), within_s)


def happens(what: Callable[[], bool], within_s: float) -> bool:
    """Look again and again; tell whether it came to be."""
    until_s = time.monotonic() + within_s
    while not what():
        if time.monotonic() > until_s:
            return False
        time.sleep(LOOK_EVERY_S)
    return True
