import shutil
from pathlib import Path

import numpy as np
import pytest

from likeness.errors import ModelError
from likeness.vision import models, runtimes
from likeness.vision.manifest import Role, Variant, models_dir, read_manifest
from likeness.vision.models import (
    check_golden,
    golden_answer,
    load_model,
    load_models,
    open_model,
)
from likeness.vision.runtimes import (
    RUNTIMES,
    Runtime,
    RuntimeName,
    find_runtime,
    installed_runtimes,
)
from tiny_models import MEAN, ROLES, SIDE, STD, TinyFolder

both_runtimes = pytest.mark.parametrize("runtime", ["litert", "tflite"])


@pytest.fixture
def tiny(tmp_path: Path) -> TinyFolder:
    folder = TinyFolder(tmp_path / "models")
    folder.put_built()
    return folder


def test_both_runtimes_are_found_and_the_faster_one_is_taken() -> None:
    assert [one.name for one in installed_runtimes()] == ["litert", "tflite"]
    assert find_runtime().name == "litert"
    assert find_runtime("tflite").name == "tflite"
    assert str(find_runtime("tflite")).startswith("tflite-runtime 2.")


def test_a_missing_runtime_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing: dict[RuntimeName, tuple[str, str]] = {"litert": ("no-such-dist", "x")}
    monkeypatch.setattr(runtimes, "RUNTIMES", missing)
    with pytest.raises(ModelError, match="install no-such-dist with pip"):
        find_runtime()


@both_runtimes
def test_outputs_come_in_the_manifests_order(
    tiny: TinyFolder, runtime: RuntimeName
) -> None:
    loaded = load_models(tiny.path, runtime=runtime)
    value = np.linspace(-2, 2, SIDE * SIDE * 3, dtype=np.float32)
    picture = value.reshape(SIDE, SIDE, 3)
    positive, size = loaded.mesh.run(picture)
    assert np.array_equal(positive[0], np.maximum(picture, 0))
    assert np.array_equal(size[0], np.abs(picture))
    assert positive.shape == (1, SIDE, SIDE, 3)


@both_runtimes
def test_pixels_are_normalized_as_the_manifest_says(
    tiny: TinyFolder, runtime: RuntimeName
) -> None:
    model = load_models(tiny.path, runtime=runtime).embed
    pixels = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    for seen, expected in zip(
        model.see(pixels),
        model.run((pixels.astype(np.float32) - MEAN) / np.float32(STD)),
        strict=True,
    ):
        np.testing.assert_allclose(seen, expected, atol=1e-6)


def test_an_earlier_output_is_not_overwritten_by_the_next_run(
    tiny: TinyFolder,
) -> None:
    model = load_models(tiny.path).mesh
    ones = np.ones((SIDE, SIDE, 3), np.float32)
    _, first = model.run(ones)
    model.run(ones * 5)
    assert first.max() == 1


def test_digests_are_those_of_the_manifest(tiny: TinyFolder) -> None:
    assert dict(load_models(tiny.path).digests) == dict.fromkeys(
        ROLES, tiny.model_sha256
    )


@pytest.mark.parametrize("role", ROLES)
def test_a_changed_file_is_refused_by_name(tiny: TinyFolder, role: str) -> None:
    path = tiny.path / "built" / f"tiny_{role}_w8.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelError, match=f"tiny_{role}_w8.tflite is refused") as told:
        load_models(tiny.path, "w8")
    assert tiny.model_sha256 in str(told.value)
    load_models(tiny.path, "f32")


def test_a_missing_file_says_how_to_get_it(tiny: TinyFolder) -> None:
    (tiny.path / "built" / "tiny_mesh_w8.tflite").unlink()
    with pytest.raises(ModelError, match=r"tiny_mesh_w8.tflite is missing.*build"):
        load_models(tiny.path)


def test_the_far_detector_is_verified_again_when_it_is_first_used(
    tiny: TinyFolder,
) -> None:
    loaded = load_models(tiny.path)
    path = tiny.path / "built" / "tiny_detect_far_w8.tflite"
    good = path.read_bytes()
    path.write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"tiny_detect_far_w8.tflite is refused"):
        _ = loaded.detect_far
    path.write_bytes(good)
    assert loaded.detect_far is loaded.detect_far


