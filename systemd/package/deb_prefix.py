"""Lays /opt/likeness: an environment of the system's Python, without running it.

A wheel is a zip archive (the wheel specification): what is in it goes to site-packages,
its `.data/data` to the prefix. Left out is what no terminal runs. RECORD is left out
too: the files belong to dpkg, and nobody takes them away one by one.
Leaves to others: which wheels (`deb_target`), the files outside of the prefix.
"""

import hashlib
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

from deb_target import BuildError, Target

PREFIX = "opt/likeness"
# Debian's own Python, found by its full version: no other one was tried.
SCRIPT = """\
#!/opt/likeness/bin/python3 -Ps
import sys

from likeness.__main__ import main

sys.exit(main())
"""
# include-system-site-packages: picamera2 and pyscard are Debian's. Our own packages
# come first, so Debian's numpy never stands in the place of the locked one.
PYVENV = """\
home = /usr/bin
include-system-site-packages = true
version = {python}
executable = /usr/bin/python{python}
"""
TESTS = {"tests", "test", "test_data"}
UNUSED = {".pyc", ".pyi", ".pyx", ".pxd", ".pxi", ".a", ".lib", ".c", ".h", ".hpp"}
# Of LiteRT, for processors of other makers; they look for libraries where those built.
PLUGINS = PurePosixPath("ai_edge_litert/vendors")
APPLIES_PLUGINS = PurePosixPath("ai_edge_litert/tools/apply_plugin_main")
CASCADES = "haarcascade_"  # of cv2; 9 MB, and our detector is another


def lay(root: Path, target: Target, wheels: list[Path]) -> None:
    """Write the whole prefix below `root`, models excepted."""
    prefix = root / PREFIX
    packages = prefix / "lib" / f"python{target.python}" / "site-packages"
    for wheel in wheels:
        unpack(wheel, packages, prefix)
    (prefix / "pyvenv.cfg").write_text(PYVENV.format(python=target.python))
    (prefix / "bin").mkdir()
    for name in ("python", "python3", f"python{target.python}"):
        (prefix / "bin" / name).symlink_to(f"/usr/bin/python{target.python}")
    script = prefix / "bin" / "likeness"
    script.write_text(SCRIPT)
    script.chmod(0o755)


def unpack(wheel: Path, packages: Path, prefix: Path) -> None:
    """Put one wheel's files into their places."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            place = place_of(name, packages, prefix)
            if place is None or name.endswith("/"):
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(archive.read(name))


def place_of(name: str, packages: Path, prefix: Path) -> Path | None:
    """Return where a wheel's member goes; None: it is not needed on a terminal.

    Raises:
        BuildError: it would lie outside, or of a kind that we know no place for.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise BuildError(f"a wheel holds {name}, which lies outside of it")
    top, *rest = path.parts
    if top.endswith(".data"):
        kind, *below = rest
        if kind == "scripts":
            return None  # ours is written by hand; nobody runs the others'
        if kind == "data":
            return prefix.joinpath(*below)
        if kind in ("purelib", "platlib"):
            return packages.joinpath(*below)
        raise BuildError(f"a wheel holds {name}: no place is known for '{kind}'")
    if top.endswith(".dist-info") and path.name == "RECORD":
        return None
    return None if unneeded(path) else packages / path


def unneeded(path: PurePosixPath) -> bool:
    """Say whether no terminal runs or reads it; our own wheel stays whole."""
    if path.parts[0].startswith("likeness"):
        return False
    return (
        bool(TESTS.intersection(path.parts[1:-1]))
        or path.suffix in UNUSED
        or path.name.startswith(CASCADES)
        or path.is_relative_to(PLUGINS)
        or path == APPLIES_PLUGINS
        or (path.parts[0] == "ecdsa" and path.name.startswith("test_"))
    )


def lay_models(root: Path, built: Path) -> int:
    """Copy the built models beside their manifest; return how many there are.

    Raises:
        BuildError: one is missing, or is not the one that the manifest names.
    """
    models = root / PREFIX / "share" / "likeness" / "models"
    manifest = tomllib.loads((models / "manifest.toml").read_text(encoding="utf-8"))
    wanted = {
        built["file"]: built["sha256"]
        for model in manifest["model"]
        for built in model["built"]
    }
    wanted |= {
        f"pictures/{picture['file']}": picture["source"]["sha256"]
        for picture in manifest["picture"]
    }
    for name, digest in wanted.items():
        path = built / name
        if not path.is_file():
            raise BuildError(f"{path} is missing: run 'make models'")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise BuildError(f"{path} is not the one in the manifest: 'make models'")
        place = models / "built" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return len(wanted)
