from pathlib import Path

import pytest

from likeness.core.desired import Ledger
from likeness.edges.desired_file import DesiredFile


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    file = DesiredFile(tmp_path)
    assert file.read() == Ledger()
    file.keep(Ledger(current="token", newest=3))
    assert DesiredFile(tmp_path).read() == Ledger(current="token", newest=3)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"more": 1}', b'{"\xff": 1}', b"[" * 100_000]
)
def test_a_file_that_cannot_be_read_is_set_aside(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "desired.json").write_bytes(content)
    file = DesiredFile(tmp_path)
    assert file.read() == Ledger()
    assert (tmp_path / "desired.json.broken").read_bytes() == content
    assert not (tmp_path / "desired.json").exists()
