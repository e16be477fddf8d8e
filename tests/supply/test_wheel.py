"""The wheel is the same bytes wherever and whenever it is built."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lock_file

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of what is committed; skipped where there is no git history."""
    if not (lock_file.ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    copy = tmp_path_factory.mktemp("one") / "likeness"
    clone = [
        "git",
        "clone",
        "--quiet",
        "--no-hardlinks",
        str(lock_file.ROOT),
        str(copy),
    ]
    subprocess.run(clone, check=True)
    return copy


def build(checkout: Path, out: Path, umask: int = 0o022, **settings: str) -> bytes:
    done = subprocess.run(
        ["sh", str(checkout / "systemd/supply/wheel"), sys.executable, str(out)],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(out), **settings},
        umask=umask,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("likeness-*.whl")
    return wheel.read_bytes()


def test_place_umask_time_zone_and_language_leave_no_trace(
    checkout: Path, tmp_path: Path
) -> None:
    first = build(checkout, tmp_path / "a", TZ="UTC", LC_ALL="C")
    other = tmp_path / "quite" / "another" / "place"
    shutil.copytree(checkout, other, copy_function=shutil.copy)  # files of today
    (other / "daemon" / "likeness" / "left_over.py").write_text("LEFT = True\n")
    second = build(
        other, tmp_path / "b", umask=0o077, TZ="Asia/Shanghai", LC_ALL="C.UTF-8"
    )
    assert first == second
    # Two builds are alike because they are right, not because they are empty.
    names = zipfile.ZipFile(tmp_path / "a" / next(os.walk(tmp_path / "a"))[2][0])
    assert "likeness/core/outbox.py" in names.namelist()
    assert "likeness/left_over.py" not in names.namelist()
    assert any(
        n.endswith("share/likeness/models/manifest.toml") for n in names.namelist()
    )


def test_the_time_in_it_is_the_one_that_was_given(
    checkout: Path, tmp_path: Path
) -> None:
    build(checkout, tmp_path / "a", SOURCE_DATE_EPOCH="1000000000")
    (path,) = (tmp_path / "a").glob("*.whl")
    years = {item.date_time[0] for item in zipfile.ZipFile(path).infolist()}
    assert years == {2001}
