from pathlib import Path

import pytest

from likeness.bench.pair_list import (
    Identities,
    Pair,
    find_pictures,
    identities_of,
    read_lists,
    read_pairs,
)
from likeness.errors import UsageError


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "pairs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    path = written(tmp_path, "fold,same,b,a\n1,1,y.jpg,x.jpg\n2,0,z.jpg,x.jpg\n")

    assert read_pairs(path) == [
        Pair("x.jpg", "y.jpg", same=True),
        Pair("x.jpg", "z.jpg", same=False),
    ]


def test_what_spreadsheets_and_old_disks_write_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, b'\xef\xbb\xbfa,b,same\r\n"x,1.jpg",caf\xe9.jpg,TRUE\r\n')

    assert read_pairs(path) == [Pair("x,1.jpg", "caf\udce9.jpg", same=True)]


def test_groups_and_identities_are_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a,b,same,group,identity_a,identity_b\n1.jpg,2.jpg,0,east,ann,bea\n",
    )

    (pair,) = read_pairs(path, "columns")

    assert pair == Pair("1.jpg", "2.jpg", False, "east", "ann", "bea")
    assert identities_of([pair]) == {"1.jpg": "ann", "2.jpg": "bea"}
    assert read_pairs(path) == [Pair("1.jpg", "2.jpg", same=False, group="east")]


def test_a_folder_names_who_is_in_it(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b,same\nx/ann/1.jpg,y/ann/2.jpg,1\n")

    assert read_pairs(path, "folder")[0].identity_a == "ann"


@pytest.mark.parametrize(
    ("text", "identities", "said"),
    [
        ("", None, "must name the columns a and b and same"),
        ("a,b\n1,2\n", None, "must name the columns same"),
        ("a,b,same\n", None, "names no pair"),
        ("a,b,same\n1,2,1\n1,2,maybe\n", None, "line 3: same is 'maybe'; write 1 or 0"),
        ("a,b,same\n1,,1\n", None, "line 2: a and b must each name a picture"),
        ("a,b,same\n1\n", None, "line 2: a and b must each name a picture"),
        ('a,b,same\n"1', None, "is no CSV file"),
        ("a,b,same\n1,2,1\n", "columns", "identity_b, or give --identity folder"),
        ("a,b,same\n1,2,1\n", "folder", "line 2: it does not say who"),
        ("a,b,same\nx/1,y/2,1\n", "folder", "line 2: same is 1, but the identities"),
        ("a,b,same\nx/1,x/2,0\n", "folder", "line 2: same is 0, but the identities"),
        (
            "a,b,same,identity_a,identity_b\n1,2,1,x,x\n1,3,0,y,z\n",
            "columns",
            "line 3: 1 is y here, x further up",
        ),
    ],
)
def test_a_list_that_cannot_be_used_is_named_in_one_line(
    tmp_path: Path, text: str, identities: Identities | None, said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        read_pairs(written(tmp_path, text), identities)

    assert said in str(refused.value)
    assert str(tmp_path / "pairs.csv") in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.csv: No such file"):
        read_pairs(tmp_path / "none.csv")


def test_pictures_must_be_there_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").touch()
    here = Pair("1.jpg", str(tmp_path / "1.jpg"), same=True)
    find_pictures([here], tmp_path)

    with pytest.raises(UsageError, match=r"2\.jpg: no such picture \(2 of 3 are miss"):
        find_pictures(
            [Pair("1.jpg", "2.jpg", True), Pair("a\0", "1.jpg", True)], tmp_path
        )
    with pytest.raises(UsageError, match="no such picture"):
        find_pictures([Pair("a" * 300, "1.jpg", True)], tmp_path)


def test_each_of_several_lists_is_a_group_unless_it_names_groups(
    tmp_path: Path,
) -> None:
    one, two = tmp_path / "west.csv", tmp_path / "rest.csv"
    one.write_text("a,b,same\nx.jpg,y.jpg,1\n")
    two.write_text("a,b,same,group\nx.jpg,z.jpg,0,east\n")
    assert [pair.group for pair in read_lists([one, two])] == ["west", "east"]
    assert [pair.group for pair in read_lists([one])] == [""]
