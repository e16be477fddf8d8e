from pathlib import Path

import pytest

from likeness.errors import ModelError, PackageError, UsageError
from likeness.model_build import (
    ENVIRONMENT,
    PROGRAM,
    ModelBuild,
    mirror_steps,
    verify_picture,
)
from likeness.pins import sha256_of
from likeness.vision.manifest import models_dir, read_manifest
from tiny_models import TinyFolder


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment made once, for the tests that are not about making it."""
    tiny = TinyFolder(tmp_path_factory.mktemp("tools") / "models")
    build(tiny)
    return tiny.path / ENVIRONMENT


@pytest.fixture
def bare(tmp_path: Path) -> TinyFolder:
    return TinyFolder(tmp_path / "models")


@pytest.fixture
def tiny(bare: TinyFolder, tools: Path) -> TinyFolder:
    (bare.path / ENVIRONMENT).symlink_to(tools)
    return bare


def build(tiny: TinyFolder) -> list[str]:
    """Do all there is to do; return what was done."""
    steps = ModelBuild(tiny.path, tiny.mirror).steps()
    for step in steps:
        step.run()
    return [step.label for step in steps]


def test_everything_is_made_from_a_mirror_then_nothing_is(bare: TinyFolder) -> None:
    assert build(bare)[:4] == [
        "get tiny-weights==1.0",
        "take out picture.png",
        "set up the build tools",
        "convert and quantize",
    ]
    assert sorted(path.name for path in (bare.path / "built").iterdir()) == sorted(
        [
            built.file
            for entry in read_manifest(bare.path).model
            for built in entry.built
        ]
        + ["pictures"]
    )
    verify_picture(bare.path, read_manifest(bare.path).picture[0])
    assert build(bare) == []


def test_only_what_is_missing_or_spoiled_is_made_again(tiny: TinyFolder) -> None:
    build(tiny)
    made = (tiny.path / ENVIRONMENT / "ready").stat().st_mtime_ns
    (tiny.path / "built" / "tiny_mesh_w8.tflite").unlink()
    (tiny.path / "built" / "tiny_embed_f32.tflite").write_bytes(b"spoiled")
    assert build(tiny) == [
        "get tiny-weights==1.0",
        "set up the build tools",
        "convert and quantize",
        *("try tiny_mesh_f32.tflite", "try tiny_mesh_w8.tflite"),
        *("try tiny_embed_f32.tflite", "try tiny_embed_w8.tflite"),
    ]
    # Tools that are there are used again.
    assert (tiny.path / ENVIRONMENT / "ready").stat().st_mtime_ns == made
    (tiny.path / "built" / "pictures" / "picture.png").unlink()
    with pytest.raises(ModelError, match=r"picture.png is missing"):
        verify_picture(tiny.path, read_manifest(tiny.path).picture[0])
    assert build(tiny) == ["get tiny-weights==1.0", "take out picture.png"]


def test_other_tools_mean_another_environment(bare: TinyFolder) -> None:
    build(bare)
    left_over = bare.path / ENVIRONMENT / "left-over"
    left_over.touch()
    (bare.path / "build-requirements.txt").write_text("# others\n")
    (bare.path / "built" / "tiny_mesh_w8.tflite").unlink()
    build(bare)
    assert not left_over.exists()


def test_a_model_that_comes_out_differently_is_refused(tiny: TinyFolder) -> None:
    before, _, after = tiny.text.rpartition(tiny.model_sha256)
    tiny.write(before + "0" * 64 + after)  # the last one: embed, w8
    with pytest.raises(ModelError, match=r"tiny_embed_w8.* expected .* got") as told:
        build(tiny)
    assert "0" * 64 in str(told.value)
    assert tiny.model_sha256 in str(told.value)
    left = [path.name for path in (tiny.path / "built").iterdir()]
    assert "tiny_embed_w8.tflite" not in left
    assert not [name for name in left if name.startswith(".partial")]


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("raise SystemExit('no room for tensors')", "no room for tensors; remove"),
        ("raise SystemExit(3)", "it said nothing"),
        ("pass", "none: it was not built"),
    ],
)
def test_a_failing_program_is_one_clear_line(
    tiny: TinyFolder, program: str, told: str
) -> None:
    (tiny.path / PROGRAM).write_text(program)
    with pytest.raises(ModelError, match=told) as wrong:
        build(tiny)
    assert "\n" not in str(wrong.value)


def test_tools_that_the_mirror_lacks_are_told(bare: TinyFolder) -> None:
    requirement = f"some-tool==1.0 --hash=sha256:{'0' * 64}\n"
    (bare.path / "build-requirements.txt").write_text(requirement)
    with pytest.raises(PackageError, match=r"the build tools: pip failed.*some-tool"):
        build(bare)
    # The half-made environment is not taken for a good one.
    with pytest.raises(PackageError, match="the build tools"):
        build(bare)


def test_a_mirror_that_is_no_folder_is_wrong_use(tiny: TinyFolder) -> None:
    with pytest.raises(UsageError, match="there is no such folder"):
        ModelBuild(tiny.path, tiny.path / "nowhere")


def test_a_mirror_is_filled_by_pip(
    tiny: TinyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tiny.mirror))
    steps = mirror_steps(tiny.path, tmp_path / "filled")
    assert [step.label for step in steps] == [
        "get tiny-weights==1.0",
        "get the build tools",
    ]
    for step in steps:
        step.run()
    tiny.mirror = tmp_path / "filled"
    assert "convert and quantize" in build(tiny)


def test_the_real_models_come_out_byte_for_byte(tmp_path: Path) -> None:
    """Convert the real weights again with the tools that `models build` has made."""
    folder = models_dir()
    python = folder / ENVIRONMENT / "bin" / "python"
    if not python.exists() or not (folder / "sources").is_dir():
        pytest.skip("the build tools are not here: run 'likeness models build'")
    again = tmp_path / "models"
    again.mkdir()
    for path in folder.iterdir():
        if path.name != "built":
            (again / path.name).symlink_to(path)
    for step in ModelBuild(again, folder / "sources").steps():
        if step.label == "convert and quantize":
            step.run()
    for entry in read_manifest(folder).model:
        for built in entry.built:
            assert sha256_of(again / "built" / built.file) == built.sha256


def test_our_own_weights_come_with_the_manifest(tiny: TinyFolder) -> None:
    own = tiny.path / "own.tflite"
    own.write_bytes(tiny.model)
    packaged = 'package = "tiny-weights", path = "tiny/tiny.tflite"'
    assert packaged in tiny.text
    tiny.write(tiny.text.replace(packaged, 'path = "own.tflite"'))
    build(tiny)
    assert (tiny.path / "built" / "tiny_mesh_w8.tflite").read_bytes() == tiny.model
    (tiny.path / "built" / "tiny_mesh_w8.tflite").unlink()
    own.write_bytes(b"other weights")
    with pytest.raises(ModelError, match=r"own.tflite is missing or is not the one"):
        build(tiny)
