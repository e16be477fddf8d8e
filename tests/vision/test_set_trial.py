"""A set is tried beside the one in use: each of its models answers, and in time."""

from pathlib import Path

import pytest

from likeness.errors import ConfigError, ModelError
from likeness.vision.set_trial import Timing, try_set
from tiny_models import ROLES, TinyFolder


def folder(path: Path) -> TinyFolder:
    made = TinyFolder(path)
    made.put_built()
    return made


def test_the_same_models_pass(tmp_path: Path) -> None:
    new, old = folder(tmp_path / "new"), folder(tmp_path / "old")
    timing = try_set(new.path, old.path, "w8", 1, slower_at_most=50)
    assert timing.new_ms > 0
    assert timing.ratio == timing.new_ms / timing.old_ms


def test_what_is_slower_than_allowed_is_refused(tmp_path: Path) -> None:
    new, old = folder(tmp_path / "new"), folder(tmp_path / "old")
    with pytest.raises(ModelError, match=r"too slow here: .* at most 1e-06 times"):
        try_set(new.path, old.path, "w8", 1, slower_at_most=1e-6)


def test_the_ratio_is_of_new_to_old() -> None:
    assert Timing(new_ms=30.0, old_ms=20.0).ratio == 1.5


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_tried_also_those_that_load_late(
    tmp_path: Path, role: str
) -> None:
    new, old = folder(tmp_path / "new"), folder(tmp_path / "old")
    at = new.text.index(f'file = "tiny_{role}_w8.tflite"')
    golden = new.text.index("golden = [[", at) + len("golden = [[")
    new.write(f"{new.text[:golden]}1{new.text[golden:]}")
    with pytest.raises(ModelError, match=f"tiny_{role}_w8.tflite computes wrong"):
        try_set(new.path, old.path, "w8", 1)


def test_a_folder_without_a_manifest(tmp_path: Path) -> None:
    old = folder(tmp_path / "old")
    with pytest.raises(ConfigError, match="manifest"):
        try_set(tmp_path, old.path, "w8", 1)
