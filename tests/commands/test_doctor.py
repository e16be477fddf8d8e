"""`likeness doctor` as an installer calls it."""

import json
from pathlib import Path

import pytest

from likeness.__main__ import main
from replays import CLIP
from terminals import changed, settings, to_toml

NAMES = [
    "camera", "reader", "portrait", "screen", "clock", "disk", "broker",
    "certificate", "keys", "models", "temperature", "power", "battery clock",
    "storage", "outbox", "updates", "memory", "swap", "journal", "package",
    "service",
]  # fmt: skip


@pytest.fixture
def config_file(tmp_path: Path, pictures: Path) -> Path:
    path = tmp_path / "likeness.toml"
    path.write_text(to_toml(settings(tmp_path, pictures / CLIP)))
    return path


def test_each_part_has_its_line_and_a_fault_its_advice(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here there is neither reader nor broker; camera, keys and models are well."""
    assert main(["doctor", "--config", str(config_file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    told = [line.partition(": ")[0] for line in lines]
    assert [head[6:] for head in told] == NAMES
    states = {head[6:]: head[:4].strip() for head in told}
    assert {name: states[name] for name in ("camera", "keys", "models", "disk")} == {
        "camera": "ok",
        "keys": "ok",
        "models": "ok",
        "disk": "ok",
    }
    assert (states["reader"], states["broker"]) == ("fail", "fail")
    assert all("; " in line for line in lines if not line.startswith("ok"))


def test_for_programs(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config_file.read_text()
    config_file.write_text(changed(text, {"device_key": '"nowhere.key"'}))
    assert main(["doctor", "--config", str(config_file), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert list(found) == NAMES
    assert set(found["keys"]) == {"state", "said", "todo"}
    assert found["keys"]["state"] == "fail"
    assert "nowhere.key" in found["keys"]["said"]


def test_one_check_alone(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["doctor", "--config", str(config_file), "--only"]
    assert main([*ask, "keys"]) == 0
    assert capsys.readouterr().out.startswith("ok    keys: device key ")
    assert main([*ask, "kays"]) == 2
    assert "no check 'kays'" in capsys.readouterr().err


def test_a_wrong_configuration_is_told_as_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--config", str(tmp_path / "none.toml")]) == 78
    assert "cannot be read" in capsys.readouterr().err
