"""A Debian root with the project's locked wheels: another machine or another Python.

Debian's packages are unpacked, not installed: none of their programs runs meanwhile,
and it takes seconds. The wheels are fetched by digest from the lock and unpacked beside
it. Both are made once. For arm64 programs in the root run by qemu-user, out of a
binfmt_misc of a user namespace: nothing of this machine is changed, and a newer qemu
than the system's can be taken (LIKENESS_QEMU). Needs the right to make user namespaces.
Leaves to others: what is run.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from likeness.errors import UsageError
from likeness.pins import sha256_of

PROJECT = Path(__file__).resolve().parents[1]
PYTHONS = {"bookworm": "311", "trixie": "313"}  # Debian's own, by suite
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}  # Debian's name → the processor's
# 7.2, of bookworm, ends ai-edge-litert with a segmentation fault; 10.0 runs it.
OLDEST_QEMU = 8
OLD_ENOUGH_GLIBC = (5, 12, 17, 24, 26, 27, 28, 34, 35)  # 2.35: bookworm has 2.36
QEMUS = ("qemu-aarch64-static", "qemu-aarch64")
# Debian's smallest, Python, what the daemon asks the system for, and what tests do.
PACKAGES = (
    "?essential",
    "base-passwd,python3,libstdc++6,libseccomp2,openssl,procps",
    "mosquitto,softhsm2",
)
MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr"  # /bin is /usr/bin, as in Debian
# A Raspberry Pi 4's; its instructions are those that the kernels choose by.
CPU = "cortex-a72"
# ELF of 64 bits, little-endian, for aarch64: binfmt_misc's magic and mask.
MAGIC = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = (
    r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
)
# P: programs see the name they were started by; F: qemu is opened now, out here.
ENTER = r"""
set -e
root="$1" qemu="$2"; shift 2
if [ "$qemu" ]; then
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    printf '%s' ':arm64:M::{magic}:{mask}:'"$qemu"':PF' \
        > /proc/sys/fs/binfmt_misc/register
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
for seen in $SEEN; do
    mkdir -p "$root$seen"
    mount --rbind "$seen" "$root$seen"
