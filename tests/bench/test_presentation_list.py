"""A list is read whole or refused in one line that says which line is wrong."""

from pathlib import Path

import pytest

from likeness.bench.presentation_list import (
    Presentation,
    find_recordings,
    read_presentations,
)
from likeness.errors import UsageError


def written(folder: Path, text: str) -> Path:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_a_list_is_read_whatever_wrote_it(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "\ufeffspecies,file,more,label\r\n"
        'print,"a, b.jpg",x,Attack\r\n'
        ",c.mp4,,BONA-FIDE\r\n"
        "web,d,,bona_fide\r\n"
        "screen,e,, spoof\r\n",
    )
    assert read_presentations(path) == [
        Presentation("a, b.jpg", "attack", "print"),
        Presentation("c.mp4", "live", ""),
        Presentation("d", "live", "web"),
        Presentation("e", "attack", "screen"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "its first line must name the columns file and label and species"),
        ("file,label\n", "its first line must name the columns species$"),
        ("file,label,species\n", "names no file; write lines of"),
        ("file,label,species\na,live,\nb,1,\n", "line 3: label is '1'; write live or"),
        ("file,label,species\na,impostor,\n", "line 2: label is 'impostor'"),
        ("file,label,species\n,live,\n", "line 2: file must name"),
        ("file,label,species\na\n", "line 2: label is ''"),
        ('file,label,species\n"a,live,\n', "is no CSV file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as fault:
        read_presentations(written(tmp_path, text))
    assert "\n" not in str(fault.value)


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_presentations(tmp_path / "none.csv")


def test_files_that_are_not_there_are_counted(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    there = Presentation("folder", "live", "")
    find_recordings([there], tmp_path)
    missing = [
        Presentation(name, "live", "") for name in ("gone.jpg", "nul\0l", "a" * 300)
    ]
    with pytest.raises(UsageError, match=r"gone\.jpg: no such .*3 of 4 are missing"):
        find_recordings([there, *missing], tmp_path)
