"""The package of this commit, and a Debian root with what it depends on."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import build_deb
import debian_root
from deb_target import Target
from debian_root import DebianRoot

TARGET = Target(os.environ.get("LIKENESS_TEST_SUITE", "bookworm"), "amd64")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place that other users may enter, for what runs as the daemon's user."""
    place = tmp_path_factory.mktemp("package")
    for path in (place, *place.parents[:3]):
        if path != Path("/tmp"):
            path.chmod(path.stat().st_mode | 0o055)
    return place


@pytest.fixture(scope="session")
def deb(request: pytest.FixtureRequest, folder: Path) -> Path:
    """The package for this machine, packed quickly."""
    if "LIKENESS_TEST_PACKAGE" not in os.environ:
        pytest.skip("minutes of work: make test-package")
    if os.geteuid() != 0:
        pytest.skip("a root can be made by root only")
    if why := debian_root.missing():
        if request.config.getoption("--nothing-missing"):
            pytest.fail(why)
        pytest.skip(why)
    if build_deb.this_machine() != TARGET.arch:
        pytest.skip("made for amd64; `make arm64` has the other machine")
    return build_deb.build(TARGET, 1, folder / "dist", level=0)


@pytest.fixture(scope="session")
def newer(deb: Path, folder: Path) -> Path:
    """The same, one revision on, with a file that the first had not."""
    tree = folder / "newer"
    subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
    control = tree / "DEBIAN" / "control"
    first, next_one = f"{TARGET.suffix}1", f"{TARGET.suffix}2"
    control.write_text(control.read_text().replace(first, next_one))
    (tree / "usr/share/doc/likeness/NEWER.md").write_text("Newer.\n")
    default = tree / "etc/likeness/terminal.toml"
    default.write_text(default.read_text() + "# A newer default.\n")
    return build_deb.pack(tree, folder / "dist" / "newer.deb", 1_800_000_000, 0)


@pytest.fixture(scope="session")
def lower(deb: Path, folder: Path) -> Path:
    """A minimal Debian with the packages that ours depends on."""
    depends = subprocess.run(
        ["dpkg-deb", "--field", deb, "Depends"],
        capture_output=True,
        text=True,
        check=True,
    )
    place = folder / "lower"
    wanted = depends.stdout.strip()
    return debian_root.make(place, TARGET.suite, TARGET.arch, wanted)


@pytest.fixture
def debian(
    lower: Path, folder: Path, request: pytest.FixtureRequest
) -> Iterator[DebianRoot]:
    """A Debian of its own, in which nothing of ours was ever installed."""
    with DebianRoot(lower, folder / "uses" / request.node.name) as made:
        yield made
