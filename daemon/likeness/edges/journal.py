"""The program's own log: its last lines kept in memory, its level set for a time.

Other libraries' logs keep their level: what they say at "debug" is not ours to answer
for. Leaves to others: where the lines go, what may stand in one.
"""

import logging
from collections import deque

from likeness.errors import one_line

OURS = "likeness"
LINES = 100
LINE_CHARS = 200


class RecentLines(logging.Handler):
    """`Journal` of `service.ports_keeping`; from `open` on it hears what we say."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)  # a "debug" line is for the machine's log alone
        self._lines: deque[str] = deque(maxlen=LINES)
        self._logger = logging.getLogger(OURS)
        self._configured = self._logger.level
        self._base = self._configured

    def open(self, level: str | None) -> None:
        """Begin to listen; `level` is what is configured, None: as it is."""
        self._logger.addHandler(self)
        if level is not None:
            self._base = _number(level)
            self._logger.setLevel(self._base)

    def close(self) -> None:
        """Stop listening; the log is as it was."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._configured)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        line = f"{record.levelname} {record.getMessage()}"
        self._lines.append(one_line(line)[:LINE_CHARS])

    def recent(self) -> list[str]:
        """Return the last lines, the oldest first."""
        return list(self._lines)

    def set_level(self, level: str | None) -> None:
        """Log from "debug", "info", "warning" or "error" on; None: as configured."""
        self._logger.setLevel(self._base if level is None else _number(level))


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
