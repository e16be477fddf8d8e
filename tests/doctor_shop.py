"""A terminal that is really provisioned and well, on a machine of files; to be broken.

The real command looks at it: a broker with the files that we ship, a reader on a pty, a
recorded camera, and folders that stand for the kernel's and systemd's own. `systemctl`
is a stand-in that prints what the real one prints: no systemd runs where tests do.
"""

import contextlib
import io
import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import msgspec

from broker import free_port
from likeness import config, provisioning
from likeness.commands.doctor import examine
from likeness.doctor.places import Places
from likeness.edges import store_file
from likeness.simulators.authority import Kind
from likeness.simulators.sdt_reader import SdtReader
from provisions import DEVICE, Site, site
from terminals import to_toml
from tls_broker import ShippedMosquitto, shipped

MOUNTS = "36 25 179:4 / {folder} rw,noatime shared:1 - {kind} /dev/mmcblk0p4 rw\n"
UNIT_IS_WELL = {
    "LoadState": "loaded",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "Result": "success",
    "NRestarts": "0",
    "WatchdogUSec": "30s",
    "RuntimeWatchdogUSec": "14s",
}


class PtyReader(AbstractContextManager["PtyReader"]):
    """A simulated reader of identity cards, served by a thread; or a silent one."""

    def __init__(self, *, answers: bool = True) -> None:
        self._near, self._far = os.openpty()
        self.path = os.ttyname(self._far)
        self._answers, self._stopped = answers, threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        self._stopped.set()
        os.close(self._far)
        with contextlib.suppress(OSError):
            os.close(self._near)

    def _serve(self) -> None:
        reader = SdtReader()
        while not self._stopped.is_set():
            try:
                data = os.read(self._near, 4096)
                for piece in reader.receive(data, time.monotonic()):
                    if self._answers:
                        os.write(self._near, piece.data)
            except OSError:
                return


