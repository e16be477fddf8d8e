"""A lock file: every distribution of one role, by version, licence and SHA-256.

The form is pip's own requirements file, so `pip install --require-hashes -r FILE` needs
nothing of ours; licence and what a package needs stand above it as comments. No
address is written: where pip looks is the machine's own affair.
Leaves to others: solving (`make_lock`), judging (`check_supply`), listing
(`make_sbom`).
"""

import configparser
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LOCKS = HERE / "locks"

# What each role is installed with. `pi` is missing on purpose: picamera2 belongs to the
# Pi's own system packages and is neither fetched nor locked by us.
ROLES = {
    "terminal": ("pcsc", "pkcs11", "update"),
    "carrier": ("carrier", "update"),
    "demo": ("bench", "carrier", "chip"),
    # Without pcsc: its library is built where it is installed, and most tests do well
    # without a compiler.
    "dev": ("bench", "carrier", "chip", "litert", "pkcs11", "update", "dev"),
}
# These install the checkout itself, so they bring what builds it.
BUILDING_ROLES = frozenset({"demo", "dev"})
SYSTEM_EXTRAS = frozenset({"pi", "usb"})  # from the distribution's own packages

_PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!+]+) \\")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})(?: \\)?")


class LockError(ValueError):
    """A lock file that is not in our form; the text names the line."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution: canonical name, version, SPDX licence, needs, digests."""

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]
    digests: tuple[str, ...]


def path_of(role: str, python: str, folder: Path = LOCKS) -> Path:
    """Return where the lock of a role for a Python (as in "3.11") lies."""
    return folder / f"{role}-py{python.replace('.', '')}.txt"


def render(pins: list[Pin], role: str, python: str) -> str:
    """Return the text of a lock file, by name, the same for the same pins."""
    lines = [
        f"# likeness, {role}: CPython {python} on Linux, x86-64 and aarch64.",
        "# Made by `make lock`; not edited by hand.",
    ]
    for pin in sorted(pins, key=lambda pin: pin.name):
        lines += ["", f"# licence: {pin.licence}"]
        if pin.needs:
            lines.append(f"# needs: {' '.join(pin.needs)}")
        hashes = [f"    --hash=sha256:{digest}" for digest in sorted(pin.digests)]
        lines.append(" \\\n".join([f"{pin.name}=={pin.version}", *hashes]))
    return "\n".join(lines) + "\n"


def parse(text: str, name: str = "lock") -> list[Pin]:
    """Return the pins of a lock file.

    Raises:
        LockError: a line in another form, a pin without a digest or a licence.
    """
    pins: list[Pin] = []
    licence = ""
    needs: tuple[str, ...] = ()
    digests: list[str] = []
    open_pin: tuple[str, str] | None = None
    for number, raw in enumerate([*text.splitlines(), ""], start=1):
        line = raw.strip()
        if line.startswith("# licence: "):
            licence = line.removeprefix("# licence: ")
        elif line.startswith("# needs: "):
            needs = tuple(line.removeprefix("# needs: ").split())
        elif found := _PIN.fullmatch(line):
            open_pin = (found[1], found[2])
        elif (found := _HASH.fullmatch(line)) and open_pin:
            digests.append(found[1])
        elif not line and open_pin:
            if not digests or not licence:
                raise LockError(f"{name}: {open_pin[0]} has no digest or no licence")
            pins.append(Pin(*open_pin, licence, needs, tuple(digests)))
            licence, needs, digests, open_pin = "", (), [], None
        elif line and not line.startswith("#"):
            raise LockError(f"{name}, line {number}: not in the form of a lock: {line}")
    return pins


def read(path: Path) -> list[Pin]:
    """Return the pins of the file at `path`.

    Raises:
        LockError: the file is missing or not in our form.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except FileNotFoundError as missing:
        raise LockError(f"{path.name} is missing: `make lock` makes it") from missing


def wanted(role: str, root: Path = ROOT) -> list[Requirement]:
    """Return what setup.cfg (and pyproject.toml, to build) asks for in a role."""
    setup = configparser.ConfigParser()
    setup.read(root / "setup.cfg", encoding="utf-8")
    lists = [setup["options"]["install_requires"]]
    lists += [setup["options.extras_require"][extra] for extra in ROLES[role]]
    lines = [line for text in lists for line in text.splitlines() if line.strip()]
    if role in BUILDING_ROLES:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        lines += project["build-system"]["requires"]
    return [Requirement(line) for line in lines]


def disagreements(
    pins: list[Pin], requirements: list[Requirement], python: str
) -> list[str]:
    """Return what a lock lacks of the requirements, one line each."""
    versions = {pin.name: pin.version for pin in pins}
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    found = []
    for requirement in requirements:
        if requirement.marker and not requirement.marker.evaluate(environment):
            continue
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{requirement.name} is not locked: run `make lock`")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(
                f"{requirement.name} is locked at {version}, setup.cfg asks for"
                f" {requirement.specifier}: run `make lock`"
            )
    return found
