"""The publisher's side of updates: a TUF repository in a folder, and its keys.

    <folder>/metadata/   N.root.json, N.targets.json, N.snapshot.json, timestamp.json
    <folder>/targets/    <sha256>.models.tar
    <keys>/              <role>-<n>.pem, Ed25519; those of root belong off line

Serve the folder over HTTPS, or copy it onto a stick. timestamp.json is replaced last:
who reads meanwhile sees the old state or the new one. Leaves to others: what is in a
bundle, and who may use the keys.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.exceptions import StorageError
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (
    Metadata,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from likeness.core.update import Bundle
from likeness.errors import UsageError

ROLES = ("root", "targets", "snapshot", "timestamp")
# A stick must reach the shop while its timestamp holds.
VALID_DAYS = {"root": 365, "targets": 365, "snapshot": 30, "timestamp": 30}
RESTORE = "bring the repository back from a copy"

Content = Root | Targets | Snapshot | Timestamp
Edit = Callable[[Any], None]  # Any: each role has its own type of content


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How many root keys there are, and how many of them must sign."""

    root_keys: int = 3
    root_needed: int = 2


class UpdateRepository:
    """One repository; every change signs anew what it touches."""

    def __init__(self, folder: Path, keys: Path) -> None:
        """Open an existing repository with the keys that are at hand.

        Raises:
            UsageError: there is none, or a key cannot be used.
        """
        self.folder = folder
        self._keys = keys
        self._metadata = folder / "metadata"
        if not (self._metadata / "timestamp.json").is_file():
            raise UsageError(f"{folder}: no update repository; make one with 'init'")
        self._load_keys()

    @classmethod
    def create(
        cls, folder: Path, keys: Path, thresholds: Thresholds | None = None
    ) -> "UpdateRepository":
        """Make keys and a repository without any bundle.

        Raises:
            UsageError: there is one already, or the thresholds cannot be met.
        """
        wanted = thresholds or Thresholds()
        if not 1 <= wanted.root_needed <= wanted.root_keys:
            raise UsageError("at least one root key must sign, and no more than exist")
        if (folder / "metadata").exists():
            raise UsageError(f"{folder}: here is an update repository already")
        for part in (folder / "metadata", folder / "targets"):
            part.mkdir(parents=True)
        root = Root(consistent_snapshot=True)
        for role in ROLES:
            for _ in range(wanted.root_keys if role == "root" else 1):
                root.add_key(_new_key(keys, role).public_key, role)
        root.roles["root"].threshold = wanted.root_needed
        made = cls.__new__(cls)
        made.folder, made._keys, made._metadata = folder, keys, folder / "metadata"
        made._load_keys()
        for content in (root, Targets(), Snapshot(), Timestamp()):
            content.version = 0  # the first signature makes it 1
            made._sign(content, root.roles[content.type].keyids, root)
        made.renew()
        return made

    @property
    def root_file(self) -> Path:
        """The newest root metadata: what a new terminal is given by hand."""
        return self._path("root", self._newest("root"))

    def read(self, role: str) -> Any:
        """Return the newest signed content of a role (its type depends on the role).

        Raises:
            UsageError: its file is broken, or gone.
        """
        path = self._path(role, self._newest(role))
        try:
            return Metadata[Any].from_file(str(path)).signed
        except (RepositoryError, StorageError) as problem:
            raise UsageError(f"{path}: {problem}; {RESTORE}") from problem

    def offered(self, target: str) -> Bundle | None:
        """Return what is signed for a target now; None if nothing is."""
        found = self.read("targets").targets.get(target)
        return None if found is None else msgspec.convert(found.custom, Bundle)

    def publish(self, bundle: Path, says: Bundle, target: str = "models.tar") -> str:
        """Offer a bundle file in place of the target's last one; return its SHA-256."""
        with bundle.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        there = self.folder / "targets" / f"{digest}.{target}"
        partial = there.with_name(f".{there.name}")
        shutil.copyfile(bundle, partial)
        partial.replace(there)
        custom = msgspec.to_builtins(says)
        facts = TargetFile(
            there.stat().st_size, {"sha256": digest}, target, {"custom": custom}
        )
        self.change("targets", lambda targets: targets.targets.update({target: facts}))
        return digest

    def change(self, role: str, edit: Edit) -> None:
        """Edit the content of targets, snapshot or timestamp, and sign what follows."""
        content = self.read(role)
        edit(content)
        root: Root = self.read("root")
        self._sign(content, root.roles[role].keyids, root)
        if role == "targets":
            self.renew()
        elif role == "snapshot":
            self._renew_timestamp()

    def renew(self) -> None:
        """Sign snapshot and timestamp anew: nothing else, but for longer."""

        def current(snapshot: Snapshot) -> None:
            snapshot.meta["targets.json"].version = self._newest("targets")

        self.change("snapshot", current)

    def replace_key(self, role: str) -> None:
        """Give a role a new key in place of its oldest, and sign a new root with both.

        Terminals follow by themselves: the new root is signed by enough of the keys
        that the old one names, and by enough of its own (TUF specification, 5.3.4).
        """
        root: Root = self.read("root")
        signers = list(root.roles["root"].keyids)
        root.revoke_key(root.roles[role].keyids[0], role)
        root.add_key(_new_key(self._keys, role).public_key, role)
        self._load_keys()
        signers += [one for one in root.roles["root"].keyids if one not in signers]
        self._sign(root, signers, root)
        if role == "targets":
            self.change("targets", lambda _targets: None)
        else:
            self.renew()

    def _renew_timestamp(self) -> None:
        def current(timestamp: Timestamp) -> None:
            timestamp.snapshot_meta.version = self._newest("snapshot")

        self.change("timestamp", current)

    def _sign(self, content: Content, keyids: Iterable[str], root: Root) -> None:
        """Give the content a new version and date, and write it with its signatures."""
        role = content.type
        content.version += 1
        content.expires = datetime.now(UTC).replace(microsecond=0) + timedelta(
            days=VALID_DAYS[role]
        )
        metadata: Metadata[Any] = Metadata(content)
        held = [self._signers[keyid] for keyid in keyids if keyid in self._signers]
        if len(held) < root.roles[role].threshold:
            raise UsageError(
                f"{self._keys}: {len(held)} keys of {role} are here,"
                f" {root.roles[role].threshold} must sign"
            )
        for signer in held:
            metadata.sign(signer, append=True)
        path = self._path(role, content.version)
        partial = path.with_name(f".{path.name}")
        partial.write_bytes(metadata.to_bytes())
        partial.replace(path)

    def _path(self, role: str, version: int) -> Path:
        name = "timestamp.json" if role == "timestamp" else f"{version}.{role}.json"
        return self._metadata / name

    def _newest(self, role: str) -> int:
        if role == "timestamp":
            return 0  # it has no version in its name
        found = self._metadata.glob(f"[0-9]*.{role}.json")
        versions = [int(path.name.partition(".")[0]) for path in found]
        if not versions:
            raise UsageError(f"{self._metadata}: no metadata of {role}; {RESTORE}")
        return max(versions)

    def _load_keys(self) -> None:
        self._signers: dict[str, CryptoSigner] = {}
        for path in sorted(self._keys.glob("*.pem")):
            try:
                private: Any = load_pem_private_key(path.read_bytes(), None)
            except (ValueError, TypeError) as problem:  # TypeError: under a password
                raise UsageError(f"{path}: no private key in clear PEM") from problem
            signer = CryptoSigner(private)
            self._signers[signer.public_key.keyid] = signer


def _new_key(keys: Path, role: str) -> CryptoSigner:
    """Make a key in a file that only its owner may read."""
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    signer = CryptoSigner.generate_ed25519()
    number = len(list(keys.glob(f"{role}-*.pem"))) + 1
    path = keys / f"{role}-{number}.pem"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(signer.private_bytes)
    return signer
