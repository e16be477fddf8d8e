"""What tests need from the machine, and what happens when it is not there.

A missing tool or recording skips its tests on a laptop, with a line saying so; with
--nothing-missing (as in CI) a missing tool fails. Recordings of real people are not
part of the project, so their absence never fails.
"""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest

import pcscd
import softhsm
from browser.chromium import find as find_chromium

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
    if item.get_closest_marker("broker") and not find_mosquitto():
        if item.config.getoption("--nothing-missing"):
            pytest.fail("mosquitto is missing: apt-get install mosquitto")
        pytest.skip("mosquitto is missing: apt-get install mosquitto")
    if item.get_closest_marker("browser") and not find_chromium():
        if item.config.getoption("--nothing-missing"):
            pytest.fail("chromium is missing: apt-get install chromium")
        pytest.skip("chromium is missing: apt-get install chromium")
    if item.get_closest_marker("foreign") and (missing := missing_eyes()):
        if item.config.getoption("--nothing-missing"):
            pytest.fail(f"{missing} is missing: apt-get install {missing}")
        pytest.skip(f"{missing} is missing: apt-get install {missing}")
    if item.get_closest_marker("pcsc") and (missing := missing_for_pcsc()):
        if item.config.getoption("--nothing-missing"):
            pytest.fail(f"PC/SC: {missing}")
        pytest.skip(f"PC/SC: {missing}")
    if item.get_closest_marker("softhsm") and not softhsm.find():
        if item.config.getoption("--nothing-missing"):
            pytest.fail("SoftHSM is missing: apt-get install softhsm2")
        pytest.skip("SoftHSM is missing: apt-get install softhsm2")


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
