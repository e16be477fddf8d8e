"""A digest changes with what it stands for, and with nothing else."""

from pathlib import Path

import likeness
from likeness.bench import digests
from real_models import model_set


def test_a_recording_is_known_by_its_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one.mp4", tmp_path / "two.mp4"
    one.write_bytes(b"film")
    two.write_bytes(b"film")
    assert digests.of_recording(one) == digests.of_recording(two)
    two.write_bytes(b"another film")
    assert digests.of_recording(one) != digests.of_recording(two)


def test_a_folder_of_pictures_is_known_by_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "1.png").write_bytes(b"a")
    first = digests.of_recording(folder)
    (folder / "2.png").write_bytes(b"b")
    both = digests.of_recording(folder)
    (folder / "2.png").rename(folder / "0.png")
    assert len({first, both, digests.of_recording(folder)}) == 3


def test_what_is_not_there_is_absent(tmp_path: Path) -> None:
    assert digests.of_recording(tmp_path / "none.mp4") == digests.ABSENT
    assert digests.of_recording(Path("nul\0l")) == digests.ABSENT


def test_models_and_software_are_named() -> None:
    variant, digest = digests.of_models(model_set()).split()
    assert variant == "w8"
    assert len(digest) == digests.SIGNS
    version, rules = digests.of_software().split()
    assert version == likeness.__version__
    # Another file is another software; the same ones are the same.
    assert digests.of_software("replay.py").split()[1] != rules
    assert digests.of_software().split()[1] == rules
