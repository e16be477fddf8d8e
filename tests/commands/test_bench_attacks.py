from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.bench.visit_file import find
from replays import CLIP, own_portrait, write_visit


@pytest.fixture
def genuine(pictures: Path, tmp_path: Path) -> Path:
    clip, folder = pictures / CLIP, tmp_path / "genuine"
    folder.mkdir()
    write_visit(
        folder / "one.toml",
        clip,
        portrait=own_portrait(clip, tmp_path / "card.png"),
        more="start_s = 1.0\nend_s = 1.6",
        label="genuine",
    )
    return folder


def run(genuine: Path, out: Path, *more: str) -> int:
    return main(["bench", "attacks", "--from", str(genuine), "--out", str(out), *more])


def test_attacks_are_made_once_and_counted(
    genuine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(genuine, out, "--species", "looped_feed") == 0
    said = capsys.readouterr().out
    assert said == f"1 simulated attacks made, 0 were there, 0 failed: {out}\n"
    assert [plan.id for plan in find([out])] == ["looped_feed/one-0/visit"]
    assert run(genuine, out, "--species", "looped_feed") == 0
    assert "0 simulated attacks made, 1 were there" in capsys.readouterr().out


def test_what_failed_is_said_and_makes_the_answer_no(
    genuine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(genuine, tmp_path / "out", "--species", "swap_mid_visit") == 1
    assert "swap_mid_visit/one-0: swap_mid_visit needs" in capsys.readouterr().err


def test_wrong_use_is_one_line(
    genuine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(genuine, tmp_path / "out", "--species", "mask") == 2
    assert capsys.readouterr().err.startswith("likeness: there is no species 'mask'")
    other = write_visit(tmp_path / "b" / "b.toml", "x.mp4", label="impostor")
    assert run(other.parent, tmp_path / "out") == 2
    assert "none of these visits is genuine" in capsys.readouterr().err
