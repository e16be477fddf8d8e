"""Runs the project's own code as arm64, by qemu-user; compares it with this machine.

    make arm64                                      core, edges and one visit; an hour
    make arm64 ARM64="--suite trixie --quick"       one visit
    make arm64 ARM64="--visits FOLDER --out FOLDER"  these visits; goes on where stopped

Exit code 0: the tests pass and both machines agree; 1: not so. It was measured under an
emulator and never on a board: numbers are right there, times mean nothing. Leaves to
others: making the root (`root`), judging (`compare`).
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from arm64 import compare
from arm64.unable import UNABLE
from likeness.errors import LikenessError, one_line
from likeness.vision.manifest import BUILT, PICTURES
from python_root import PROJECT, PYTHONS, Root, prepare
from replays import CLIP, own_portrait, write_visit

SUITES = ("tests/core", "tests/edges")
PATH = [PROJECT / "daemon", PROJECT / "tests"]


def tests(root: Root) -> bool:
    """Run the suites there; say what is left out and why."""
    for node, why in UNABLE.items():
        sys.stdout.write(f"not run: {node}: {why}\n")
    left_out = [f"--deselect={node}" for node in UNABLE]
    how = ["-q", "-p", "no:cacheprovider", "-o", "timeout=1800", *left_out]
    pytest = ["python3", "-m", "pytest", *how, *SUITES]
    return root.run(pytest, seen=[PROJECT.parent], path=PATH, cwd=PROJECT) == 0


def visits(root: Root, played: Path, out: Path) -> bool:
    """Play the same visits on both machines and print how they compare."""
    here, there = out / "here", out / "arm64"
    replay = ["-m", "likeness", "replay", str(played), "--resume", "--out"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "daemon")}
    mine = subprocess.run(
        [sys.executable, *replay, str(here)], check=False, env=environment
    )
    seen = [PROJECT.parent, *(one.resolve() for one in (played, out))]
    arguments = ["python3", *replay, str(there)]
    other = root.run(arguments, seen=seen, path=PATH[:1], cwd=PROJECT)
    lines = [compare.read(one / "results.jsonl", "id") for one in (here, there)]
    found = compare.visits(*lines)
    for row in found.table():
        sys.stdout.write(row + "\n")
    return found.good and mine.returncode == other == 0


def one_visit(folder: Path) -> Path:
    """Make a visit of the public clip that the models are built with."""
    clip = PROJECT / "models" / BUILT / PICTURES / CLIP
    folder.mkdir(parents=True, exist_ok=True)
    portrait = own_portrait(clip, folder / "portrait.png")
    write_visit(folder / "carphone.toml", clip, portrait=portrait, label="genuine")
    return folder


def main() -> int:
    """Prepare the root, run what was asked for, say whether all of it held."""
    parser = argparse.ArgumentParser(prog="arm64.run")
    parser.add_argument("--suite", choices=sorted(PYTHONS), default="bookworm")
    parser.add_argument("--quick", action="store_true", help="one visit, no tests")
    parser.add_argument("--visits", type=Path, help="play these; no tests")
    parser.add_argument("--out", type=Path, default=PROJECT / "dist" / "arm64")
    asked = parser.parse_args()
    out: Path = asked.out.resolve()
    try:
        root = prepare(asked.suite, "arm64")
    except LikenessError as fault:
        sys.stderr.write(f"arm64: {one_line(str(fault))}\n")
        return 1
    tested = asked.quick or asked.visits is not None or tests(root)
    played = asked.visits or one_visit(out / "visits")
    agreed = visits(root, played.resolve(), out / asked.suite)
    return 0 if tested and agreed else 1


if __name__ == "__main__":
    sys.exit(main())
