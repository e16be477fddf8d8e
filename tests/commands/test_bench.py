from pathlib import Path

import numpy as np
import pytest

from likeness.__main__ import main


def test_a_list_of_pictures_becomes_one_file(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names, out = tmp_path / "list.txt", tmp_path / "out.npz"
    names.write_text("astronaut.png\n[none].jpg\n")

    code = main(
        [
            *("bench", "embed", "--root", str(pictures)),
            *("--list", str(names), "--out", str(out)),
        ]
    )

    said = capsys.readouterr()
    assert code == 0
    assert said.out == f"1 of 2 embedded: {out}\n"
    assert f"likeness: {pictures}/[none].jpg: No such file or directory\n" in said.err
    with np.load(out) as file:
        assert file["paths"].tolist() == ["astronaut.png", "[none].jpg"]
        assert file["found"].tolist() == [True, False]


@pytest.mark.parametrize("missing", ["root", "list"])
def test_what_is_missing_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    root, names = tmp_path / "root", tmp_path / "list.txt"
    if missing != "root":
        root.mkdir()
    if missing != "list":
        names.write_text("a.jpg\n")

    code = main(
        [
            *("bench", "embed", "--root", str(root)),
            *("--list", str(names), "--out", str(tmp_path / "out.npz")),
        ]
    )

    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out.npz").exists()
