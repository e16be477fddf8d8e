"""Which devices the carrier knows: a folder with one JSON file for each.

    {"device": "shop-17", "environments": ["production"], "keys": [{…JWK…}],
     "labels": {"region": "south", "ring": "canary"}}

Labels may be left out; they choose who gets what (`core.labels`), and allow nothing.

A file that cannot be used is one log line, and its device is unknown.
A file that has changed is read again, so that neither provisioning nor taking out a
stolen key needs a restart. Leaves to others: judging.
"""

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from likeness.core.labels import Labels
from likeness.core.messages import Name
from likeness.core.vocabulary import Environment
from likeness.errors import ConfigError

log = logging.getLogger(__name__)

# What joserfc raises for a key that lacks a part or is none, and msgspec for bytes that
# are no text.
_UNUSABLE = (JoseError, KeyError, TypeError, ValueError, RecursionError)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


class DeviceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device: its public keys, and what its results may be used for."""

    device: Name
    environments: tuple[Environment, ...]
    keys: tuple[dict[str, str], ...]
    labels: Labels = {}


class Trust:
    """Finds a device's key."""

    def __init__(self, folder: Path) -> None:
        """Take the folder.

        Raises:
            ConfigError: it is not there.
        """
        if not folder.is_dir():
            raise ConfigError(
                f"{folder}: no folder of device keys; make one with"
                " 'likeness keys make', or give another with --keys"
            )
        self._folder, self._folder_name = folder, str(folder)
        self._devices: dict[str, tuple[DeviceFile, dict[str, ECKey]]] = {}
        self._seen: dict[str, tuple[int, ...]] = {}  # of each file, as it was read

    def knows(self, device: str) -> bool:
        """Say whether there is such a device."""
        return self.find(device) is not None

    def key(self, device: str, kid: str) -> ECKey | None:
        """Return the device's key with this thumbprint."""
        found = self.find(device)
        return found[1].get(kid) if found else None

    def keys(self, device: str) -> Mapping[str, ECKey]:
        """Return all of the device's keys, by thumbprint; none: it is not known."""
        found = self.find(device)
        return found[1] if found else {}

    def allows(self, device: str, environment: Environment) -> bool:
        """Say whether this device may make results for this environment."""
        found = self.find(device)
        return found is not None and environment in found[0].environments

    def find(self, device: str) -> tuple[DeviceFile, dict[str, ECKey]] | None:
        """Return a device's file and its keys by thumbprint; None: it is not known."""
        stamp = self._stamp(device)  # before the reading: a change in between shows
        if (known := self._devices.get(device)) and self._seen[device] == stamp:
            return known
        self._devices.pop(device, None)
        if found := self._read(device):
            self._seen[device] = stamp
        return found

    def _stamp(self, device: str) -> tuple[int, ...]:
        if not _FILE_NAME.match(device):
            return ()
        try:
            at = os.stat(f"{self._folder_name}/{device}.json")  # noqa: PTH116 - often
        except OSError:
            return ()
        return at.st_mtime_ns, at.st_ctime_ns, at.st_ino, at.st_size

    def _read(self, device: str) -> tuple[DeviceFile, dict[str, ECKey]] | None:
        if not _FILE_NAME.match(device):
            return None
        path = self._folder / f"{device}.json"
        try:
            known = msgspec.json.decode(path.read_bytes(), type=DeviceFile)
            keys = [ECKey.import_key({**jwk}) for jwk in known.keys]
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, *_UNUSABLE) as problem:
            log.error("event=device_file_unusable file=%s why=%s", path, problem)  # noqa: TRY400
            return None
        if known.device != device:
            log.error(
                "event=device_file_unusable file=%s why=it speaks of another", path
            )
            return None
        found = (known, {key.thumbprint(): key for key in keys if not key.is_private})
        self._devices[device] = found
        return found
