"""Which terminals have a key with the carrier, and their labels, read again and again.

Ten thousand files are listed at each look, and only those that have changed are read.
Leaves to others: keys (`trust`), what labels mean (`core.labels`).
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from likeness.core.labels import Labels

SUFFIX = ".json"
log = logging.getLogger(__name__)


class _File(msgspec.Struct):
    """What of a device's file is shown."""

    device: str
    labels: Labels = {}


class Enrolled:
    """The folder of device files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {}
        self._is_told = False

    def look(self) -> Mapping[str, tuple[str, ...]] | None:
        """Return each device with its labels ("ring=canary"); None: there is no folder.

        A file that cannot be used enrols nobody; `carrier run` tells of it.
        """
        try:
            entries = [
                (entry.name, entry.stat())
                for entry in os.scandir(self._folder)
                if entry.name.endswith(SUFFIX)
            ]
        except OSError as problem:
            self._tell(problem)
            return None
        self._is_told = False
        found = {}
        for name, at in entries:
            stamp = (at.st_mtime_ns, at.st_size)
            known = self._seen.get(name)
            if known is None or known[0] != stamp:
                labels = self._labels(name)
                if labels is None:
                    continue
                known = (stamp, labels)
            found[name] = known
        self._seen = found
        return {
            name.removesuffix(SUFFIX): labels for name, (_, labels) in found.items()
        }

    def _tell(self, problem: OSError) -> None:
        if not self._is_told:
            log.warning(
                "event=no_device_files at='%s' why='%s' what_to_do='%s'",
                *(self._folder, problem.strerror),
                "mend 'keys'; until then whoever speaks counts as a terminal",
            )
        self._is_told = True

    def _labels(self, name: str) -> tuple[str, ...] | None:
        try:
            one = msgspec.json.decode((self._folder / name).read_bytes(), type=_File)
        except (OSError, ValueError, RecursionError):
            return None
        if f"{one.device}{SUFFIX}" != name:
            return None
        return tuple(f"{label}={value}" for label, value in sorted(one.labels.items()))
