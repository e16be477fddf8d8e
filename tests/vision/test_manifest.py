import sys
from pathlib import Path

import pytest

from likeness.errors import ConfigError, ModelError
from likeness.pins import is_file_with
from likeness.vision.manifest import models_dir, read_manifest
from tiny_models import TinyFolder


def test_our_own_manifest_names_every_role_in_each_variant(root: Path) -> None:
    assert models_dir() == root / "models"
    manifest = read_manifest(models_dir())
    files = {
        (entry.role, built.variant): built.file
        for entry in manifest.model
        for built in entry.built
    }
    roles = {"detect_near", "detect_far", "mesh", "eyelids", "embed", "passive"}
    assert set(files) == {(role, v) for role in roles for v in ("f32", "w8")} | {
        ("embed", "int8")
    }
    assert len(set(files.values())) == len(files)
    sources = [entry.source for entry in manifest.model]
    for source in sources + [picture.source for picture in manifest.picture]:
        if source.package:
            assert manifest.package_named(source.package).name == source.package
        else:  # our own, beside the manifest
            assert is_file_with(root / "models" / source.path, source.sha256)


def test_a_configured_folder_goes_first() -> None:
    assert models_dir("/opt/models") == Path("/opt/models")


def test_an_installed_package_looks_where_the_wheel_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "lib" / "site-packages" / "likeness" / "__init__.py"
    monkeypatch.setattr("likeness.__file__", str(installed))
    assert models_dir() == Path(sys.prefix) / "share" / "likeness" / "models"


def test_the_wheel_takes_what_the_folder_holds(root: Path) -> None:
    told = (root / "setup.cfg").read_text()
    for path in (root / "models").iterdir():
        if path.is_file():
            assert f"    models/{path.name}\n" in told


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("manifest = 1", "manifest = 2", "manifest: invalid enum value 2"),
        ("manifest = 1", "manifest = 1\nmodels = 3", "nearest known key is 'model'"),
        ('role = "mesh"', 'role = "nose"', "nose"),
        ('name = "Tiny mesh"', 'nane = "Tiny mesh"', "unknown field `?nane"),
        ('filename = "tiny', 'filename = "../tiny', "filename"),
        ('file = "picture.png"', 'file = "a/picture.png"', "file"),
        ("std = 64.0", "std = 0.0", "std"),
        ('sha256 = "', 'sha256 = "00', "sha256"),
    ],
)
def test_a_bad_manifest_is_one_clear_line(
    tmp_path: Path, was: str, becomes: str, told: str
) -> None:
    tiny = TinyFolder(tmp_path / "models")
    assert was in tiny.text
    tiny.write(tiny.text.replace(was, becomes, 1))
    with pytest.raises(ConfigError, match=told) as wrong:
        read_manifest(tiny.path)
    assert "\n" not in str(wrong.value)
    assert "manifest.toml" in str(wrong.value)


def test_what_a_manifest_lacks_is_named(tmp_path: Path) -> None:
    tiny = TinyFolder(tmp_path / "models")
    tiny.write(tiny.text.replace('role = "embed"', 'role = "mesh"'))
    manifest = read_manifest(tiny.path)
    with pytest.raises(ModelError, match="names no model for embed"):
        manifest.entry("embed")
    with pytest.raises(ModelError, match="pins no package other"):
        manifest.package_named("other")
    tiny.write(tiny.text.replace('variant = "w8"', 'variant = "f32"'))
    with pytest.raises(ModelError, match="no variant w8 of model mesh"):
        read_manifest(tiny.path).entry("mesh").variant("w8")


def test_where_int8_is_not_made_the_int8_weights_stand_in() -> None:
    manifest = read_manifest(models_dir())
    embed, mesh = manifest.entry("embed"), manifest.entry("mesh")
    assert embed.variant("int8").file == "sface_int8.tflite"
    assert mesh.variant("int8") == mesh.variant("w8")
