"""Keeps which desired configuration is in force: one small file, whole or not at all.

    STATE/desired.json

It is apart from the result store, so that a broken database does not forget which
versions were used up. Leaves to others: what stands in it means (`core.desired`).
"""

import logging
from pathlib import Path

import msgspec

from likeness.core.desired import Ledger
from likeness.edges import new_file

log = logging.getLogger(__name__)

NAME = "desired.json"
BROKEN = "desired.json.broken"


class DesiredFile:
    """`LedgerFile` of `service.ports_keeping`."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / NAME

    def read(self) -> Ledger:
        """Return what is kept; a file that cannot be read is set aside."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Ledger)
        except (FileNotFoundError, NotADirectoryError):
            return Ledger()
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as problem:
            log.error("event=desired_unreadable file=%s why=%s", self._path, problem)  # noqa: TRY400
            self._set_aside()
            return Ledger()

    def keep(self, ledger: Ledger) -> None:
        """Keep it; raise OSError if that fails, and the former one stays."""
        new_file.replace(self._path, msgspec.json.encode(ledger))

    def _set_aside(self) -> None:
        try:
            self._path.replace(self._path.with_name(BROKEN))
        except OSError as problem:
            log.warning("event=desired_not_set_aside why=%s", problem.strerror)
