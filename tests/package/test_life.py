"""The package's life in a Debian of its own: in, a visit, up, out, purged."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from debian_root import NO_QUESTIONS, DebianRoot, changes
from likeness import __version__
from processes import Program, happens
from programs import Shop

pytestmark = [pytest.mark.package, pytest.mark.broker, pytest.mark.timeout(600)]

# Packing tightly takes a minute, and this one goes nowhere.
AS_BUILT_HERE = [
    "--suppress-tags",
    "uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball",
]
CARD_GONE_S = 3.0  # the reader is asked several times in it
CONFIG = "etc/likeness/terminal.toml"
STATE = "var/lib/likeness"
CLIP = "/opt/likeness/share/likeness/models/built/pictures/carphone.mp4"
# What purging leaves, as policy lets it: the users, locked (postrm says why), and
# what dpkg, systemd-sysusers and ldconfig write for themselves.
STAYS = {
    *("etc/group", "etc/group-", "etc/gshadow", "etc/gshadow-"),
    *("etc/passwd", "etc/passwd-", "etc/shadow", "etc/shadow-"),
    *("etc/.pwd.lock", "etc/ld.so.cache", "var/lib/dpkg/status"),
    *("var/lib/dpkg/status-old", "var/lib/dpkg/triggers/Unincorp"),
    *("var/lib/dpkg/info", "var/lib/dpkg/updates"),
}


def owned(path: Path) -> tuple[int, int]:
    """Whose it is."""
    what = path.stat()
    return what.st_uid, what.st_gid


class Installed:
    """A shop whose one terminal is the installed package, run as its own user."""

    def __init__(self, debian: DebianRoot, shop: Shop, home: Path) -> None:
        self.debian = debian
        self.shop = shop
        self.terminal = shop.terminals[0]
        self._runs = False
        self._configure(home / "terminal.toml")
        run = ("likeness", "run", "--config", f"/{CONFIG}")
        self.daemon = Program(
            home / "installed.log", *debian.command(*run, user="likeness:likeness")
        )

    def _configure(self, made: Path) -> None:
        """Write what the shop says where the package looks for it."""
        text = made.read_text()
        pki = self.debian.path / "etc/likeness/pki"
        ids = owned(self.debian.path / STATE)
        for line in text.splitlines():
            name, _, value = line.partition(" = ")
            if name.endswith("_key") and len(value) > 2:
                place = pki / Path(value.strip('"')).name
                shutil.copyfile(value.strip('"'), place)
                text = text.replace(value, f'"/etc/likeness/pki/{place.name}"')
                # On a terminal systemd hands the secret one on.
                place.chmod(0o600)
                os.chown(place, *ids)
            elif name == "state_dir":
                text = text.replace(value, f'"/{STATE}"')
            elif name == "command":
                words = json.loads(value)
                text = text.replace(words[0], "/opt/likeness/bin/python3")
            elif name == "path" and value.endswith('.mp4"'):
                text = text.replace(value, f'"{CLIP}"')
        (self.debian.path / CONFIG).write_text(text)
        Path(self.terminal.reader.path).resolve().chmod(0o666)

    def visit(self) -> str:
        """Serve one visit; return the line that ends it."""
        since = self.daemon.written
        if not self._runs:
            self.daemon.start()
            self._runs = True
            assert self.daemon.says("Welcome", 60), self.daemon.said()
        self.terminal.reader.lay(self.shop.cards[0])
        assert self.daemon.says("event=visit_done", 90, since), self.daemon.said()
        self.terminal.reader.take_away()
        time.sleep(CARD_GONE_S)
        said = self.daemon.said(since)
        return said[said.index("event=visit_done") :].splitlines()[0]

    def stop(self) -> None:
        """End the daemon in order."""
        assert self.daemon.stop() == 0
        self._runs = False

    def is_accepted(self) -> None:
        """Serve visits until one is; a busy machine is too slow for a blink."""
        ends = []
        for _ in range(3):
            ends.append(self.visit())
            assert "not confined" not in self.daemon.said()
            if "verdict=accepted" in ends[-1]:
                return
            assert "too_slow" in ends[-1] or "nonce_from_device" in ends[-1], ends
        pytest.fail(f"three visits, none accepted: {ends}")

    def outbox(self) -> str:
        """What waits, as the installed program says it; not since how long."""
        said = self.debian.run("likeness", "outbox", "--state-dir", f"/{STATE}").stdout
        return re.sub(r", \d+ s ago", "", said)


@pytest.fixture
def installed(
    debian: DebianRoot, deb: Path, folder: Path, pictures: Path
) -> Iterator[Installed]:
    debian.install(deb)
    place = Path(tempfile.mkdtemp(prefix="shop-", dir=folder))
    place.chmod(0o755)
    with Shop(place, pictures, "shop-1") as shop:
        debian.bind(place)
        made = Installed(debian, shop, place / "shop-1")
        yield made
        made.daemon.kill()


def test_what_is_installed_and_purged_again(debian: DebianRoot, deb: Path) -> None:
    before = debian.snapshot()
    said = debian.install(deb)
    assert "not provisioned yet" in said
    version = debian.run("likeness", "--version")
    assert version.stdout == f"likeness, version {__version__}\n", version.stderr
    # One name is missing, and it is named.
    checked = debian.run("likeness", "check-config", "--config", f"/{CONFIG}")
    assert checked.returncode == 78
    assert "'terminal.device' is missing" in checked.stderr
    config = debian.path / CONFIG
    config.write_text(config.read_text().replace('# device = ""', 'device = "shop-1"'))
    checked = debian.run("likeness", "check-config", "--config", f"/{CONFIG}")
    assert checked.returncode == 0, checked.stderr
    models = debian.run("likeness", "models", "check")
    assert models.returncode == 0, models.stderr
    assert debian.dpkg("--verify", "likeness") in ("", f"??5?????? c /{CONFIG}\n")
    assert "likeness" in debian.run("id", "likeness").stdout
    enabled = "etc/systemd/system/multi-user.target.wants"
    assert (debian.path / enabled / "likeness.service").is_symlink()
    assert not (debian.path / enabled / "likeness-screen.service").is_symlink()
    debian.dpkg("--remove", "likeness")
    assert config.exists()
    assert not (debian.path / "opt/likeness").exists()
    debian.dpkg("--purge", "likeness")
    assert changes(before, debian.snapshot()) - STAYS == set()
    assert "likeness" in debian.run("id", "likeness").stdout


def test_the_environment_is_our_own_and_compiled(debian: DebianRoot, deb: Path) -> None:
    """Debian's packages are seen (picamera2), and never in the place of ours."""
    theirs = debian.path / "usr/lib/python3/dist-packages"
    for name in ("numpy", "picamera2"):
        (theirs / name).mkdir(parents=True)
        (theirs / name / "__init__.py").write_text('__version__ = "of Debian"\n')
    debian.install(deb)
    code = "import numpy, picamera2; print(numpy.__version__, picamera2.__version__)"
    said = debian.run("/opt/likeness/bin/python3", "-P", "-s", "-c", code)
    numpy, _, picamera2 = said.stdout.partition(" ")
    assert numpy[:1].isdigit(), said.stderr
    assert picamera2 == "of Debian\n"
    (ours,) = debian.path.glob("opt/likeness/lib/python3.*/site-packages/likeness")
    compiled = {path.name.partition(".")[0] for path in ours.rglob("*.pyc")}
    assert {path.stem for path in ours.rglob("*.py")} == compiled


