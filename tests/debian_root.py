"""A Debian root to install into: packages, programs, and what changed in its files.

Made by systemd/package/root; each use lies over it (overlayfs), so that nothing is
copied and nothing stays. Needs root. Leaves to others: what is installed.
"""

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import lock_file

MAKE = lock_file.ROOT / "systemd" / "package" / "root"
# What every installation of anything writes, and what is no file of the system.
PASSING = ("dev", "proc", "run", "sys", "tmp", "var/cache", "var/log", "var/tmp")
NO_QUESTIONS = {"DEBIAN_FRONTEND": "noninteractive", "PATH": os.environ["PATH"]}
Said = subprocess.CompletedProcess[str]


def missing() -> str | None:
    """Say why no root can be made here."""
    tools = ("mmdebstrap", "dpkg-deb", "lintian")
    lacking = [tool for tool in tools if shutil.which(tool) is None]
    return f"missing: apt-get install {' '.join(lacking)}" if lacking else None


def make(folder: Path, suite: str, arch: str, depends: str) -> Path:
    """Return a root in which these packages are installed, and no more."""
    made = subprocess.run(
        ["sh", str(MAKE), suite, arch, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    shutil.copyfile("/etc/resolv.conf", folder / "etc" / "resolv.conf")
    with ExitStack() as stack:
        _mount(stack, folder / "proc", "-t", "proc", "proc")
        satisfy = ("apt-get", "satisfy", "-yqq", "--no-install-recommends", depends)
        for command in (("apt-get", "update", "-qq"), satisfy):
            said = _chroot(folder, command)
            assert said.returncode == 0, said.stdout + said.stderr
    return folder


class DebianRoot:
    """One use of a root; `lower` stays as it is."""

    def __init__(self, lower: Path, folder: Path) -> None:
        self._lower = lower
        self._folder = folder
        self.path = folder / "root"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        upper, work = self._folder / "upper", self._folder / "work"
        for made in (upper, work, self.path):
            made.mkdir(parents=True)
        options = f"lowerdir={self._lower},upperdir={upper},workdir={work}"
        _mount(self._stack, self.path, "-t", "overlay", "-o", options, "overlay")
        _mount(self._stack, self.path / "proc", "-t", "proc", "proc")
        for name in ("dev", "dev/pts"):
            self.bind(Path("/") / name)
        return self

    def __exit__(self, *_fault: object) -> None:
        self._stack.close()

    def bind(self, place: Path) -> None:
        """Let a folder of ours be seen in it, at the same path."""
        there = self.path / place.relative_to("/")
        there.mkdir(parents=True, exist_ok=True)
        _mount(self._stack, there, "--bind", str(place))

    def command(self, *words: object, user: str = "") -> list[str]:
        """Return the words that run a program in it."""
        as_user = [f"--userspec={user}"] if user else []
        return ["chroot", *as_user, str(self.path), *map(str, words)]

    def run(self, *words: object, user: str = "", **more: str) -> Said:
        """Run a program in it to its end."""
        return subprocess.run(
            self.command(*words, user=user),
            capture_output=True,
            text=True,
            env=NO_QUESTIONS | more,
            check=False,
        )

    def dpkg(self, *words: object, **more: str) -> str:
        """Run dpkg, which must succeed; return all it said."""
        said = self.run("dpkg", *words, **more)
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout + said.stderr

    def install(self, deb: Path) -> str:
        """Install a package's file; whom dpkg asks keeps the configuration."""
        shutil.copyfile(deb, self.path / "tmp" / deb.name)
        return self.dpkg("--install", "--force-confold", f"/tmp/{deb.name}")

    def snapshot(self) -> dict[str, str]:
        """Return what each file of the system is: kind, mode, owner, content."""
        return {
            str(path.relative_to(self.path)): _described(path)
            for path in _walk(self.path)
        }


def changes(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Return the paths that came, went or are another."""
    return {
        name
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if str((here / name).relative_to(root)) not in PASSING
        ]
        yield from (here / name for name in (*folders, *files))


def _described(path: Path) -> str:
    what = path.lstat()
    kind = f"{what.st_mode:o} {what.st_uid}:{what.st_gid}"
    if stat.S_ISLNK(what.st_mode):
        return f"{kind} -> {path.readlink()}"
    if stat.S_ISREG(what.st_mode):
        return f"{kind} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return kind


def _chroot(root: Path, command: tuple[str, ...]) -> Said:
    return subprocess.run(
        ["chroot", str(root), *command],
        capture_output=True,
        text=True,
        env=NO_QUESTIONS,
        check=False,
    )


def _mount(stack: ExitStack, place: Path, *words: str) -> None:
    subprocess.run(["mount", *words, str(place)], check=True, capture_output=True)
    # A program that still ends there must not keep it.
    stack.callback(
        subprocess.run,
        ["umount", "--lazy", str(place)],
        check=False,
        capture_output=True,
    )
