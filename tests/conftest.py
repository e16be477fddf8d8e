"""What tests need from the machine, and what happens when it is not there.

A missing tool or recording skips its tests on a laptop, with a line saying so; with
--nothing-missing (as in CI) a missing tool fails. Recordings of real people are not
part of the project, so their absence never fails.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest

import asyncapi_specs
import pcscd
import postgres as postgres_programs
import real_picamera2
import softhsm
from browser.chromium import find as find_chromium
from likeness.carrier.database import Database

# A busy machine is no reason to fail: no example is judged by its wall time.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

ROOT = Path(__file__).resolve().parent.parent
FEEDS = ROOT.parent / "shared" / "feeds"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--nothing-missing", action="store_true", help="a missing tool fails its tests"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("feeds") and not FEEDS.is_dir():
        pytest.skip("the development recordings are not here")
    for marker, missing in MISSING.items():
        if item.get_closest_marker(marker) and (why := missing()):
            if item.config.getoption("--nothing-missing"):
                pytest.fail(why)
            pytest.skip(why)


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_programs.Postgres]:
    """One server for all tests; each asks it for a database of its own."""
    server = postgres_programs.Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def made(postgres: postgres_programs.Postgres) -> str:
    """Name a database with its tables: copying them is quicker than making them."""
    url = postgres.database()
    Database.make(url)
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the carrier's database is: an empty one, of either kind, ready for use."""
    if request.param == "sqlite":
        return str(tmp_path / "carrier.db")
    server: postgres_programs.Postgres = request.getfixturevalue("postgres")
    return server.database(like=request.getfixturevalue("made"))


def find_mosquitto() -> str | None:
    """Debian keeps it in /usr/sbin, which is not on everybody's path."""
    return shutil.which("mosquitto", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")


def missing_eyes() -> str | None:
    """Name a Debian package that brings a foreign reader of chips and is not here."""
    programs = {
        "libnfc-bin": "nfc-list",
        "mrtdreader": "mrtdreader",
        "opensc": "opensc-tool",
    }
    for package, program in programs.items():
        if shutil.which(program) is None:
            return package
    return None if pcscd.find() else "vsmartcard-vpcd"


def missing_for_pcsc() -> str | None:
    """Say what our own reader needs for PC/SC and is not here."""
    if not pcscd.find():
        return "vsmartcard-vpcd is missing: apt-get install pcscd vsmartcard-vpcd"
    if find_spec("smartcard") is None:
        return "pyscard is missing: pip install 'likeness[pcsc]' (needs swig, gcc)"
    return None


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def feeds() -> Path:
    return FEEDS


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Real pictures from pinned packages, put there by `likeness models build`."""
    folder = ROOT / "models" / "built" / "pictures"
    if not folder.is_dir():
        pytest.fail("no pictures: run 'likeness models build' (make test does)")
    return folder


def _unless(found: object, package: str) -> str:
    return "" if found else f"{package} is missing: apt-get install {package}"


def _missing_eyes() -> str:
    missing = missing_eyes()
    return _unless(missing is None, missing or "")


def _missing_for_pcsc() -> str:
    missing = missing_for_pcsc()
    return f"PC/SC: {missing}" if missing else ""


# What each marker needs of the machine: why it is not there, or nothing.
MISSING: dict[str, Callable[[], str]] = {
    "asyncapi": lambda: _unless(asyncapi_specs.is_here() or shutil.which("npm"), "npm"),
    "broker": lambda: _unless(find_mosquitto(), "mosquitto"),
    "browser": lambda: _unless(find_chromium(), "chromium"),
    "foreign": _missing_eyes,
    "gcc": lambda: _unless(shutil.which("gcc"), "gcc"),
    "pcsc": _missing_for_pcsc,
    "picamera2": lambda: (
        "" if real_picamera2.is_here() else "picamera2: run 'tests/real_picamera2.py'"
    ),
    "postgres": lambda: _unless(postgres_programs.find(), "postgresql"),
    "prometheus": lambda: _unless(shutil.which("promtool"), "prometheus"),
    "softhsm": lambda: _unless(softhsm.find(), "softhsm2"),
}
