"""What an installer needs is in the package: every file of these folders is listed."""

import configparser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["systemd/monitoring", "systemd/kiosk"])
def test_every_file_is_shipped_in_its_place(folder: str) -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = {
        line: place
        for place, lines in setup["options.data_files"].items()
        for line in lines.split()
    }
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert files
    for path in files:
        name = path.relative_to(ROOT)
        assert listed[str(name)] == f"share/likeness/{name.parent}"
