"""Builds the Debian package of a terminal: the same bytes for the same commit.

    python build_deb.py [--arch arm64] [--suite trixie] [--revision 2] [--out dist]

What is committed is packed, and the models as they were built; their digests are the
manifest's. No emulator and no compiler is needed, only dpkg-deb. What it leaves to
others: wheels (`deb_target`), the prefix (`deb_prefix`), papers (`deb_papers`).
"""

import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import deb_papers
import deb_prefix
from deb_target import MACHINES, SUITES, BuildError, Target, download
from likeness.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = "systemd/package"
WATCHDOG = "system.conf.d/likeness.conf"
# From the tree to where they are installed.
PLACES = {
    "systemd/likeness.service": "usr/lib/systemd/system/likeness.service",
    "systemd/kiosk/likeness-screen.service": (
        "usr/lib/systemd/system/likeness-screen.service"
    ),
    "systemd/likeness.sysusers": "usr/lib/sysusers.d/likeness.conf",
    "systemd/kiosk/likeness-screen.sysusers": "usr/lib/sysusers.d/likeness-screen.conf",
    "systemd/71-likeness.rules": "usr/lib/udev/rules.d/71-likeness.rules",
    f"systemd/{WATCHDOG}": f"usr/lib/systemd/{WATCHDOG}",
    f"{PACKAGING}/likeness.tmpfiles": "usr/lib/tmpfiles.d/likeness.conf",
    f"{PACKAGING}/terminal.toml": "etc/likeness/terminal.toml",
    f"{PACKAGING}/lintian-overrides": "usr/share/lintian/overrides/likeness",
    "README.md": "usr/share/doc/likeness/README.md",
}
CONFFILES = "/etc/likeness/terminal.toml\n"
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
EXAMPLES = "/opt/likeness/share/likeness/systemd"


def main(arguments: list[str] | None = None) -> int:
    """Build one package and name it; return 1 if that could not be."""
    parser = argparse.ArgumentParser(description="Build the Debian package.")
    parser.add_argument("--arch", choices=MACHINES, default=this_machine())
    parser.add_argument("--suite", choices=SUITES, default="bookworm")
    parser.add_argument("--revision", type=int, default=1, help="of one version")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--level", type=int, default=6, help="of xz; 0: none")
    given = parser.parse_args(arguments)
    try:
        built = build(
            *(Target(given.suite, given.arch), given.revision, given.out, given.level)
        )
    except (BuildError, subprocess.CalledProcessError) as fault:
        print(f"build_deb: {fault}", file=sys.stderr)
        return 1
    digest = hashlib.sha256(built.read_bytes()).hexdigest()
    print(f"{digest}  {built}  {built.stat().st_size / 1e6:.1f} MB")
    return 0


def this_machine() -> str:
    """Return the name that Debian has for it."""
    machine = os.uname().machine
    names = [arch for arch, name in MACHINES.items() if name == machine]
    return names[0] if names else "arm64"


def build(target: Target, revision: int, out: Path, level: int = 6) -> Path:
    """Return the package's file.

    Raises:
        BuildError: something it is made of is missing; the text says what to do.
    """
    epoch = int(
        os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct")
    )
    with tempfile.TemporaryDirectory(prefix="likeness-deb-") as name:
        work = Path(name)
        tree, root = work / "tree", work / "root"
        _export(tree)
        wheels = download(target, tree / "systemd/supply/locks", work / "wheels")
        own = _own_wheel(work / "own")
        deb_prefix.lay(root, target, [*wheels, own])
        deb_prefix.lay_models(root, ROOT / "models" / "built")
        version = f"{own.name.split('-')[1]}{target.suffix}{revision}"
        place(root, tree, target, version, epoch)
        describe(root, tree, target, version)
        settle(root, epoch)
        return pack(root, out / f"likeness_{version}_{target.arch}.deb", epoch, level)


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildError("a package is built from a git checkout")
    return done.stdout.strip()


def _export(tree: Path) -> None:
    """Write what is committed."""
    tree.mkdir()
    archive = tree.with_suffix(".tar")
    _git("archive", "--output", str(archive), "HEAD")
    shutil.unpack_archive(archive, tree, filter="data")


def _own_wheel(folder: Path) -> Path:
    script = ROOT / "systemd" / "supply" / "wheel"
    subprocess.run(
        ["sh", str(script), sys.executable, str(folder)],  # noqa: S607
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return next(folder.glob("likeness-*.whl"))


def place(root: Path, tree: Path, target: Target, version: str, epoch: int) -> None:
    """Write everything outside of /opt/likeness."""
    for source, to in PLACES.items():
        path = root / to
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree / source, path)
    (root / "etc/likeness/pki").mkdir()
    (root / "usr/bin").mkdir()
    (root / "usr/bin/likeness").symlink_to("/opt/likeness/bin/likeness")
    papers = root / "usr/share/doc/likeness"
    for page in sorted((tree / "daemon").glob("*.md")):
        shutil.copyfile(page, papers / page.name)
    (papers / "examples").symlink_to(EXAMPLES)
    lock = tree / "systemd/supply/locks" / target.lock
    manifest = tree / "models/manifest.toml"
    (papers / "copyright").write_text(deb_papers.copyright_file(lock, manifest))
    entry = deb_papers.changelog(version, _git("rev-parse", "HEAD"), epoch)
    _compress(papers / "changelog.Debian.gz", entry)
    manual = root / "usr/share/man/man8"
    manual.mkdir(parents=True)
    _compress(manual / "likeness.8.gz", deb_papers.manual(COMMANDS, version, epoch))


def _compress(path: Path, text: str) -> None:
    """Write it as `gzip -9n` does: without a name and a time."""
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def describe(root: Path, tree: Path, target: Target, version: str) -> None:
    """Write DEBIAN/."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    own = [path for path in files if not path.is_symlink()]
    kib = sum(-(-path.stat().st_size // 1024) for path in own)
    sums = [
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}"
        f"  {path.relative_to(root)}\n"
        for path in own
    ]
    debian = root / "DEBIAN"
    debian.mkdir()
    (debian / "md5sums").write_text("".join(sums))
    (debian / "conffiles").write_text(CONFFILES)
    (debian / "control").write_text(deb_papers.control(target, version, kib))
    for name in SCRIPTS:
        text = (tree / PACKAGING / name).read_text(encoding="utf-8")
        (debian / name).write_text(text.replace("@PYTHON@", target.python))
        (debian / name).chmod(0o755)


def settle(root: Path, epoch: int) -> None:
    """Give all of it modes that no umask has touched, and the time of the commit."""
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
        os.utime(path, (epoch, epoch), follow_symlinks=False)


def pack(root: Path, deb: Path, epoch: int, level: int) -> Path:
    """Return the package of a folder."""
    deb.parent.mkdir(parents=True, exist_ok=True)
    how = ["-Zxz", f"-z{level}"] if level else ["-Znone"]
    command = ["dpkg-deb", "--root-owner-group", *how, "--build"]
    subprocess.run(
        [*command, str(root), str(deb)],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "LC_ALL": "C", "TZ": "UTC"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return deb


if __name__ == "__main__":
    sys.exit(main())