def test_a_recorded_visit_is_accepted(installed: Installed) -> None:
    installed.shop.broker.start()
    installed.shop.carrier.start()
    installed.is_accepted()
    installed.stop()


def test_nothing_is_lost(installed: Installed, newer: Path, deb: Path) -> None:
    """Whatever the verdicts: refused removal, upgrade, return, removal, purge."""
    debian, shop = installed.debian, installed.shop
    shop.broker.start()
    shop.carrier.start()
    installed.visit()
    assert installed.daemon.says("event=receipted", 30), installed.daemon.said()
    installed.stop()
    assert "waiting: 0" in installed.outbox()

    shop.carrier.stop()
    installed.visit()
    installed.stop()
    waits = installed.outbox()
    assert "waiting: 1" in waits

    refused = debian.run("dpkg", "--remove", "likeness")
    assert refused.returncode != 0
    assert "results wait here for the carrier" in refused.stderr
    assert debian.run("likeness", "--version").returncode == 0

    edited = (debian.path / CONFIG).read_text()
    for package in (newer, deb, deb):  # up, down, and once more
        debian.install(package)
        assert (debian.path / CONFIG).read_text() == edited
        assert installed.outbox() == waits

    shop.carrier.start()
    before = installed.daemon.written
    installed.daemon.start()
    assert installed.daemon.says("event=receipted", 60, before)
    assert installed.daemon.stop() == 0
    debian.dpkg("--remove", "likeness")
    assert (debian.path / STATE / "results.db").exists()
    debian.install(deb)
    assert "waiting: 0" in installed.outbox()
    debian.dpkg("--purge", "likeness")
    assert not (debian.path / STATE).exists()
    assert not (debian.path / "etc/likeness").exists()


