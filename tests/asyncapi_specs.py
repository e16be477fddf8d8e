"""The JSON Schema of AsyncAPI 3.0.0, as those who write it publish it.

It comes out of a pinned package of npm, of which nothing is run, and stays in the
virtual environment; it is under Apache-2.0 and never part of the project.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from likeness import packages
from likeness.errors import PackageError
from likeness.pins import Member, Package, is_file_with, sha256_of

PACKAGE = Package(
    name="@asyncapi/specs",
    version="6.11.1",
    filename="asyncapi-specs-6.11.1.tgz",
    sha256="01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928",
    form="sdist",
)
SCHEMA = Member(
    package=PACKAGE.name,
    path="package/schemas/3.0.0.json",
    sha256="d4571a420e6ffb7fcc7066c95a6db1202f299a3c51daa103d0706bf30f95e626",
)
PLACE = Path(sys.prefix) / "share" / "likeness-tests"


def is_here() -> bool:
    """Say whether it was fetched before."""
    return is_file_with(_place(), SCHEMA.sha256)


def schema() -> dict[str, Any]:
    """Return the schema, fetched once; raise PackageError if it cannot be had."""
    if not is_here():
        _fetch()
    found: dict[str, Any] = json.loads(_place().read_text(encoding="utf-8"))
    return found


def _place() -> Path:
    return PLACE / "asyncapi-3.0.0.json"


def _fetch() -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=PLACE) as name:
        wanted = f"{PACKAGE.name}@{PACKAGE.version}"
        try:
            done = subprocess.run(
                ["npm", "pack", wanted, "--silent", "--pack-destination", name],
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as problem:
            raise PackageError(f"{wanted}: npm cannot be run: {problem}") from problem
        archive = Path(name) / PACKAGE.filename
        if done.returncode or not archive.is_file():
            raise PackageError(f"{wanted}: npm did not give {PACKAGE.filename}")
        if sha256_of(archive) != PACKAGE.sha256:
            raise PackageError(f"{wanted}: its digest is another one; it is not used")
        packages.extract(PACKAGE, archive, SCHEMA, _place())


if __name__ == "__main__":
    schema()
