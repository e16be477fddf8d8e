"""Which devices the carrier knows, with their labels; for choosing some of them.

Leaves to others: their keys (`trust`), what the text of a choice means (`core.labels`).
"""

import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec

from likeness.carrier.trust import DeviceFile
from likeness.core import labels
from likeness.errors import ConfigError, UsageError

log = logging.getLogger(__name__)


class Devices:
    """The folder of device files, read once."""

    def __init__(self, folder: Path) -> None:
        """Read it; a file that cannot be used is one log line, as for `Trust`.

        Raises:
            ConfigError: it is not there.
        """
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no folder of device keys")
        found = (_read(path) for path in sorted(folder.glob("*.json")))
        self.known = {one.device: one for one in found if one is not None}

    def chosen(self, where: Iterable[str], devices: Iterable[str] = ()) -> list[str]:
        """Return the devices that all conditions take, or those named.

        Raises:
            UsageError: a condition or a device is not known.
        """
        wanted = sorted(set(devices))
        for device in wanted:
            if device not in self.known:
                raise UsageError(f"'{device}': no such device among our device files")
        if wanted:
            return wanted
        return labels.choose({n: one.labels for n, one in self.known.items()}, where)


def _read(path: Path) -> DeviceFile | None:
    try:
        one = msgspec.json.decode(path.read_bytes(), type=DeviceFile)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as problem:
        log.error("event=device_file_unusable file=%s why=%s", path, problem)  # noqa: TRY400
        return None
    return one if one.device == path.stem else None
