"""What a package is built for: a Debian suite and a machine, and its wheels.

pip downloads what the terminal's lock names, by digest and for the target's Python, so
no emulator is needed. Leaves to others: what becomes of the wheels (`deb_prefix`).
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# Python and C library of each suite; the suffix sorts by suite, as Debian's own do.
SUITES = {
    "bookworm": ("3.11", 36, "deb12"),
    "trixie": ("3.13", 41, "deb13"),
}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# The oldest C library that wheels of today are built for (manylinux1, manylinux2014).
OLDEST_GLIBC = 5
# No wheel for Linux: the target's own package is recommended in its place.
FROM_DEBIAN = {"pyscard": "python3-pyscard"}


class BuildError(Exception):
    """The package cannot be built; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """One of the four packages."""

    suite: str
    arch: str

    @property
    def python(self) -> str:
        """Its Python, as in "3.11"."""
        return SUITES[self.suite][0]

    @property
    def suffix(self) -> str:
        """What stands after the version, before the revision."""
        return f"~{SUITES[self.suite][2]}u"

    @property
    def lock(self) -> str:
        """The name of the lock of its Python."""
        return f"terminal-py{self.python.replace('.', '')}.txt"

    @property
    def platforms(self) -> list[str]:
        """The platform tags of wheels that run there, the newest first."""
        machine, newest = MACHINES[self.arch], SUITES[self.suite][1]
        tags = [
            f"manylinux_2_{minor}_{machine}"
            for minor in range(newest, OLDEST_GLIBC - 1, -1)
        ]
        return [*tags, f"manylinux2014_{machine}", "any"]


def download(target: Target, locks: Path, into: Path) -> list[Path]:
    """Return the wheels of the terminal's lock, by name.

    Raises:
        BuildError: pip could not get one of them, or it is another file.
    """
    lock = locks / target.lock
    if not lock.is_file():
        raise BuildError(
            f"{lock.name}: no lock for Python {target.python}: 'make lock'"
        )
    into.mkdir(parents=True)
    wanted = into / "wanted.txt"
    wanted.write_text(without_debians(lock.read_text(encoding="utf-8")))
    tags = [word for tag in target.platforms for word in ("--platform", tag)]
    tag = f"cp{target.python.replace('.', '')}"
    # Our own interpreter and fixed words.
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "-qq"),
            *("--disable-pip-version-check", "--no-input", "--no-deps"),
            *("--require-hashes", "--only-binary", ":all:"),
            *("--implementation", "cp", "--python-version", target.python),
            *("--abi", tag, "--abi", "abi3", "--abi", "none", *tags),
            *("--dest", str(into), "--requirement", str(wanted)),
        ],
        check=False,
    )
    if done.returncode != 0:
        raise BuildError(
            f"pip could not get what {lock.name} names; see its words above"
        )
    return sorted(into.glob("*.whl"))


def without_debians(lock: str) -> str:
    """Return the text of a lock without what Debian's own packages bring."""
    for name in FROM_DEBIAN:
        lock, found = re.subn(rf"^{name}==.*\n(?: .*\n)+", "", lock, flags=re.M)
        if not found:
            raise BuildError(f"the lock has no {name} any more: see FROM_DEBIAN")
    return lock
