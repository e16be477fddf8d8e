"""A role is installed by digest or not at all, and the reason is said."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import lock_file
from tiny_wheel import write_wheel

INSTALL = lock_file.HERE / "install"
WHEEL = "parcel-1.0-py3-none-any.whl"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder as systemd/supply, a wheel to install, and a Python for it."""
    (tmp_path / "locks").mkdir()
    shutil.copy(INSTALL, tmp_path)
    write_wheel(tmp_path / "wheels" / WHEEL, {"parcel.py": b"OPENED = True\n"})
    # Our own pip installs into it, so it needs none.
    venv.EnvBuilder(with_pip=False, symlinks=True).create(tmp_path / "venv")
    return tmp_path


def lock(shop: Path, version: str, digest: str) -> None:
    tag = f"{sys.version_info.major}.{sys.version_info.minor}"
    pin = lock_file.Pin("parcel", version, "MIT", (), (digest,))
    path = lock_file.path_of("demo", tag, shop / "locks")
    path.write_text(lock_file.render([pin], "demo", tag), encoding="utf-8")


def install(
    shop: Path, role: str = "demo", python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    settings = {
        "PATH": os.environ["PATH"],
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(shop / "wheels"),
        "PIP_PYTHON": str(shop / "venv" / "bin" / "python"),
    }
    return subprocess.run(
        ["sh", str(shop / "install"), python, role],
        capture_output=True,
        text=True,
        env=settings,
        check=False,
    )


def installed(shop: Path) -> bool:
    return bool(list(shop.glob("venv/lib/python*/site-packages/parcel.py")))


def digest(shop: Path) -> str:
    return hashlib.sha256((shop / "wheels" / WHEEL).read_bytes()).hexdigest()


def test_what_the_lock_names_is_installed(shop: Path) -> None:
    lock(shop, "1.0", digest(shop))
    done = install(shop)
    assert (done.returncode, done.stderr) == (0, "")
    assert installed(shop)


def test_another_file_of_the_same_name_is_refused(shop: Path) -> None:
    lock(shop, "1.0", "ab" * 32)
    done = install(shop)
    assert done.returncode == 1
    assert "digests do not match" in done.stderr
    assert not installed(shop)


def test_what_the_index_lacks_is_said(shop: Path) -> None:
    lock(shop, "1.1", digest(shop))
    done = install(shop)
    assert done.returncode == 1
    assert "a version was not found" in done.stderr
    assert not installed(shop)


def test_one_line_without_a_digest_spoils_the_whole_lock(shop: Path) -> None:
    lock(shop, "1.0", digest(shop))
    (path,) = (shop / "locks").iterdir()
    path.write_text(path.read_text() + "\nparcel-tape==1.0\n")
    done = install(shop)
    assert done.returncode == 1
    assert not installed(shop)


def test_a_python_without_a_lock_is_told_what_to_do(shop: Path) -> None:
    lock(shop, "1.0", digest(shop))
    done = install(shop, role="carrier")
    assert done.returncode == 1
    assert "no lock of 'carrier' for this Python" in done.stderr
    assert "make lock" in done.stderr
