"""A run that was killed loses no whole line; a file stands whole or not at all."""

import json
from pathlib import Path

import pytest

from likeness.bench.line_file import LineFile, former_lines, write_whole
from likeness.errors import UsageError


def by_n(line: dict[str, object]) -> int:
    return int(str(line["n"]))


def test_lines_are_there_while_it_runs_and_the_file_when_it_is_whole(
    tmp_path: Path,
) -> None:
    out = tmp_path / "new" / "folder"
    file = LineFile(out / "a.jsonl")
    file.add({"n": 2, "id": "人/один"})
    (part,) = out.iterdir()
    assert json.loads(part.read_text())["id"] == "人/один"
    file.add({"n": 1})
    file.close(by_n)
    assert [path.name for path in out.iterdir()] == ["a.jsonl"]
    text = (out / "a.jsonl").read_text(encoding="utf-8")
    assert [json.loads(one)["n"] for one in text.splitlines()] == [1, 2]
    assert "人/один" in text  # readable, not escaped


def test_a_former_run_stands_until_the_next_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("former\n")
    file = LineFile(path)
    file.add({"n": 1})
    assert path.read_text() == "former\n"
    file.close(by_n)
    assert path.read_text() == '{"n": 1}\n'


def test_half_a_line_of_a_killed_run_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"n": 0}\n')
    file = LineFile(path)
    file.add({"n": 1})
    with (tmp_path / "a.jsonl.part").open("a") as part:
        part.write('7\n{"n": 2, "te')
    assert list(former_lines(path)) == [{"n": 0}, {"n": 1}]


def test_kept_lines_are_on_disk_before_the_first_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    file = LineFile(path, keep=[{"n": 5}])
    assert list(former_lines(path)) == [{"n": 5}]
    file.add({"n": 4})
    assert list(former_lines(path)) == [{"n": 5}, {"n": 4}]
    file.close(by_n)
    assert list(former_lines(path)) == [{"n": 4}, {"n": 5}]


def test_a_new_run_without_kept_lines_begins_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    LineFile(path).add({"n": 1})
    LineFile(path)
    assert list(former_lines(path)) == []


def test_a_name_that_is_not_utf8_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    file = LineFile(path)
    file.add({"n": 1, "id": "caf\udce9\u2028"})
    file.close(by_n)
    assert list(former_lines(path)) == [{"n": 1, "id": "caf\udce9\u2028"}]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file is no folder")
    with pytest.raises(UsageError, match=r"out: cannot be written: Not a directory"):
        LineFile(tmp_path / "file" / "out" / "a.jsonl")
    (tmp_path / "page").mkdir()
    with pytest.raises(UsageError, match=r"page: cannot be written"):
        write_whole(tmp_path / "page", "text")
    (tmp_path / "b.jsonl").mkdir()
    with pytest.raises(UsageError, match=r"b\.jsonl: cannot be read: Is a directory"):
        list(former_lines(tmp_path / "b.jsonl"))


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.part").symlink_to("/dev/full")
    file = LineFile(tmp_path / "a.jsonl")
    with pytest.raises(UsageError, match=r"part: cannot be written: No space left"):
        file.add({"n": 1})
    assert not (tmp_path / "a.jsonl").exists()
