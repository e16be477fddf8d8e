import subprocess
import sys
from pathlib import Path

from likeness.simulators.wlt_decoder import find_picture, portrait_record


def test_records_are_as_long_as_a_chips_and_differ() -> None:
    assert len(portrait_record(b"one")) == 1024
    assert portrait_record(b"one") != portrait_record(b"two")


def test_files_and_folders_are_searched(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one.jpg").write_bytes(b"one")
    (tmp_path / "two.jpg").write_bytes(b"two")
    places = [tmp_path / "folder", tmp_path / "two.jpg"]
    assert find_picture(portrait_record(b"one"), places) == b"one"
    assert find_picture(portrait_record(b"two"), places) == b"two"
    assert find_picture(portrait_record(b"three"), places) is None


def test_an_unknown_record_or_place_is_one_line_and_exit_3(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "likeness.simulators.wlt_decoder"),
                *("--pictures", str(place)),
            ],
            input=bytes(1024),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 3
        assert done.stdout == b""
        assert done.stderr.count(b"\n") == 1
