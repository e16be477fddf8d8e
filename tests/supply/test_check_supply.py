"""Licences and holes are noticed; what is accepted has a reason and a day."""

import datetime
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import check_supply
import lock_file
from lock_file import Pin

TODAY = datetime.date(2026, 11, 22)
OPENCV = Pin("opencv-python-headless", "4.11.0.86", "Apache-2.0", (), ("ab" * 32,))


def rules(**changed: Any) -> dict[str, Any]:
    text = (lock_file.HERE / "supply.toml").read_text(encoding="utf-8")
    return {**tomllib.loads(text), **changed}


def pin(name: str, version: str = "1.0", licence: str = "MIT") -> Pin:
    return Pin(name, version, licence, (), ("ab" * 32,))


def write_lock(folder: Path, *pins: Pin) -> None:
    text = lock_file.render(list(pins), "terminal", "3.11")
    (folder / "terminal-py311.txt").write_text(text, encoding="utf-8")


def test_the_locks_of_the_project_pass() -> None:
    assert check_supply.main([]) == 0


@pytest.mark.parametrize(
    ("licence", "passes"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("MPL-2.0 AND MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("Apache-2.0 AND AGPL-3.0-only OR BUSL-1.1", False),
        ("(MIT", False),
    ],
)
def test_licences(licence: str, passes: bool) -> None:
    faults = check_supply.licence_faults([pin("thing", licence=licence)], rules())
    assert (faults == []) is passes


@pytest.mark.parametrize(
    ("version", "hit"),
    [("10.2", False), ("10.3.0", True), ("12.1.1", True), ("12.2.0", False)],
)
def test_a_version_with_a_known_hole(version: str, hit: bool) -> None:
    holes = [
        one for one in rules()["hole"] if one["hole"] == "CVE-2026-40192"
    ]  # since 10.3.0, mended in 12.2.0
    faults = check_supply.hole_faults(
        [pin("pillow", version)], rules(hole=holes), [], TODAY
    )
    assert bool(faults) is hit


def test_each_hole_is_a_range_and_each_accepted_one_is_a_hole_with_a_reason() -> None:
    for hole in rules()["hole"]:
        version = hole.get("since", "0")
        faults = check_supply.hole_faults(
            [pin(hole["package"], version)], rules(accepted=[]), [], TODAY
        )
        assert any(hole["hole"] in fault for fault in faults), hole
    known = {(hole["package"], hole["hole"]) for hole in rules()["hole"]}
    for one in rules()["accepted"]:
        assert (one["package"], one["hole"]) in known
        assert len(one["why"]) > 20


def test_accepted_until_its_day_and_not_longer() -> None:
    assert check_supply.hole_faults([OPENCV], rules(), [], TODAY) == []
    later = datetime.date(2030, 1, 1)
    (line,) = check_supply.hole_faults([OPENCV], rules(), [], later)
    assert "look again" in line
    (line,) = check_supply.hole_faults([OPENCV], rules(accepted=[]), [], TODAY)
    assert "CVE-2025-53644; mended in 4.12.0.88" in line


def test_an_export_of_advisories_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_lock(tmp_path, pin("click", "8.5.1"))
    record = {
        "id": "PYSEC-2026-1",
        "aliases": ["CVE-2026-1"],
        "affected": [{
            "package": {"ecosystem": "PyPI", "name": "Click"},
            "ranges": [{"type": "ECOSYSTEM",
                        "events": [{"introduced": "0"}, {"fixed": "8.6"}]}],
        }],
    }  # fmt: skip
    export = tmp_path / "export.json"
    export.write_text(json.dumps(record))
    asked = ["--locks", str(tmp_path), "--advisories", str(export)]
    assert check_supply.main(asked) == 1
    said = capsys.readouterr().out
    assert "click 8.5.1: CVE-2026-1, PYSEC-2026-1; mended in 8.6" in said
    assert check_supply.main(asked[:2]) == 0


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_what_cannot_be_read_gets_one_line(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = tmp_path / "export.json"
    if content is not None:
        export.write_text(content)
    assert check_supply.main(["--advisories", str(export)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_no_locks_are_no_success(tmp_path: Path) -> None:
    assert check_supply.main(["--locks", str(tmp_path)]) == 1
