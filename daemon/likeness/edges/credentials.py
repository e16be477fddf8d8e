"""Where a secret's file is: a path, or the name of a systemd credential.

    /etc/likeness/pki/device.key    this file
    credential:device.key           what the unit's LoadCredential= names device.key

systemd puts the second into a folder that only this service can read, and tells the
folder in $CREDENTIALS_DIRECTORY (systemd.exec(5)). Leaves to others: reading it.
"""

import os
import re
from pathlib import Path

from likeness.errors import ConfigError

PREFIX = "credential:"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}\Z")


def path_of(value: str) -> Path:
    """Return the file that a configured value means.

    Raises:
        ConfigError: no name of a credential, or systemd has given us none.
    """
    if not value.startswith(PREFIX):
        return Path(value)
    name = value.removeprefix(PREFIX)
    if not _NAME.match(name):
        raise ConfigError(
            f"'{value}': after '{PREFIX}' stands the name that the unit gives in"
            " LoadCredential=, without a folder"
        )
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        raise ConfigError(
            f"'{value}': systemd has given this process no credentials; start it by"
            " its unit, or with CREDENTIALS_DIRECTORY set to a folder of them"
        )
    return Path(folder) / name
