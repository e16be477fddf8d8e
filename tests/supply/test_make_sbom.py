"""The list is CycloneDX, complete for its lock, and the same bytes each time."""

import json
import tomllib
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import lock_file
import make_sbom


def listed(role: str, tmp_path: Path) -> str:
    out = tmp_path / "dist" / f"{role}.cdx.json"
    assert make_sbom.main([role, "--out", str(out)]) == 0
    return out.read_text(encoding="utf-8")


@pytest.mark.parametrize("role", lock_file.ROLES)
def test_it_follows_the_published_schema(role: str, tmp_path: Path) -> None:
    text = listed(role, tmp_path)
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    # The validator is not one that says yes to all.
    assert validator.validate_str(text.replace('"SHA-256"', '"SHA-257"')) is not None


def test_it_names_each_locked_distribution_and_each_model(tmp_path: Path) -> None:
    components = json.loads(listed("terminal", tmp_path))["components"]
    pins = lock_file.read(lock_file.path_of("terminal", "3.11"))
    libraries = {c["purl"] for c in components if c["type"] == "library"}
    assert libraries == {f"pkg:pypi/{pin.name}@{pin.version}" for pin in pins}
    manifest = tomllib.loads((lock_file.ROOT / "models/manifest.toml").read_text())
    built = {one["sha256"] for model in manifest["model"] for one in model["built"]}
    models = [c for c in components if c["type"] == "machine-learning-model"]
    assert {c["hashes"][0]["content"] for c in models} == built
    assert all(c["licenses"] and c["pedigree"]["ancestors"] for c in models)


def test_the_carrier_has_no_models(tmp_path: Path) -> None:
    components = json.loads(listed("carrier", tmp_path))["components"]
    assert {c["type"] for c in components} == {"library"}


def test_each_dependency_is_a_component(tmp_path: Path) -> None:
    bill = json.loads(listed("terminal", tmp_path))
    refs = {c["bom-ref"] for c in bill["components"]}
    refs.add(bill["metadata"]["component"]["bom-ref"])
    named = {one["ref"] for one in bill["dependencies"]}
    needed = {ref for one in bill["dependencies"] for ref in one["dependsOn"]}
    assert named | needed <= refs
    reached, waiting = set(), [bill["metadata"]["component"]["bom-ref"]]
    below = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    while waiting:
        if (ref := waiting.pop()) not in reached:
            reached.add(ref)
            waiting += below.get(ref, [])
    assert reached == refs, "a component that nothing needs"


def test_the_same_bytes_and_a_time_only_if_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    first = listed("terminal", tmp_path)
    assert first == listed("terminal", tmp_path)
    assert "timestamp" not in json.loads(first)["metadata"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    dated = json.loads(listed("terminal", tmp_path))
    assert dated["metadata"]["timestamp"] == "1970-01-01T00:00:00Z"
    assert dated["serialNumber"] != json.loads(first)["serialNumber"]


def test_a_python_without_a_lock_gets_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert make_sbom.main(["terminal", "--python", "3.9"]) == 1
    assert "terminal-py39.txt is missing" in capsys.readouterr().err
