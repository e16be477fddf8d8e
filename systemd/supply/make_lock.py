"""Makes the lock files of the running Python, for Linux on x86-64 and aarch64.

pip solves all roles at once, so that they agree, and says what it would take and the
digest of each file; we walk what each role needs from there. Nothing is installed here.
The digests are those that pip was given on this machine: look at the changes of a lock
before you commit it. Use: `make lock`, or with another Python: `make lock PYTHON=…`.
Leaves to others: the form (`lock_file`), judging what was taken (`check_supply`).
"""

import json
import platform
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.licenses import (
    InvalidLicenseExpression,
    canonicalize_license_expression,
)
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lock_file
from lock_file import Pin

MACHINES = ("x86_64", "aarch64")
# Debian 12 on a Pi, and newer: glibc 2.36.
OLDEST_GLIBC, OUR_GLIBC = 17, 36
# No wheels for Linux: built where they are installed, from the source of this digest.
# They need no other distribution.
FROM_SOURCE = frozenset({"pyscard"})


@dataclass(frozen=True, slots=True)
class Found:
    """What pip would take: one distribution for one machine."""

    name: str
    version: str
    licence: str
    digest: str
    requires: tuple[Requirement, ...]


def main() -> int:
    """Write the lock of every role; return 0, or 1 after saying what was wrong."""
    python = ".".join(platform.python_version_tuple()[:2])
    with tempfile.TemporaryDirectory() as folder:
        try:
            pip = _newer_pip(Path(folder))
            by_machine = _solve_all(pip, Path(folder))
            for role in lock_file.ROLES:
                pins = pins_of(lock_file.wanted(role), by_machine)
                path = lock_file.path_of(role, python)
                path.write_text(lock_file.render(pins, role, python), encoding="utf-8")
                print(f"{path.name}: {len(pins)} distributions")
        except lock_file.LockError as wrong:
            print(f"make_lock: {wrong}", file=sys.stderr)
            return 1
    return 0


def _newer_pip(folder: Path) -> list[str]:
    """Return the command of a pip that reports licence expressions (PEP 639)."""
    home = folder / "pip"
    venv.EnvBuilder(with_pip=True).create(home)
    command = [str(home / "bin" / "python"), "-m", "pip", "--quiet"]
    command.append("--disable-pip-version-check")
    _run([*command, "install", "--upgrade", "pip>=25.1"], "a newer pip")
    return command


def _solve_all(pip: list[str], folder: Path) -> dict[str, dict[str, Found]]:
    """Return for each machine what pip would take for all roles together, by name."""
    everything = {
        str(requirement): requirement
        for role in lock_file.ROLES
        for requirement in lock_file.wanted(role)
    }
    sources = [line for line, item in everything.items() if item.name in FROM_SOURCE]
    wheels = [line for line in everything if line not in sources]
    built = _solve([*pip, "install", "--no-deps"], sources, folder)
    solved: dict[str, dict[str, Found]] = {}
    agreed = folder / "agreed.txt"
    agreed.write_text("", encoding="utf-8")
    for machine in MACHINES:
        command = [*pip, "install", "--only-binary", ":all:", "-c", str(agreed)]
        command += ["--target", str(folder / "none"), *_platforms(machine)]
        solved[machine] = _solve(command, wheels, folder) | built
        lines = [f"{found.name}=={found.version}" for found in solved[machine].values()]
        agreed.write_text("\n".join(lines), encoding="utf-8")
    return solved


def _platforms(machine: str) -> Iterable[str]:
    """Return pip's options for the wheels that run on `machine` with our glibc."""
    for minor in range(OLDEST_GLIBC, OUR_GLIBC + 1):
        yield from ("--platform", f"manylinux_2_{minor}_{machine}")
    yield from ("--platform", f"manylinux2014_{machine}")


