from pathlib import Path

import pytest

from likeness.__main__ import main
from tiny_models import ROLES, TinyFolder

FILES = len(ROLES) * 2  # variants
TRIALS = FILES * 2 + 1  # under either runtime; one picture


@pytest.fixture
def tiny(tmp_path: Path) -> TinyFolder:
    return TinyFolder(tmp_path / "models")


def call(tiny: TinyFolder, *arguments: str) -> int:
    return main(["models", *arguments, "--dir", str(tiny.path)])


def test_build_then_check_then_list(
    tiny: TinyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tiny, "check") == 1
    assert call(tiny, "build", "--from", str(tiny.mirror)) == 0
    assert "built and checked" in capsys.readouterr().out
    assert call(tiny, "build") == 0
    assert "everything is in place" in capsys.readouterr().out
    assert call(tiny, "check") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == TRIALS
    assert all(line.startswith("ok ") for line in lines)
    assert call(tiny, "list") == 0
    table = capsys.readouterr().out
    assert "tiny_embed_w8.tflite" in table
    assert "tiny-weights==1.0" in table
    assert " no" not in table


def test_check_names_what_is_wrong_and_goes_on(
    tiny: TinyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.put_built()
    (tiny.path / "built" / "tiny_mesh_w8.tflite").write_bytes(b"spoiled")
    assert call(tiny, "check") == 1
    lines = capsys.readouterr().out.splitlines()
    wrong = [line for line in lines if line.startswith("wrong ")]
    assert [line.split()[1] for line in wrong] == [
        "tiny_mesh_w8.tflite",  # under either runtime
        "tiny_mesh_w8.tflite",
        "picture.png:",
    ]
    assert "is refused" in wrong[0]
    assert len(lines) == TRIALS
    assert call(tiny, "list") == 0
    row = [r for r in capsys.readouterr().out.splitlines() if "tiny_mesh_w8" in r]
    assert row[0].split()[-1] == "no"


def test_golden_prints_what_the_manifest_needs(
    tiny: TinyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.put_built()
    assert call(tiny, "golden") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == FILES
    name, _, numbers = lines[0].partition(": ")
    assert name == "tiny_detect_near_f32.tflite"
    start = tiny.text.index("golden = [[")
    tiny.write(tiny.text[:start] + numbers + tiny.text[tiny.text.index("\n", start) :])
    assert call(tiny, "golden") == 0


def test_wrong_use_is_one_line_and_its_own_exit_code(
    tiny: TinyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tiny, "build", "--from", str(tiny.path / "nowhere")) == 2
    assert call(tiny, "fetch") == 2
    tiny.write(tiny.text.replace("manifest = 1", "manifest = 1\ncolour = 1"))
    assert call(tiny, "build") == 78
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "unknown key 'colour'" in said


def test_a_mirror_without_the_package_is_named(
    tiny: TinyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert call(tiny, "build", "--from", str(tmp_path / "empty")) == 1
    assert "tiny-weights==1.0" in capsys.readouterr().err
