"""What an installer may find wrong in a shop, each made wrong for real, one by one.

Each row: what is broken, how, which check tells it, how bad it is, what it must say,
and what must stand in the remedy. INSTALL.md's table of faults is held against this.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from broken_devices import TABLE as DEVICES
from broken_line import TABLE as LINE
from broken_machine import TABLE as MACHINE
from doctor_shop import Broken, Shop
from replays import CLIP

pytestmark = pytest.mark.broker

TABLE = [*DEVICES, *MACHINE, *LINE]


@pytest.fixture
def shop(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    with ExitStack() as more:
        made = Shop(tmp_path, pictures / CLIP, more)
        monkeypatch.setenv("PATH", f"{made.programs}:{os.environ['PATH']}")
        yield made


def test_a_terminal_as_it_should_be(shop: Shop) -> None:
    """The control of all that follows: every check, and each of them is well."""
    shop.with_broker()
    shop.with_reader()
    code, found = shop.asked()
    assert {name: one for name, one in found.items() if one["state"] != "ok"} == {}
    assert code == 0
    everywhere = set(found) | {"chip reader", "trust", "desk", "signals"}
    assert {row.check for row in TABLE} <= everywhere


@pytest.mark.parametrize("row", TABLE, ids=[row.what for row in TABLE])
def test_each_fault_is_named_with_its_remedy(
    shop: Shop, row: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    if row.check == "screen":  # this machine's own chromium is none of ours
        monkeypatch.setenv("PATH", str(shop.programs))
    row.breaks(shop)
    code, found = shop.asked(row.check)
    one = found[row.check]
    assert one["state"] == row.state, one
    assert row.said in one["said"], one
    assert row.todo in one["todo"], one
    assert code == (row.state == "fail")


def test_each_row_is_another_fault() -> None:
    assert len({row.what for row in TABLE}) == len(TABLE) >= 20
    assert len({(row.check, row.said) for row in TABLE}) > len(TABLE) - 5


def test_the_command_itself_says_it_in_a_line(shop: Shop) -> None:
    """Once as an installer calls it."""
    shop.set("reader", path="/dev/serial/by-id/none")
    only = ("--only", "reader", "--only", "certificate")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "likeness",
            "doctor",
            "--config",
            shop.config_file(),
            *only,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0].startswith("fail  reader: /dev/serial/by-id/none: no such card")
    assert lines[1].startswith("ok    certificate: good until ")
    assert len(lines) == 2


NOT_ROOTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can give files away and then do without its rights",
)
def test_what_belongs_to_another_user_is_named(shop: Shop) -> None:
    """As the daemon's user finds it who is in no group, or after root made a file."""
    camera = shop.folder / "video0"
    try:
        os.mknod(camera, stat.S_IFCHR | 0o600, os.makedev(81, 0))
    except PermissionError:
        pytest.skip("no device can be made here")
    reader = shop.with_reader()
    shop.set("camera", source="usb", path=str(camera))
    key = shop.settings.keys.device_key
    for path in (camera, reader.path, key, shop.state):
        os.chown(path, 65534, 65534)
    Path(reader.path).chmod(0o600)
    checks = ("camera", "reader", "disk", "keys")
    only = [word for name in checks for word in ("--only", name)]
    command = ("doctor", "--config", str(shop.config_file()), "--json", *only)
    done = subprocess.run(
        [*NOT_ROOTS, sys.executable, "-m", "likeness", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert {one["state"] for one in found.values()} == {"fail"}, found
    assert "group 'video'" in found["camera"]["todo"]
    assert "(usually dialout)" in found["reader"]["todo"]
    assert "give it to the daemon's user" in found["disk"]["todo"]
    assert "Permission denied" in found["keys"]["said"]
