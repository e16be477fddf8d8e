"""Which of its keys a terminal signs with: the one it was given, or a later one.

    STATE/keys/ring.json    what is current, what comes next, and for which first key
    STATE/keys/ID.key       keys that were made here; a token keeps its own

The configured key is the first one; it may stand where the daemon can only read (a
systemd credential). A next key is made here, or in the same token, and becomes current
when the chain says so (`service.key_change`):

    1  the key is made             a crash: a key that nobody names
    2  the ring names it next      a crash: it is tried again at the next start
    3  the chain holds the change  a crash: the next start finds it there
    4  the ring names it current

When another first key is configured, or its file holds another key, the terminal was
provisioned anew, and the ring is void. Leaves to others: the record in the chain.
"""

import os
import secrets
from pathlib import Path

import msgspec

from likeness.core import pkcs11_uri
from likeness.edges import new_file, signers
from likeness.edges.signers import AnySigner
from likeness.errors import ConfigError, KeyLost

FOLDER = "keys"
NAME = "ring.json"


class _Ring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each key is a configured value, or the name of a file in here; empty: none."""

    first: str  # the configured value that this ring was begun with
    first_kid: str
    current: str = ""  # empty: the first
    next: str = ""


class KeyRing:
    """The keys of one terminal."""

    def __init__(self, state_dir: Path, device_key: str) -> None:
        """Take where the terminal keeps its state, and the configured key."""
        self._state_dir = state_dir
        self._folder = state_dir / FOLDER
        self._first = device_key

    def current(self) -> AnySigner:
        """Open the key that signs now.

        Raises:
            ConfigError: it cannot be used, or the ring cannot be read.
        """
        ring = self._read()
        return self._open(ring.current) if ring else signers.open_signer(self._first)

    def next(self) -> "AnySigner | None":
        """Open the key that is prepared, if there is one.

        Raises:
            ConfigError: it cannot be used, or the ring cannot be read.
        """
        ring = self._read()
        return self._open(ring.next) if ring and ring.next else None

    def prepare(self) -> AnySigner:
        """Make the next key; if there is one already, return that.

        Raises:
            ConfigError: it cannot be made or kept.
        """
        if (prepared := self.next()) is not None:
            return prepared
        ring = self._read() or _Ring(
            first=self._first, first_kid=signers.open_signer(self._first).kid
        )
        value = self._new_value()
        try:
            self._make_folder()
            signers.make_key(self._place(value))
            self._write(msgspec.structs.replace(ring, next=value))
        except OSError as problem:
            raise ConfigError(
                f"{self._folder}: no key can be kept here: {problem.strerror}"
            ) from problem
        return self._open(value)

    def switch(self) -> None:
        """Make the next key the current one; the one before is deleted if it is ours.

        Raises:
            KeyLost: that cannot be kept; sign with nothing until it is.
        """
        ring = self._read()
        if ring is None or not ring.next:
            return
        try:
            self._write(msgspec.structs.replace(ring, current=ring.next, next=""))
            if ring.current and not signers.is_token(ring.current):
                (self._folder / ring.current).unlink(missing_ok=True)
        except OSError as problem:
            raise KeyLost(
                f"{self._folder}: that the key has changed cannot be kept:"
                f" {problem.strerror}; mend that and start again"
            ) from problem

    def _new_value(self) -> str:
        unique = secrets.token_hex(4)
        if not signers.is_token(self._first):
            return f"{unique}.key"
        uri = pkcs11_uri.parse(self._first)
        return str(uri.with_object(f"{uri.object or 'device'}-{unique}"))

    def _open(self, value: str) -> AnySigner:
        return signers.open_signer(self._place(value) if value else self._first)

    def _place(self, value: str) -> str:
        return value if signers.is_token(value) else str(self._folder / value)

    def _make_folder(self) -> None:
        if self._folder.is_dir():
            return
        self._state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700)
        owner = self._state_dir.stat()
        if os.geteuid() == 0:  # an installer's command; the daemon is somebody else
            os.chown(self._folder, owner.st_uid, owner.st_gid)

    def _read(self) -> _Ring | None:
        """Return the ring, if there is one and it was begun with this first key."""
        path = self._folder / NAME
        try:
            ring = msgspec.json.decode(path.read_bytes(), type=_Ring)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as problem:  # nothing is wrong with it: keep it
            raise ConfigError(
                f"{path}: Permission denied; run this as root or as the daemon's user"
            ) from problem
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as problem:
            raise ConfigError(
                f"{path}: cannot be read; it says which key is in use: put a copy"
                " back, or provision this terminal anew and delete this file"
            ) from problem
        return ring if self._began_with(ring) else None

    def _began_with(self, ring: _Ring) -> bool:
        if ring.first != self._first:
            return False
        if signers.is_token(self._first):
            return True
        try:
            return signers.open_signer(self._first).kid == ring.first_kid
        except ConfigError:
            return bool(ring.current)  # the first may be deleted once it is replaced

    def _write(self, ring: _Ring) -> None:
        new_file.replace(self._folder / NAME, msgspec.json.encode(ring))