def test_a_file_that_is_no_model_is_refused_even_with_the_right_digest(
    tiny: TinyFolder,
) -> None:
    path = tiny.path / "built" / "tiny_mesh_w8.tflite"
    path.write_bytes(b"TFL3 this is not a model")
    entry = read_manifest(tiny.path).entry("mesh")
    with pytest.raises(ModelError, match=r"tiny_mesh_w8.tflite: ai-edge-litert"):
        open_model(tiny.path, entry, entry.variant("w8"), find_runtime("litert"))


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('tensor = "size"', 'tensor = "depth"', "it has no output depth"),
        ("input = { shape = [1, 8, 8, 3]", "input = { shape = [1, 9, 9, 3]", "inputs"),
        ("golden = [[", "golden = [[9.0], [", "four numbers for each output"),
        ("golden = [[", "golden = [[1000.0, ", "four numbers for each output"),
    ],
)
def test_a_manifest_that_does_not_fit_its_model_is_told(
    tiny: TinyFolder, was: str, becomes: str, told: str
) -> None:
    assert was in tiny.text
    tiny.write(tiny.text.replace(was, becomes))
    with pytest.raises(ModelError, match=told):
        load_models(tiny.path)


@both_runtimes
def test_a_model_that_computes_wrong_is_refused_by_name(
    tiny: TinyFolder, runtime: RuntimeName
) -> None:
    tiny.write(tiny.text.replace("mean = 127.5", "mean = 127.6"))  # as if it drifted
    with pytest.raises(ModelError, match=r"tiny_detect_near_w8.* computes wrong"):
        load_models(tiny.path, runtime=runtime)


class Nonsense:
    """An interpreter that gives not-a-number everywhere."""

    def get_input_details(self) -> list[dict[str, object]]:
        return [{"shape": (1, SIDE, SIDE, 3), "dtype": np.float32, "index": 0}]

    def get_output_details(self) -> list[dict[str, object]]:
        return [
            {"name": name, "shape": (1, SIDE, SIDE, 3), "index": 1}
            for name in ("positive", "size")
        ]

    def tensor(self, _index: int) -> object:
        return lambda: np.zeros((1, SIDE, SIDE, 3), np.float32)

    def invoke(self) -> None:
        pass

    def get_tensor(self, _index: int) -> models.Floats:
        return np.full((1, SIDE, SIDE, 3), np.nan, np.float32)


def test_not_a_number_is_no_golden_answer(tiny: TinyFolder) -> None:
    entry = read_manifest(tiny.path).entry("mesh")
    model = models.Model(entry, "", Nonsense(), Runtime("litert", "numpy"))
    with pytest.raises(ModelError, match="computes wrong"):
        check_golden(model, entry, entry.variant("w8"))


@both_runtimes
@pytest.mark.parametrize("variant", ["w8", "f32", "int8"])
def test_the_real_models_give_their_golden_answers(
    runtime: RuntimeName, variant: Variant
) -> None:
    loaded = load_models(models_dir(), variant, runtime=runtime)
    assert loaded.detect_far.runtime.distribution == RUNTIMES[runtime][0]


@pytest.mark.parametrize("role", ROLES)
def test_golden_vectors_tell_the_variants_apart(role: Role) -> None:
    # A tolerance so wide that float and int8 weights pass for each other tells nothing.
    entry = read_manifest(models_dir()).entry(role)
    model = load_model(models_dir(), entry, "f32", find_runtime())
    with pytest.raises(ModelError, match="computes wrong"):
        check_golden(model, entry, entry.variant("w8"))


def test_the_two_runtimes_agree_within_a_hundredth_of_the_tolerance() -> None:
    for entry in read_manifest(models_dir()).model:
        answers = [
            golden_answer(
                open_model(models_dir(), entry, entry.variant("w8"), runtime), entry
            )
            for runtime in installed_runtimes()
        ]
        apart = np.max(np.abs(np.subtract(*map(np.concatenate, answers))))
        assert apart <= entry.golden_tolerance / 100


def test_a_copied_folder_works_elsewhere(tmp_path: Path, tiny: TinyFolder) -> None:
    moved = shutil.copytree(tiny.path, tmp_path / "elsewhere" / "models")
    assert load_models(moved).variant == "w8"
