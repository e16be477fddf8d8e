"""Gets one pinned file out of a pinned package, by digest, with the ordinary pip.

A package is named by name and version only; where pip looks is the machine's own
matter. Leaves to others: which packages are pinned and what is made of them.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from likeness.errors import PackageError
from likeness.pins import Member, Package, is_file_with, sha256_of

CHUNK = 1 << 20
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")


def take(package: Package, mirror: Path) -> Path:
    """Return the package's file in a local mirror; never uses the network.

    Raises:
        PackageError: the file is missing or has a wrong digest.
    """
    path = mirror / package.filename
    if not path.is_file():
        raise PackageError(
            f"{package}: {path} is missing; fill the folder with"
            " 'likeness models fetch --to DIR' on a machine with a network"
        )
    _check(package, path)
    return path


def fetch(package: Package, into: Path) -> Path:
    """Return the package's file in `into`, downloaded by pip unless it is there.

    pip itself checks the digest before it opens the file, and we check it again.

    Raises:
        PackageError: pip could not get it, or its digest is wrong.
    """
    path = into / package.filename
    if is_file_with(path, package.sha256):
        return path
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=into) as name:
        partial = Path(name)
        wanted = partial / "wanted.txt"
        wanted.write_text(f"{package} --hash=sha256:{package.sha256}\n")
        options = ["--no-deps", "--require-hashes", "-r", str(wanted)]
        run_pip(
            ["download", "-d", name, *options, *_form_options(package)], f"{package}"
        )
        fetched = partial / package.filename
        if not fetched.is_file():
            raise PackageError(f"{package}: pip did not give {package.filename}")
        _check(package, fetched)
        fetched.replace(path)
    return path


def extract(package: Package, archive: Path, member: Member, to: Path) -> None:
    """Write one member of a package's file to `to`, whole or not at all.

    Raises:
        PackageError: there is no such member, or its digest is wrong.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    partial = to.with_name(f".partial-{to.name}")
    digest = hashlib.sha256()
    try:
        with _opened(archive, member.path) as source, partial.open("wb") as target:
            while part := source.read(CHUNK):
                digest.update(part)
                target.write(part)
    except (KeyError, tarfile.TarError, zipfile.BadZipFile) as problem:
        partial.unlink(missing_ok=True)
        raise PackageError(f"{package}: there is no {member.path} in it") from problem
    if digest.hexdigest() != member.sha256:
        partial.unlink()
        raise PackageError(
            f"{package}: {member.path} has sha256 {digest.hexdigest()},"
            f" the manifest pins {member.sha256}; it is not used"
        )
    partial.replace(to)


def run_pip(arguments: list[str], what: str) -> None:
    """Run pip quietly.

    Raises:
        PackageError: naming `what`, with pip's own last word.
    """
    # Our own interpreter and a fixed module; names and versions are the manifest's.
    done = subprocess.run(  # noqa: S603
        [*PIP, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise PackageError(
            f"{what}: pip failed: {_last_word(done.stderr)}; check the network, or"
            " give a filled folder with --from DIR"
        )


def _last_word(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    last = (errors or lines or ["it said nothing"])[-1]
    return last.removeprefix("ERROR:").strip().rstrip(".")


def _form_options(package: Package) -> list[str]:
    if package.form == "sdist":
        return ["--no-binary", package.name]
    options = ["--only-binary", ":all:"]
    for platform in package.platforms:
        options += ["--platform", platform]
    if package.platforms:
        options += ["--implementation", "cp", "--python-version", package.python]
        options += ["--abi", f"cp{package.python}", "--abi", "none"]
    return options


def _check(package: Package, path: Path) -> None:
    found = sha256_of(path)
    if found != package.sha256:
        raise PackageError(
            f"{package}: {path.name} has sha256 {found},"
            f" the manifest pins {package.sha256}; it is not used"
        )


@contextmanager
def _opened(archive: Path, path: str) -> Iterator[IO[bytes]]:
    """Open one member of a wheel or of a source archive."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel, wheel.open(path) as member:
            yield member
        return
    with tarfile.open(archive) as tar:
        found = tar.extractfile(path)  # None for a folder
        if found is None:
            raise KeyError(path)
        with found:
            yield found