def state_of(debian: DebianRoot) -> str:
    """What dpkg says of the package: "installed", "half-installed" …"""
    query = ("dpkg-query", "--show", "--showformat=${db:Status-Status}", "likeness")
    return debian.run(*query).stdout


def test_a_power_cut_while_it_is_unpacked_is_mended_by_the_same_file(
    debian: DebianRoot, deb: Path, newer: Path
) -> None:
    debian.install(deb)
    mark = debian.path / "opt/likeness/.half-installed"
    assert not mark.exists()
    file = shutil.copyfile(newer, debian.path / "tmp" / newer.name)
    command = debian.command("dpkg", "--install", f"/tmp/{file.name}")
    unpacking = subprocess.Popen(command, env=NO_QUESTIONS, stdout=subprocess.DEVNULL)
    models = debian.path / "opt/likeness/share"
    assert happens(lambda: any(models.rglob("*.dpkg-new")), 60)
    unpacking.kill()
    unpacking.wait()
    assert state_of(debian) == "half-installed"
    assert mark.exists()
    # What people try first helps nothing, and must not look as if it did.
    debian.run("dpkg", "--configure", "--pending")
    assert mark.exists()
    debian.install(newer)
    assert state_of(debian) == "installed"
    assert not mark.exists()
    assert debian.run("likeness", "--version").returncode == 0
    debian.dpkg("--purge", "likeness")
    assert not (debian.path / "opt/likeness").exists()


def test_a_file_that_is_cut_off_changes_nothing(
    debian: DebianRoot, deb: Path, newer: Path
) -> None:
    cut = debian.path / "tmp/cut.deb"
    cut.write_bytes(newer.read_bytes()[: newer.stat().st_size // 2])
    assert debian.run("dpkg", "--install", "/tmp/cut.deb").returncode != 0
    assert not (debian.path / "opt/likeness").exists()
    debian.install(deb)
    before = debian.dpkg("--status", "likeness")
    assert debian.run("dpkg", "--install", "/tmp/cut.deb").returncode != 0
    assert debian.dpkg("--status", "likeness") == before
    assert not (debian.path / "opt/likeness/.half-installed").exists()
    assert debian.run("likeness", "--version").returncode == 0


def test_what_waits_can_be_given_up_and_what_is_unreadable_counts(
    debian: DebianRoot, deb: Path
) -> None:
    debian.install(deb)
    database = debian.path / STATE / "results.db"
    database.write_bytes(b"no database")
    refused = debian.run("dpkg", "--purge", "likeness")
    assert refused.returncode != 0
    assert "cannot be read" in refused.stderr
    debian.dpkg("--purge", "likeness", LIKENESS_DISCARD_OUTBOX="1")
    assert not database.exists()


def test_lintian_finds_no_error(deb: Path) -> None:
    said = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error", *AS_BUILT_HERE, str(deb)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout
