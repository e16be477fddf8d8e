"""`likeness bench compare` as it is called."""

import json
from pathlib import Path

import pytest

from likeness.__main__ import main
from replay_lines import attack, line


def replay(folder: Path, *lines: dict[str, object]) -> Path:
    folder.mkdir()
    text = "".join(json.dumps(one) + "\n" for one in lines)
    (folder / "results.jsonl").write_text(text)
    return folder


def test_what_changed_is_printed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = replay(tmp_path / "a", line("one"), attack("[b]", "print", "flat_face"))
    b = replay(tmp_path / "b", line("one"), attack("[b]", "print"))
    out = tmp_path / "out"
    assert main(["bench", "compare", str(a), str(b), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "[b] (attack): refused flat_face → accepted\n" in said
    assert "1 of 2 visits changed\n" in said
    assert sorted(one.name for one in out.iterdir()) == ["compare.html", "compare.json"]


def test_a_folder_without_a_replay_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = replay(tmp_path / "a", line("one"))
    given = ["bench", "compare", str(a), str(tmp_path), "--out", str(tmp_path / "o")]
    assert main(given) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "no such file; give the --out folder of a replay" in said
