"""OSV ranges and pip-audit's report say which of our pins are hit."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import advisories
from lock_file import Pin


def pinned(version: str) -> list[Pin]:
    return [Pin("pyyaml", version, "MIT", (), ("ab" * 32,))]


def osv(*events: dict[str, str], **more: Any) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": "PyPI", "name": "PyYAML"},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
    }
    return {"id": "PYSEC-1", "aliases": ["CVE-1"], "affected": [affected], **more}


def found(record: dict[str, Any], version: str, tmp_path: Path) -> list[advisories.Hit]:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record))
    return advisories.hits(file, pinned(version))[0]


TWO_BRANCHES = osv(
    {"introduced": "2.0"}, {"fixed": "2.3"}, {"introduced": "3.0"}, {"fixed": "3.1"}
)


@pytest.mark.parametrize(
    ("version", "hit"),
    [("1.9", False), ("2.0", True), ("2.2.9", True), ("2.3", False),
     ("3.0rc1", False), ("3.0", True), ("3.0.10", True), ("3.1", False)],
)  # fmt: skip
def test_branches_with_a_fix_each(version: str, hit: bool, tmp_path: Path) -> None:
    assert bool(found(TWO_BRANCHES, version, tmp_path)) is hit


def test_the_order_of_events_does_not_matter(tmp_path: Path) -> None:
    turned = osv({"fixed": "3.1"}, {"introduced": "0"})
    assert found(turned, "3.0", tmp_path)
    assert not found(turned, "3.1", tmp_path)


def test_last_affected_and_listed_versions(tmp_path: Path) -> None:
    last = osv({"introduced": "0"}, {"last_affected": "2.0"})
    assert found(last, "2.0", tmp_path)[0].fixed == "no version yet"
    assert not found(last, "2.0.1", tmp_path)
    listed = osv()
    listed["affected"][0]["versions"] = ["5.1"]
    assert found(listed, "5.1", tmp_path)
    assert not found(listed, "5.2", tmp_path)


def test_withdrawn_and_foreign_ones_do_not_count(tmp_path: Path) -> None:
    assert not found(TWO_BRANCHES | {"withdrawn": "2026-01-01"}, "2.1", tmp_path)
    npm = osv({"introduced": "0"})
    npm["affected"][0]["package"]["ecosystem"] = "npm"
    assert not found(npm, "2.1", tmp_path)


def test_a_folder_and_a_zip_are_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.json").write_text(json.dumps(TWO_BRANCHES))
    (tmp_path / "two.json").write_text(json.dumps(osv({"introduced": "0"})))
    hits, count = advisories.hits(tmp_path, pinned("2.1"))
    assert (len(hits), count) == (2, 2)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "two.json", "two.json")
    hits, count = advisories.hits(tmp_path / "all.zip", pinned("9"))
    assert (len(hits), count) == (1, 1)


def test_pip_audit_speaks_of_the_version_we_pin(tmp_path: Path) -> None:
    hole = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["6"]}
    report = {"dependencies": [{"name": "PyYAML", "version": "5", "vulns": [hole]}]}
    (hit,) = found(report, "5", tmp_path)
    assert (hit.names, hit.fixed) == (frozenset({"PYSEC-1", "CVE-1"}), "6")
    assert not found(report, "6", tmp_path)


def test_an_empty_folder_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(advisories.AdvisoryError):
        advisories.hits(tmp_path, pinned("1"))
