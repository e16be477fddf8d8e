from pathlib import Path

import pytest

from likeness.bench.pair_list import read_pairs
from likeness.bench.session_pairs import PARTNERS, session_pairs, write
from likeness.errors import UsageError


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """One person of two sessions, one of a single one."""
    for name in (
        *("day/1/1_a_1.jpg", "day/1/1_a_2.jpg", "day/1/1_b_1.jpg", "day/1/1_b_2.jpg"),
        *("more/2/2_a_1.png", "more/2/notes.txt"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_pictures_meet_those_of_other_sessions_only(people: Path) -> None:
    pairs = session_pairs(people, ["day", "more"])

    first = [pair for pair in pairs if pair[0].startswith("day")]
    assert len(first) == 4 * PARTNERS
    for a, b, same in first:
        assert same
        assert a.split("/")[1] == b.split("/")[1]
        assert a.split("_")[1] != b.split("_")[1]
    assert len({b for a, b, _ in first if a == "day/1/1_a_1.jpg"}) == 2


def test_who_came_once_is_listed_for_the_impostors(people: Path) -> None:
    once = [p for p in session_pairs(people, ["more", "day"]) if "/2/" in p[0]]
    assert once == [("more/2/2_a_1.png", "day/1/1_a_1.jpg", 0)]
    assert session_pairs(people, ["more"]) == []  # there is nobody to meet


def test_the_list_is_read_by_the_measurement(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.csv"
    write(session_pairs(people, ["day"]), out)
    pairs = read_pairs(out, "folder")
    assert all(pair.same and pair.identity_a == "1" for pair in pairs)


def test_a_folder_without_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no pictures in folders of people below x"):
        session_pairs(tmp_path, ["x"])
    with pytest.raises(UsageError, match="cannot be written"):
        write([], tmp_path)
