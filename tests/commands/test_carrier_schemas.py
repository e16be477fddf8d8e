import json
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.carrier import schemas


def test_all_of_it_is_written_and_the_same_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    assert main(["carrier", "schemas", "--out", str(out)]) == 0
    names = {path.name for path in out.iterdir()}
    assert names == {"asyncapi.json", *schemas.message_schemas()}
    assert json.loads((out / "asyncapi.json").read_text()) == schemas.asyncapi()
    assert f"{len(names) - 1} schemas" in capsys.readouterr().out
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main(["carrier", "schemas", "--out", str(out)]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["carrier", "schemas", "--out", str(tmp_path / "file" / "x")]) == 2
    said = capsys.readouterr().err
    assert "--out" in said
    assert said.count("\n") == 1
