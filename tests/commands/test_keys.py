import stat
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.edges import key_files
from likeness.edges.bench_keys import BenchKeys
from provisions import site
from terminals import to_toml


def make(out: Path, device: str) -> int:
    return main(["keys", "make", "--out", str(out), "--device", device])


def test_two_terminals_share_one_carrier(tmp_path: Path) -> None:
    assert make(tmp_path, "shop-1") == 0
    assert make(tmp_path, "shop-2") == 0
    one, other = (
        BenchKeys(tmp_path / "terminals" / name, tmp_path / "carrier")
        for name in ("shop-1", "shop-2")
    )
    for name in ("receipt", "visit", "person"):
        assert one.public(name).read_text() == other.public(name).read_text()
        private = key_files.load_private(one.private(name)).public_key()
        assert key_files.load_public(one.public(name)) == private
    assert one.device_key.read_bytes() != other.device_key.read_bytes()
    for path in tmp_path.rglob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_key_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(tmp_path, "shop-1") == 0
    before = (tmp_path / "terminals/shop-1/device.key").read_bytes()
    capsys.readouterr()
    assert make(tmp_path, "shop-1") == 2
    assert "no key is ever overwritten" in capsys.readouterr().err
    assert (tmp_path / "terminals/shop-1/device.key").read_bytes() == before


def test_a_name_must_be_a_topic_level(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("", "a/b", "#", "+", "..", "x" * 65):
        assert make(tmp_path, name) == 2
        assert "--device" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_next_key_is_prepared_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = site(tmp_path)
    key_files.make_private(_folder(Path(ready.settings.keys.device_key)))
    path = tmp_path / "likeness.toml"
    path.write_text(to_toml(ready.settings))
    for _ in range(2):
        assert main(["keys", "rotate", "--config", str(path)]) == 0
    one, other = _lines(capsys.readouterr().out)
    assert one == other
    assert one[0].removeprefix("now: ") not in one[1]


def _folder(path: Path) -> Path:
    path.parent.mkdir()
    return path


def _lines(said: str) -> tuple[list[str], list[str]]:
    lines = said.splitlines()
    return lines[:2], lines[2:]
