"""What this machine is and how it stands: kernel, board, memory, disk, heat, unit.

Only named figures are taken, never a whole file or listing. Leaves to others: whether
that is well (`doctor`).
"""

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from likeness import __version__
from likeness.edges import heat

UNIT = "likeness.service"
UNIT_SAYS = (
    "LoadState",
    "ActiveState",
    "SubState",
    "Result",
    "NRestarts",
    "ExecMainStatus",
    "ActiveEnterTimestamp",
    "MemoryCurrent",
    "MemoryPeak",
    "CPUUsageNSec",
    "UnitFileState",
)
PACKAGES = (
    "aiohttp",
    "ai-edge-litert",
    "cryptography",
    "joserfc",
    "msgspec",
    "numpy",
    "opencv-python-headless",
    "paho-mqtt",
    "picamera2",
    "pyscard",
    "pyserial",
    "tflite-runtime",
)
MEMORY = ("MemTotal", "MemFree", "MemAvailable", "SwapTotal", "SwapFree")
OF_PROCESS = ("VmHWM", "VmRSS", "VmSwap", "Threads")
BOARD = Path("/proc/device-tree/model")
LINES = "300"
WITHIN_S = 5.0


def versions() -> dict[str, Any]:
    """Return versions of program, interpreter, libraries, kernel; and the board."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        system = ""
    return {
        "software": __version__,
        "python": sys.version.split()[0],
        "packages": found,
        "kernel": f"{os.uname().sysname} {os.uname().release} {os.uname().machine}",
        "system": system,
        "board": _text(BOARD).rstrip("\0"),
        "processors": os.cpu_count(),
    }


def figures(state_dir: Path, pid: int | None) -> dict[str, Any]:
    """Return memory, disk and heat as they are now; sizes in KiB."""
    try:
        disk = shutil.disk_usage(state_dir)
        room: dict[str, Any] = {
            "total_kib": disk.total // 1024,
            "free_kib": disk.free // 1024,
        }
    except OSError as problem:
        room = {"fault": problem.strerror or "?"}
    return {
        "memory_kib": _chosen(_text(Path("/proc/meminfo")), MEMORY),
        "daemon": _chosen(_text(Path(f"/proc/{pid}/status")), OF_PROCESS),
        "disk": room,
        "load": [round(one, 2) for one in os.getloadavg()],
        "uptime_s": round(float((_text(Path("/proc/uptime")) or "0").split()[0])),
        **heat.facts(),
    }


def unit() -> dict[str, str]:
    """Return what systemd says of the daemon's unit; nothing where there is none."""
    asked = ",".join(UNIT_SAYS)
    said = _run("systemctl", "show", UNIT, f"--property={asked}", "--no-pager")
    pairs = (line.partition("=") for line in said.splitlines())
    return {name: value for name, _, value in pairs if name in UNIT_SAYS}


def log_lines() -> list[str]:
    """Return the unit's last lines in the journal, as far as it can be read."""
    said = _run(
        "journalctl", f"--unit={UNIT}", f"--lines={LINES}", "--output=cat", "--no-pager"
    )
    # A "debug" line may say more than is needed to mend a terminal.
    return [line for line in said.splitlines() if not line.startswith("DEBUG")]


def _run(*command: str) -> str:
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            [program, *command[1:]],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _chosen(text: str, names: tuple[str, ...]) -> dict[str, int]:
    pairs = (line.partition(":") for line in text.splitlines())
    return {
        name: int(rest.split()[0])
        for name, _, rest in pairs
        if name in names and rest.split()
    }


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