class Shop:
    """One terminal with all that it needs; `more` closes what is opened for it."""

    def __init__(self, folder: Path, clip: Path, more: ExitStack) -> None:
        self.folder, self.more = folder, more
        self.site: Site = site(folder, port=free_port())
        provisioning.make(self.site.settings, self.site.out)
        self.site.install(self.site.answer())
        self.state = folder / "state"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.state.chmod(0o700)
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.machine = folder / "machine"
        self.settings = self.site.settings
        self.set("camera", source="feed", path=str(clip))
        self.set(
            "portrait", command=(self.program("decoder", "cat > /dev/null; exit 1"),)
        )
        self.set("screen", kind="page", port=free_port())
        self.places = self._machine()
        self.broker: ShippedMosquitto | None = None

    def _machine(self) -> Places:
        self.write("thermal/thermal_zone0/temp", "47200\n")
        self.write("get_throttled", "0\n")
        self.write("drm/card1-HDMI-A-1/status", "connected\n")
        self.write("rtc/rtc0/hctosys", "1\n")
        self.write("synchronized", "")
        self.mounted("ext4")
        self.write("proc/meminfo", "MemTotal: 949000 kB\nMemAvailable: 600000 kB\n")
        self.write("proc/swaps", "Filename Type Size Used Priority\n")
        self.write("cgroup/cgroup.controllers", "cpu io memory pids\n")
        self.write("systemd/.here", "")
        self.program("chromium", "exit 0")
        self.unit()
        at = self.machine
        return Places(
            thermal=at / "thermal",
            firmware=at / "get_throttled",
            connectors=at / "drm",
            rtc=at / "rtc",
            rtc_set_clock=at / "rtc/rtc0/hctosys",
            sync_marks=(at / "synchronized",),
            proc=at / "proc",
            cgroup=at / "cgroup",
            ext4=at / "ext4",
            block=at / "block",
            journal=at / "journal",
            half_installed=at / "half-installed",
            systemd=at / "systemd",
            reader_within_s=0.5,
        )

    # --- to change it ---------------------------------------------------------------
    def set(self, part: str, **changes: object) -> None:
        """Change values of one part of the configuration."""
        new = msgspec.structs.replace(getattr(self.settings, part), **changes)
        self.settings = msgspec.structs.replace(self.settings, **{part: new})

    def write(self, name: str, text: str) -> Path:
        """Put a file of the machine there."""
        path = self.machine / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def remove(self, name: str) -> None:
        """Take a file of the machine away."""
        (self.machine / name).unlink()

    def program(self, name: str, text: str) -> str:
        """Put a program there; return its path."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def unit(self, **changes: str) -> None:
        """Let systemd say this of the unit, and of itself."""
        said = UNIT_IS_WELL | changes
        lines = "\n".join(
            f'case "$2" in *{name}*) echo "{name}={value}";; esac'
            for name, value in said.items()
        )
        self.program("systemctl", lines)

    def mounted(self, kind: str) -> None:
        """Let the state folder lie on a file system of this kind."""
        self.write("proc/self/mountinfo", MOUNTS.format(folder=self.state, kind=kind))

    def counts_disk_errors(self, count: int) -> None:
        """Let ext4 have counted errors on the disk below the state folder."""
        device = self.state.stat().st_dev
        name = f"{os.major(device)}:{os.minor(device)}"
        self.write("blocks/mmcblk0p4/ro", "0\n")
        (self.machine / "block").mkdir()
        (self.machine / "block" / name).symlink_to(self.machine / "blocks/mmcblk0p4")
        self.write("ext4/mmcblk0p4/errors_count", f"{count}\n")

    def record(self, state: str, *, age_s: float) -> None:
        """Put a record into the store; nobody reads its token here."""
        db, _ = store_file.open_sound(self.state / store_file.NAME)
        with contextlib.closing(db):
            db.execute(
                "INSERT INTO record (epoch, seq, hash, token, state, made_utc_s)"
                " VALUES ('e', 1, 'h', 't', ?, ?)",
                (state, int(time.time() - age_s)),
            )

    def remembers(self, name: str, value: str) -> None:
        """Put a small fact into the store."""
        db, _ = store_file.open_sound(self.state / store_file.NAME)
        with contextlib.closing(db):
            db.execute("INSERT INTO memory VALUES (?, ?)", (name, value))

    def with_broker(self) -> ShippedMosquitto:
        """Start the broker that the terminal was made for."""
        self.broker = self.more.enter_context(
            shipped(self.folder / "broker", self.site.authority)
        )
        self.set("mqtt", port=self.broker.port)
        return self.broker

    def with_reader(self, *, answers: bool = True) -> PtyReader:
        """Plug a reader in."""
        reader = self.more.enter_context(PtyReader(answers=answers))
        self.set("reader", path=reader.path)
        return reader

    def certificate(self, name: str = DEVICE, **dates: Any) -> None:
        """Put another certificate, with its key, in the place of the terminal's."""
        issued = self.site.authority.make(name, Kind.DEVICE, **dates)
        mqtt = self.settings.mqtt
        Path(mqtt.cert_file).write_bytes(issued.cert.read_bytes())
        Path(mqtt.key_file).write_bytes(issued.key.read_bytes())

    # --- to ask ---------------------------------------------------------------------
    def config_file(self) -> Path:
        """Write the configuration as an installer has it."""
        path = self.folder / "terminal.toml"
        path.write_text(to_toml(self.settings))
        return path

    def asked(self, *only: str) -> tuple[int, dict[str, dict[str, str]]]:
        """Run `likeness doctor --json`; return its exit code and what it found."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = examine(
                config.load(self.config_file()),
                only=only,
                as_json=True,
                places=self.places,
            )
        return code, json.loads(out.getvalue())


class Broken(NamedTuple):
    """A row of the table: one thing that is wrong, and what the doctor must say."""

    what: str
    breaks: Callable[[Shop], object]
    check: str
    state: str
    said: str
    todo: str
