"""Clock, disk, memory, supply, program and unit: each made wrong for real.

Leaves to others: asking the doctor (tests/doctor/test_broken_setups.py).
"""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from doctor_shop import Broken, Shop
from likeness import config, updates
from likeness.core.time_floor import NTP
from likeness.core.update import Ledger, Returned
from likeness.core.vocabulary import Moment
from likeness.edges import store_file
from likeness.edges.model_sets import ModelSets
from likeness.service.timekeeping import REMEMBERED
from likeness.vision.manifest import models_dir
from update_bench import UpdateBench

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
ROOT = os.geteuid() == 0


def models_changed(shop: Shop) -> None:
    copy, mine = shop.folder / "models", models_dir("")
    (copy / "built").mkdir(parents=True)
    shutil.copy(mine / "manifest.toml", copy)
    for path in (mine / "built").glob("*_w8.tflite"):
        shutil.copy(path, copy / "built")
    model = next((copy / "built").iterdir())
    model.write_bytes(model.read_bytes()[:-1] + b"\0")
    shop.set("models", dir=str(copy))


def nothing_set_the_clock(shop: Shop) -> None:
    shop.remove("synchronized")
    shop.write("rtc/rtc0/hctosys", "0\n")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", folder], check=True)


def small_disk(shop: Shop) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m,mode=700", "none", shop.state],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    shop.more.callback(unmount, shop.state)
    (shop.state / "film.mp4").write_bytes(bytes(18 << 20))


def read_only_disk(shop: Shop) -> None:
    small_disk(shop)
    subprocess.run(["mount", "-o", "remount,ro", shop.state], check=True)


def files_of_root(shop: Shop) -> None:
    if not ROOT:
        pytest.skip("only root gives files away")
    shop.record("waiting", age_s=1)
    os.chown(shop.state, 65534, 65534)


def update_was_given_back(shop: Shop) -> None:
    returned = Returned(digest="0" * 64, number=7, why="gave another answer")
    ModelSets(shop.state).change(lambda _: Ledger(returned=returned))


def updates_stand_still(shop: Shop) -> None:
    """What was fetched a month and more ago, and signed for thirty days."""
    folder = shop.folder / "publisher"
    folder.mkdir()
    bench = UpdateBench(folder)
    bench.publish(1)
    moment = Moment(utc_s=int(NOW.timestamp()), quality=NTP, boot="b", mono_ms=1)
    settings = config.Config(
        terminal=shop.settings.terminal,
        models=bench.settings.models,
        update=bench.settings.update,
    )
    updates.look(settings, updates.Place(moment))
    path = shop.state / "update/metadata/timestamp.json"
    text = json.loads(path.read_bytes())
    text["signed"]["expires"] = f"{NOW - DAY:%Y-%m-%dT%H:%M:%SZ}"
    path.write_text(json.dumps(text))
    shop.set("update", source=bench.settings.update.source)
    shop.set("update", root_file=bench.settings.update.root_file)


TABLE = [
    # --- time -------------------------------------------------------------------------
    Broken(
        "nothing has set the clock",
        nothing_set_the_clock,
        *("clock", "warn", "unsynced", "reach a time server"),
    ),
    Broken(
        "the clock is behind what the carrier has signed",
        lambda shop: shop.remembers(REMEMBERED, str(int((NOW + 30 * DAY).timestamp()))),
        *("clock", "fail", "the carrier has signed a later time", "time server"),
    ),
    Broken(
        "there is no battery clock",
        lambda shop: shutil.rmtree(shop.machine / "rtc"),
        *("battery clock", "warn", "no battery clock", "dtoverlay=i2c-rtc,ds3231"),
    ),
    Broken(
        "the battery is flat",
        lambda shop: shop.write("rtc/rtc0/hctosys", "0\n"),
        *("battery clock", "warn", "did not set the clock", "hwclock --systohc"),
    ),
    # --- disk and results -------------------------------------------------------------
    Broken(
        "the disk is full", small_disk, *("disk", "fail", "MiB free", "free some room")
    ),
    Broken(
        "the disk can only be read",
        read_only_disk,
        *("disk", "fail", "cannot be written", "whether the disk is read-only"),
    ),
    Broken(
        "the database is broken",
        lambda shop: (shop.state / store_file.NAME).write_bytes(b"no database" * 500),
        *("disk", "fail", "not a database", "restart the daemon"),
    ),
    Broken(
        "a broken database was set aside",
        lambda shop: (shop.state / f"{store_file.NAME}.broken-1").write_bytes(b"x"),
        *("disk", "warn", "set aside: 1", "look at the disk's health"),
    ),
    Broken(
        "the carrier has refused a result",
        lambda shop: shop.record("set_aside", age_s=60),
        *("disk", "warn", "1 set aside", "likeness outbox"),
    ),
    Broken(
        "the state folder lies on an overlay",
        lambda shop: shop.mounted("overlay"),
        *("storage", "warn", "on overlay", "a partition of its own"),
    ),
    Broken(
        "the memory card fails",
        lambda shop: shop.counts_disk_errors(3),
        *("storage", "fail", "3 errors", "a new card"),
    ),
    Broken(
        "root ran a command in the state folder",
        files_of_root,
        *("storage", "fail", "belongs to another user", "chown -R"),
    ),
    Broken(
        "everybody can look into the state folder",
        lambda shop: shop.state.chmod(0o755),
        *("storage", "warn", "other users can look", "chmod 700"),
    ),
    Broken(
        "results have waited for days",
        lambda shop: shop.record("waiting", age_s=4 * 86_400),
        *("outbox", "fail", "the oldest for 4 days", "nothing is lost"),
    ),
    Broken(
        "results wait for hours",
        lambda shop: shop.record("waiting", age_s=2 * 3600 + 60),
        *("outbox", "warn", "the oldest for 2 h", "what 'broker' says"),
    ),
    # --- program and machine ----------------------------------------------------------
    Broken(
        "the models are not there",
        lambda shop: shop.set("models", dir=str(shop.folder / "nowhere")),
        *("models", "fail", "nowhere", "reinstall the package"),
    ),
    Broken(
        "a model was changed",
        models_changed,
        *("models", "fail", "its sha256 is", "reinstall the package"),
    ),
    Broken(
        "a new model set was given back",
        update_was_given_back,
        *("updates", "warn", "bundle 7 was given back", "tell the publisher"),
    ),
    Broken(
        "the publisher's root file is missing",
        lambda shop: shop.set("update", source="/media", root_file="/none/root.json"),
        *("updates", "fail", "/none/root.json", "root file"),
    ),
    Broken(
        "the update's signatures are over",
        updates_stand_still,
        *("updates", "warn", "is signed until", "likeness update apply"),
    ),
    Broken(
        "the board is too hot",
        lambda shop: shop.write("thermal/thermal_zone0/temp", "83100\n"),
        *("temperature", "fail", "83 °C", "heat sink"),
    ),
    Broken(
        "the supply is too weak",
        lambda shop: shop.write("get_throttled", "50005\n"),
        *("power", "fail", "voltage is too low now", "the board's own supply"),
    ),
    Broken(
        "the supply was too weak for a moment",
        lambda shop: shop.write("get_throttled", "0x10000\n"),
        *("power", "warn", "was too low since the start", "short thick cable"),
    ),
    Broken(
        "the board was slowed by heat",
        lambda shop: shop.write("get_throttled", "80000\n"),
        *("power", "warn", "was slowed since the start", "give it air"),
    ),
    Broken(
        "the board is too small",
        lambda shop: shop.write(
            "proc/meminfo", "MemTotal: 380000 kB\nMemAvailable: 90000 kB\n"
        ),
        *("memory", "fail", "371 MiB", "take a board with more"),
    ),
    Broken(
        "the kernel keeps to no ceiling of memory",
        lambda shop: shop.write("cgroup/cgroup.controllers", "cpu io pids\n"),
        *("memory", "warn", "does not keep to MemoryMax", "cgroup_enable=memory"),
    ),
    Broken(
        "there is swap on the card",
        lambda shop: shop.write(
            "proc/swaps", "Filename Type Size Used\n/var/swap file 102396 0 -2\n"
        ),
        *("swap", "warn", "/var/swap", "dphys-swapfile"),
    ),
    Broken(
        "the journal is written to the card",
        lambda shop: shop.write("journal/abc/system.journal", ""),
        *("journal", "warn", "written to the card", "Storage=volatile"),
    ),
    Broken(
        "the package is not installed",
        lambda shop: shop.unit(LoadState="not-found", UnitFileState=""),
        *("service", "fail", "not-found", "install the package"),
    ),
    Broken(
        "the power went while the package was installed",
        lambda shop: shop.write("half-installed", ""),
        *("package", "fail", "half installed", "install its file once more"),
    ),
    Broken(
        "the daemon does not come back after a power cut",
        lambda shop: shop.unit(UnitFileState="disabled"),
        *("service", "fail", "disabled", "systemctl enable --now likeness.service"),
    ),
    Broken(
        "the daemon has failed",
        lambda shop: shop.unit(ActiveState="failed", Result="exit-code"),
        *("service", "fail", "has failed: exit-code", "journalctl -u likeness"),
    ),
    Broken(
        "the daemon is stopped",
        lambda shop: shop.unit(ActiveState="inactive"),
        *("service", "warn", "is inactive", "systemctl start likeness.service"),
    ),
    Broken(
        "the daemon starts again and again",
        lambda shop: shop.unit(NRestarts="7"),
        *("service", "warn", "started again 7 times", "journalctl -u likeness"),
    ),
    Broken(
        "nobody notices a daemon that hangs",
        lambda shop: shop.unit(WatchdogUSec="0"),
        *("service", "warn", "nobody notices if it hangs", "WatchdogSec=30"),
    ),
    Broken(
        "nobody notices a machine that hangs",
        lambda shop: shop.unit(RuntimeWatchdogUSec="0"),
        *("service", "warn", "if the machine hangs", "/etc/systemd/system.conf.d"),
    ),
]