def _solve(command: list[str], lines: list[str], folder: Path) -> dict[str, Found]:
    report = folder / "report.json"
    dry = ["--dry-run", "--ignore-installed", "--report", str(report)]
    _run([*command, *dry, *lines], "solving")
    items = json.loads(report.read_text(encoding="utf-8"))["install"]
    found = [_found(item) for item in items]
    return {one.name: one for one in found}


def _found(item: dict[str, Any]) -> Found:
    metadata = item["metadata"]
    name = canonicalize_name(metadata["name"])
    if item.get("is_yanked"):
        raise lock_file.LockError(
            f"{name} {metadata['version']} was withdrawn (yanked)"
        )
    return Found(
        name=name,
        version=metadata["version"],
        licence=licence_of(name, metadata),
        digest=item["download_info"]["archive_info"]["hashes"]["sha256"],
        requires=tuple(map(Requirement, metadata.get("requires_dist", []))),
    )


def licence_of(name: str, metadata: dict[str, Any]) -> str:
    """Return the SPDX expression of a distribution, from its metadata or supply.toml.

    Raises:
        LockError: it says none that we can read.
    """
    rules = tomllib.loads((lock_file.HERE / "supply.toml").read_text(encoding="utf-8"))
    licences = rules["licences"]
    if name in licences["packages"]:
        return str(licences["packages"][name])
    if expression := metadata.get("license_expression"):
        return str(expression)
    classifiers = [
        text.rsplit(" :: ", 1)[-1]
        for text in metadata.get("classifier", [])
        if text.startswith("License :: ")
    ]
    for words in (metadata.get("license") or "", *classifiers):
        try:
            return canonicalize_license_expression(licences["words"].get(words, words))
        except InvalidLicenseExpression:
            continue
    said = (metadata.get("license") or "nothing").splitlines()[0]
    raise lock_file.LockError(
        f"{name}: no licence we can read (it says {said[:60]!r}, {classifiers});"
        " look into it and write it into [licences.packages] of supply.toml"
    )


def pins_of(
    requirements: list[Requirement], by_machine: dict[str, dict[str, Found]]
) -> list[Pin]:
    """Return the pins of a role: what it asks for, and what that needs, and so on."""
    reached = {
        machine: _reach(requirements, found, machine)
        for machine, found in by_machine.items()
    }
    names = set.union(*(set(part) for part in reached.values()))
    pins = []
    for name in sorted(names):
        found = [by_machine[machine].get(name) for machine in MACHINES]
        versions = {one.version for one in found if one}
        if None in found or len(versions) != 1:
            raise lock_file.LockError(
                f"{name} is not the same on {' and '.join(MACHINES)}: {versions}"
            )
        one = by_machine[MACHINES[0]][name]
        digests = {one.digest for one in found if one}
        needs = sorted(set.union(*(part.get(name, set()) for part in reached.values())))
        pins.append(Pin(name, one.version, one.licence, tuple(needs), tuple(digests)))
    return pins


def _reach(
    requirements: list[Requirement], found: dict[str, Found], machine: str
) -> dict[str, set[str]]:
    """Return what is reached from the requirements: for each name what it needs."""
    needs: dict[str, set[str]] = {}
    extras: dict[str, set[str]] = {}
    waiting = [one for one in requirements if _applies(one, "", machine)]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        new_extras = set(wanted.extras) - extras.get(name, set())
        if name in needs and not new_extras:
            continue
        extras.setdefault(name, {""}).update(new_extras)
        needs.setdefault(name, set())
        for child in found[name].requires:
            if any(_applies(child, extra, machine) for extra in extras[name]):
                needs[name].add(canonicalize_name(child.name))
                waiting.append(child)
    return needs


def _applies(requirement: Requirement, extra: str, machine: str) -> bool:
    environment = {"platform_machine": machine, "extra": extra}
    return requirement.marker is None or requirement.marker.evaluate(environment)


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word of why"])[-1]
        raise lock_file.LockError(f"{what}: pip failed: {last}")


if __name__ == "__main__":
    sys.exit(main())
