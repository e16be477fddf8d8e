"""Checks how the system was set up: clock, memory, swap, journal, package, unit.

Each takes what it looks at, so that a test can make it bad. Leaves to others: what the
unit file says (it is checked where it is made).
"""

import shutil
import subprocess

from likeness.doctor.finding import Finding, fail, ok, warn
from likeness.doctor.places import Places

UNIT = "likeness.service"
MIB_LEAST = 400  # the machine's own; the unit's ceiling for the daemon
CGROUP_TODO = (
    "add 'cgroup_enable=memory' to the line in /boot/firmware/cmdline.txt, then restart"
)
WITHIN_S = 5.0
RESTARTS = 3


def rtc(places: Places) -> Finding:
    """A battery clock gives results a date also where the network is away."""
    if not list(places.rtc.glob("rtc*")):
        return warn(
            "there is no battery clock",
            "without network after a power cut results are dated later; add one:"
            " dtoverlay=i2c-rtc,ds3231 in /boot/firmware/config.txt",
        )
    try:
        was_set = places.rtc_set_clock.read_text(encoding="ascii").strip() == "1"
    except (OSError, UnicodeDecodeError):
        was_set = False
    if was_set:
        return ok("it set the clock at the start")
    return warn(
        "there is one, and it did not set the clock at the start",
        "see its battery; once the network has set the clock: hwclock --systohc",
    )


def memory(places: Places) -> Finding:
    """Enough of it, and a kernel that keeps to the unit's ceiling."""
    try:
        text = (places.proc / "meminfo").read_text(encoding="ascii")
        sizes = {
            name: int(rest.split()[0]) // 1024
            for name, _, rest in (line.partition(":") for line in text.splitlines())
            if rest
        }
        total, free = sizes["MemTotal"], sizes["MemAvailable"]
    except (OSError, ValueError, KeyError):
        return warn("this machine does not tell", "nothing, if it is no Linux")
    said = f"{total} MiB, {free} MiB free"
    if total < MIB_LEAST:
        return fail(said, f"take a board with more than {MIB_LEAST} MiB")
    controllers = places.cgroup / "cgroup.controllers"
    try:
        has_ceiling = "memory" in controllers.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return ok(said)  # no such kernel: the unit's ceiling is nobody's business
    if not has_ceiling:
        return warn(f"{said}; the kernel does not keep to MemoryMax", CGROUP_TODO)
    return ok(said)


def swap(places: Places) -> Finding:
    """What is swapped out stays on a disk; memory that is compressed does not."""
    try:
        lines = (places.proc / "swaps").read_text(encoding="utf-8").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return ok("none")
    disks = [name for line in lines if not _is_safe(name := line.split()[0])]
    if disks:
        return warn(
            f"on {', '.join(disks)}: what the browser shows may be left on the disk",
            "systemctl disable --now dphys-swapfile, or 'swapoff -a' and its line out"
            " of /etc/fstab",
        )
    return ok("in memory only" if lines else "none")


def _is_safe(name: str) -> bool:
    return name.startswith("/dev/zram")


def journal(places: Places) -> Finding:
    """A journal on the card wears it out; it holds nothing personal."""
    if places.journal.is_dir():
        return warn(
            f"{places.journal}: is written to the card with each line",
            "Storage=volatile in /etc/systemd/journald.conf.d/likeness.conf, and remove"
            " the folder",
        )
    return ok("in memory only")


def package(places: Places) -> Finding:
    """Of two versions that lie mixed nothing is started."""
    if not places.half_installed.exists():
        return ok("whole")
    return fail(
        "half installed: the power went while it was unpacked",
        "install its file once more: dpkg --install likeness_….deb",
    )


def service(places: Places) -> Finding:
    """Ask systemd for the daemon's unit, and whether a hang ends in a restart."""
    if not places.systemd.is_dir():
        return ok("no systemd runs here")
    unit = _shown("LoadState,UnitFileState,ActiveState,Result,NRestarts,WatchdogUSec")
    if not unit:
        return warn("systemd does not answer", "run the doctor as root")
    journal_todo = f"see 'journalctl -u {UNIT}'"
    match unit:
        case {"LoadState": state} if state != "loaded":
            return fail(f"{UNIT}: {state}", "install the package 'likeness'")
        case {"UnitFileState": state} if state != "enabled":
            return fail(
                f"{UNIT} is {state}: it does not come back after a power cut",
                f"systemctl enable --now {UNIT}",
            )
        case {"ActiveState": "failed"}:
            return fail(f"{UNIT} has failed: {unit.get('Result')}", journal_todo)
        case {"ActiveState": state} if state != "active":
            return warn(f"{UNIT} is {state}", f"systemctl start {UNIT}")
        case {"NRestarts": count} if count.isdecimal() and int(count) >= RESTARTS:
            return warn(f"{UNIT} was started again {count} times", journal_todo)
        case {"WatchdogUSec": "0" | "infinity"}:
            todo = "take the shipped unit: WatchdogSec=30"
            return warn(f"{UNIT}: nobody notices if it hangs", todo)
    if _shown("RuntimeWatchdogUSec", "").get("RuntimeWatchdogUSec") in (
        "0",
        "infinity",
    ):
        return warn(
            f"{UNIT} runs; nobody notices if the machine hangs",
            "put likeness.conf into /etc/systemd/system.conf.d, see systemd/README.md",
        )
    return ok(f"{UNIT} runs, and comes back after a power cut")


def _shown(names: str, unit: str = UNIT) -> dict[str, str]:
    """Return what `systemctl show` says; empty: it does not."""
    program = shutil.which("systemctl")
    if program is None:
        return {}
    command = [program, "show", f"--property={names}", *filter(None, [unit])]
    try:
        said = subprocess.run(  # noqa: S603 - our own words
            command,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    pairs = (line.partition("=") for line in said.splitlines())
    return {name: value for name, _, value in pairs}
