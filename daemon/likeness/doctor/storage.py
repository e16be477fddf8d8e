"""Checks what the state folder lies on, and whose it is: a result must outlive a cut.

Room and whether it can be written are `machine.disk`'s.
"""

import os
import stat
from pathlib import Path

from likeness.doctor.finding import Finding, fail, ok, warn
from likeness.doctor.places import Places

# Of these nothing is left after a power cut: the root of a read-only system is often an
# overlay in memory.
PASSING = ("tmpfs", "ramfs", "overlay")
OWN_PARTITION = "mount a partition of its own there, see INSTALL.md"
NEW_CARD = "copy the state folder, and put in a new card: this one wears out"
LOOK_AT_MOST = 1000  # files


def storage(state_dir: Path, places: Places, *, is_production: bool) -> Finding:
    """Look at the file system, at its errors, and at who owns what."""
    if not state_dir.is_dir():
        return warn(
            f"{state_dir}: is not there", "the daemon makes it at its first start"
        )
    kind = _kind(state_dir, places.proc)
    if kind in PASSING:
        said = f"{state_dir}: on {kind}, which a power cut may empty"
        return (fail if is_production else warn)(said, OWN_PARTITION)
    if errors := _errors(state_dir, places):
        return fail(
            f"{state_dir}: its file system has counted {errors} errors", NEW_CARD
        )
    return _owned(state_dir) or ok(f"{state_dir}: on {kind or 'a disk'}")


def _owned(state_dir: Path) -> Finding | None:
    """Say whose files do not belong there; None: all is well."""
    status = state_dir.stat()
    for count, path in enumerate(sorted(state_dir.rglob("*"))):
        if count == LOOK_AT_MOST:
            break
        if path.parent == state_dir and path.name == "lost+found":
            continue  # of mkfs.ext4, and root's: the partition is mounted here
        if path.lstat().st_uid != status.st_uid:
            return fail(
                f"{path}: belongs to another user than its folder; the daemon cannot"
                " write it",
                f"chown -R --reference={state_dir} {state_dir}",
            )
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return warn(
            f"{state_dir}: other users can look into it", f"chmod 700 {state_dir}"
        )
    return None


def _kind(folder: Path, proc: Path) -> str:
    """Return the type of the file system (proc(5), mountinfo); "": not known."""
    there = str(folder.resolve())
    best = kind = ""
    try:
        lines = (proc / "self/mountinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    for line in lines:
        before, _, after = line.partition(" - ")
        mounted = before.split()[4].replace("\\040", " ")
        inside = there == mounted or there.startswith(f"{mounted.rstrip('/')}/")
        if inside and len(mounted) >= len(best):  # the last of equal ones lies on top
            best, kind = mounted, after.split()[0]
    return kind


def _errors(folder: Path, places: Places) -> int:
    """Return how often ext4 found damage; 0 also where nobody counts."""
    device = folder.stat().st_dev
    name = f"{os.major(device)}:{os.minor(device)}"
    try:
        disk = (places.block / name).resolve().name
        text = (places.ext4 / disk / "errors_count").read_text(encoding="ascii")
        return int(text)
    except (OSError, ValueError):
        return 0
