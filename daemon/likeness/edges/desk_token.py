"""The desk's tokens: a file that is read again whenever it is replaced.

    3q2-7wAB…                       one token, for whoever stands at the desk
    a-17 kXp0…                      or one line for each attendant: staff number, token

A token that left the file is worth nothing from the next second on, and no session that
was begun with it. A file that cannot be read lets nobody in. Leaves to others: what a
holder may do.
"""

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from likeness.edges import key_files, new_file
from likeness.errors import ConfigError

log = logging.getLogger(__name__)

MAKE = "or make one with 'likeness desk token --out FILE'"
LEAST = 32
TOKEN_BYTES = 32  # of chance in one that we make
LOOK_EVERY_S = 1.0
MOST_BYTES = 16_384
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{32,256}=*\Z")  # RFC 6750, 2.1
ATTENDANT = re.compile(r"[A-Za-z0-9._-]{1,32}\Z")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has shown a token: an attendant by staff number, or "" for anybody's."""

    attendant: str
    digest: bytes


class TokenFile:
    """Knows which tokens are good now."""

    def __init__(self, path: Path, seconds: Callable[[], float]) -> None:
        """Read the file; `seconds` is monotonic.

        Raises:
            ConfigError: missing, open to everybody, or without a good token.
        """
        self._path = path
        self._seconds = seconds
        self._seen = _signature(path)
        self._looked_s = seconds()
        self._holders = read(path)

    def holder(self, token: str) -> Holder | None:
        """Return whose token this is; the time it takes tells nothing about it."""
        given = _digest(token)
        found = None
        for one in self._now():
            if hmac.compare_digest(one.digest, given):
                found = one
        return found

    def is_good(self, holder: Holder) -> bool:
        """Say whether the token that somebody had shown is still in the file."""
        return holder in self._now()

    @property
    def names_attendants(self) -> bool:
        """Whether a token says who its holder is."""
        return any(one.attendant for one in self._now())

    def _now(self) -> tuple[Holder, ...]:
        now = self._seconds()
        if now - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now
            if (seen := _signature(self._path)) != self._seen:
                self._seen = seen
                self._read_again()
        return self._holders

    def _read_again(self) -> None:
        try:
            self._holders = read(self._path)
            log.info("event=desk_token_replaced")
        except ConfigError as fault:
            self._holders = ()
            log.error("event=desk_token_unreadable why=%r", str(fault))  # noqa: TRY400


def read(path: Path) -> tuple[Holder, ...]:
    """Read a token file.

    Raises:
        ConfigError: missing, open to everybody, or without a good token.
    """
    data = key_files.read_secret(path, "desk token", MAKE)
    holders = []
    for line in data[:MOST_BYTES].decode("ascii", "replace").splitlines():
        attendant, _, token = line.strip().rpartition(" ")
        if not token:
            continue
        if not _TOKEN.match(token) or not (
            not attendant or ATTENDANT.match(attendant.strip())
        ):
            raise ConfigError(
                f"{path}: a token has at least {LEAST} letters, digits or -._~+/ and"
                " may stand after a staff number; 'likeness desk token' makes one"
            )
        holders.append(Holder(attendant.strip(), _digest(token)))
    if not holders:
        raise ConfigError(f"{path}: no token in it; 'likeness desk token' makes one")
    return tuple(holders)


def put_new(path: Path, attendant: str = "") -> None:
    """Put a new token into the file, in the place of this holder's former one.

    Raises:
        ConfigError: the file is there and holds something else.
        OSError: it cannot be written; the old content stays.
    """
    lines = []
    if path.exists():
        read(path)
        lines = path.read_text(encoding="ascii").splitlines()
        lines = [line for line in lines if line.rpartition(" ")[0].strip() != attendant]
    lines.append(f"{attendant} {secrets.token_urlsafe(TOKEN_BYTES)}".strip())
    new_file.replace(path, "".join(f"{line}\n" for line in lines).encode("ascii"))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