done
exec chroot "$root" "$@"
""".replace("{magic}", MAGIC).replace("{mask}", MASK)


@dataclass(frozen=True, slots=True)
class Root:
    """One root, ready to be entered."""

    folder: Path
    site: Path  # the wheels, unpacked
    qemu: Path | None  # none where its programs run by themselves

    def run(
        self, arguments: list[str], *, seen: list[Path], path: list[Path], cwd: Path
    ) -> int:
        """Run a program in it and return its exit code.

        Args:
            arguments: the program and what it is given.
            seen: folders of this machine that are in the root under the same name.
            path: what its Python imports from, before the wheels.
            cwd: where it is run, one of `seen` or below.
        """
        self._import_from([*path, self.site])
        environment = {
            "PATH": "/usr/sbin:/usr/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "QEMU_CPU": os.environ.get("QEMU_CPU", CPU),
            "SEEN": " ".join(str(one) for one in (*seen, self.site)),
        }
        namespaces = ["unshare", "-r", "-m", "-p", "-f", "--kill-child"]
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', str(cwd), *arguments]
        command = [*namespaces, "sh", "-c", ENTER, "sh", str(self.folder)]
        command.append(str(self.qemu or ""))
        return subprocess.run(
            [*command, *inside], check=False, env=environment
        ).returncode

    def _import_from(self, path: list[Path]) -> None:
        """As if installed: our confined children take no PYTHONPATH (-I)."""
        for packages in self.folder.glob("usr/lib/python3.[0-9]*"):
            local = self.folder / "usr/local/lib" / packages.name / "dist-packages"
            local.mkdir(parents=True, exist_ok=True)
            lines = "".join(f"{one}\n" for one in path)
            (local / "likeness.pth").write_text(lines, encoding="utf-8")


def prepare(suite: str, machine: str, wheels: str = "dev") -> Root:
    """Make the root and fetch the wheels, or take what was made before.

    Args:
        suite: one of `PYTHONS`.
        machine: one of `MACHINES`.
        wheels: what the lock is for: dev, demo …

    Raises:
        UsageError: a tool is missing, or it could not be made; says what to do.
    """
    python = PYTHONS[suite]
    lock = PROJECT / "systemd" / "supply" / "locks" / f"{wheels}-py{python}.txt"
    kept = _cache() / machine
    # What is made is named by what it was made of, and put in place when it is whole.
    site = kept / f"wheels-{python}-{sha256_of(lock)[:16]}"
    if not site.is_dir():
        _fetch(lock, python, MACHINES[machine], site)
    own = MACHINES[machine] == os.uname().machine
    made_of = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()
    folder = kept / f"{suite}-{made_of[:16]}"
    root = Root(folder, site, None if own else find_qemu())
    if not root.folder.is_dir():
        _make(suite, machine, root.folder)
    return root


def find_qemu() -> Path:
    """Return qemu-user for arm64; LIKENESS_QEMU names another one."""
    named = os.environ.get("LIKENESS_QEMU")
    for one in (named,) if named else QEMUS:
        if found := shutil.which(one):
            return _new_enough(Path(found).resolve())
    raise UsageError("no qemu-aarch64 here: apt-get install qemu-user-static")


def version_in(said: str) -> int:
    """Return the major number of what `qemu --version` says; 0 if it says none."""
    found = re.search(r"version (\d+)\.", said)
    return int(found[1]) if found else 0


def _new_enough(qemu: Path) -> Path:
    said = subprocess.run([qemu, "--version"], check=False, capture_output=True)
    if version_in(said.stdout.decode(errors="replace")) < OLDEST_QEMU:
        raise UsageError(
            f"{qemu} is older than {OLDEST_QEMU}: ai-edge-litert crashes in it; take"
            " qemu-user of Debian trixie and name its program in LIKENESS_QEMU"
        )
    return qemu


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "likeness"


def _make(suite: str, machine: str, folder: Path) -> None:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    how = ["--quiet", "--variant=extract", f"--architectures={machine}"]
    how += [f"--hook-dir={MERGED_USR}", *(f"--include={one}" for one in PACKAGES)]
    must(["mmdebstrap", *how, suite, str(part)], f"no {suite} root for {machine}")
    for name in ("passwd", "group"):  # what base-passwd would do when installed
        master = part / "usr" / "share" / "base-passwd" / f"{name}.master"
        shutil.copy(master, part / "etc" / name)
    (part / "etc" / "hosts").write_text("127.0.0.1 localhost\n", encoding="ascii")
    for name in ("proc", "sys", "dev", "root"):
        (part / name).mkdir(exist_ok=True)
    part.rename(folder)


def _fetch(lock: Path, python: str, processor: str, site: Path) -> None:
    part = site.with_name(f"{site.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    glibc = [f"manylinux_2_{n}_{processor}" for n in OLD_ENOUGH_GLIBC]
    named = [f"--platform={one}" for one in (f"manylinux2014_{processor}", *glibc)]
    abis = [f"--abi={one}" for one in (f"cp{python}", "abi3", "none")]
    wanted = [f"--python-version={python}", "--implementation=cp", *abis, *named]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    how = ["--only-binary=:all:", "--require-hashes", "--ignore-requires-python"]
    how += ["--no-compile", f"--target={part}", "-r", str(lock)]
    must([*pip, *wanted, *how], f"pip could not fetch what {lock.name} names")
    part.rename(site)


def must(command: list[str], fault: str) -> None:
    """Run a tool; raise UsageError saying what to do if that cannot be."""
    if shutil.which(command[0]) is None:
        raise UsageError(f"{command[0]} is missing: apt-get install {command[0]}")
    if subprocess.run(command, check=False).returncode != 0:
        raise UsageError(f"{fault}: {command[0]} failed; its words stand above")
