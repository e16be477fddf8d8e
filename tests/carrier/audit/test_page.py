"""What AUDIT.md tells an inspector to type works, and says what it should."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from audits import DEVICE, Far
from likeness.carrier.audit.findings import Kind
from likeness.core import jws
from results import bench, chain_of


def test_a_file_is_checked_by_hand(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (root / "daemon/AUDIT.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    near = bench(tmp_path)
    far = Far(near, str(tmp_path / "carrier.db"), capsys)
    tokens = chain_of(near, 3)
    far.take(*tokens)
    file = tmp_path / "export.jsonl"
    far.command("export", "--device", DEVICE, "--out", file)
    far.close()
    shutil.copy(near.keys.carrier / "audit.jwk", tmp_path)

    def typed() -> list[str]:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "FILE": str(file)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    seal, sealed, digest, first, second, own, payload = typed()
    assert (seal, first, second) == ("Verified OK",) * 3
    assert f'"sha256":"{digest}"' in sealed
    assert own == jws.chain_hash(tokens[0])
    assert f'"prev":"{own}"' in payload
    one_digit = file.read_bytes().replace(b'"received":1', b'"received":2', 1)
    file.write_bytes(one_digit)
    seal, sealed, digest, *_ = typed()
    assert f'"sha256":"{digest}"' not in sealed


def test_each_word_of_a_report_is_explained(root: Path) -> None:
    page = (root / "daemon/AUDIT.md").read_text(encoding="utf-8")
    assert [kind for kind in Kind if f"| `{kind}`" not in page] == []
