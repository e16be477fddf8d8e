"""What the file says goes before what the board suggests."""

from pathlib import Path

import pytest

from likeness import board_values, config
from likeness.core.boards import BOARDS, Kind
from likeness.errors import ConfigError

BASE = """\
[terminal]
device = "t"
environment = "test"
"""


@pytest.fixture
def zero2(tmp_path: Path) -> Path:
    """The device tree as the kernel shows it: texts that end with a null character."""
    tree = tmp_path / "device-tree"
    tree.mkdir()
    (tree / "model").write_bytes(b"Raspberry Pi Zero 2 W Rev 1.0\0")
    (tree / "compatible").write_bytes(b"raspberrypi,model-zero-2-w\0brcm,bcm2837\0")
    return tree


def loaded(folder: Path, text: str) -> config.Config:
    path = folder / "terminal.toml"
    path.write_text(BASE + text, encoding="utf-8")
    return config.load(path)


def test_a_machine_names_itself(zero2: Path, tmp_path: Path) -> None:
    found = board_values.machine(zero2)
    assert found.model == "Raspberry Pi Zero 2 W Rev 1.0"
    assert found.kind is Kind.ZERO2
    assert found.board is BOARDS[Kind.ZERO2]
    other = board_values.machine(tmp_path / "none")
    assert (other.model, other.kind) == ("", Kind.OTHER)


def test_of_itself_a_board_fills_what_the_file_leaves_out(zero2: Path) -> None:
    raw = {"camera": {"fps": 30.0}}
    filled = board_values.by_board(raw, zero2)
    assert filled["camera"] == {"width_px": 640, "height_px": 480, "fps": 30.0}
    assert filled["models"] == {"threads": 3}
    assert raw == {"camera": {"fps": 30.0}}
    assert board_values.by_board({"board": {"kind": "other"}}, zero2) == {
        "board": {"kind": "other"}
    }


def test_explicit_settings_win(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        "[models]\nthreads = 1\n[camera]\nwidth_px = 800\n"
        '[board]\nkind = "zero2"\nleast_free_mib = 0\n',
    )
    assert (found.models.threads, found.camera.width_px) == (1, 800)
    assert (found.camera.height_px, found.board.least_free_mib) == (480, 0)
    assert found.board.vision_cpus == (1, 2, 3)


def test_here_nothing_is_filled_in(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[board]\nkind = "other"\n')
    assert found.camera == config.Camera() and found.models == config.Models()
    assert found.board == config.Board(kind="other")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[board]\nkind = "pi6"\n', "board.kind"),
        ("[board]\nkind = 5\n", "board.kind"),
        ('board = "pi4"\n', "board"),
        ('[board]\nkinds = "pi4"\n', "nearest known key is 'kind'"),
        ("[board]\nwarm_c = 80.0\nhot_c = 76.0\n", "must rise"),
        ('[board]\nkind = "zero2"\nwarm_c = 73.0\n', "must rise"),
        ("[board]\ntoo_hot_c = 200.0\n", "board.too_hot_c"),
        ("[board]\nvision_cpus = [-1]\n", "board.vision_cpus"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, why: str) -> None:
    if text.startswith("board ="):  # before the first table, or it is of that
        (tmp_path / "terminal.toml").write_text(text + BASE)
        with pytest.raises(ConfigError, match=why):
            config.load(tmp_path / "terminal.toml")
        return
    with pytest.raises(ConfigError, match=why):
        loaded(tmp_path, text)
