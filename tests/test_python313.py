"""The same visit under Debian trixie's Python, with the libraries its lock names.

They are newer than this Python's: OpenCV 5 once moved a call that the daemon needs to
start. A root that cannot be made (no mmdebstrap, no namespaces, no network) is told as
a skipped test, not as a failure of ours.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from likeness.errors import UsageError
from processes import LIKENESS
from python_root import MACHINES, PROJECT, Root, prepare
from replays import CLIP, own_portrait, write_visit

LEAST_ALIKE = 0.01  # match scores of two machines differ by less, see daemon/ARM64.md
# Every module, but for those that need what this lock has not: PKCS#11, TUF.
IMPORT_ALL = """
import importlib, pkgutil, sys, likeness
assert sys.version_info >= (3, 13), sys.version
count = 0
for one in pkgutil.walk_packages(likeness.__path__, "likeness."):
    if not one.name.endswith("__main__"):
        try:
            importlib.import_module(one.name)
            count += 1
        except ModuleNotFoundError as missing:
            assert missing.name in ("pkcs11", "securesystemslib", "tuf", "urllib3")
assert count > 600, count
"""


@pytest.fixture(scope="module")
def trixie() -> Root:
    (machine,) = (one for one, name in MACHINES.items() if name == os.uname().machine)
    try:
        return prepare("trixie", machine, wheels="demo")
    except UsageError as fault:
        pytest.skip(f"no root of trixie: {fault}")


def result(folder: Path) -> dict[str, Any]:  # Any: JSON
    line: dict[str, Any] = json.loads((folder / "results.jsonl").read_text())
    return line


def test_every_module_is_imported_there(trixie: Root) -> None:
    program = ["python3", "-c", IMPORT_ALL]
    path = [PROJECT / "daemon"]
    assert trixie.run(program, seen=[PROJECT], path=path, cwd=PROJECT) == 0


@pytest.mark.slow
def test_a_visit_comes_out_as_here(
    tmp_path: Path, pictures: Path, trixie: Root
) -> None:
    portrait = own_portrait(pictures / CLIP, tmp_path / "portrait.png")
    played = tmp_path / "visit.toml"
    write_visit(played, pictures / CLIP, portrait=portrait, label="genuine")
    here, there = tmp_path / "here", tmp_path / "there"
    seen, path = [PROJECT, tmp_path], [PROJECT / "daemon"]
    replay = ["python3", "-m", "likeness", "replay", str(played), "--out", str(there)]
    assert trixie.run(replay, seen=seen, path=path, cwd=PROJECT) == 0
    subprocess.run([*LIKENESS, "replay", played, "--out", here], check=True)
    mine, other = result(here), result(there)
    assert mine["verdict"] == other["verdict"] == "accepted"
    assert mine["acts"] == other["acts"]
    assert abs(mine["match_score"] - other["match_score"]) < LEAST_ALIKE * 1e6
