"""Visit files: what may stand in them, and the one line about what may not."""

from pathlib import Path

import pytest

from likeness.bench.visit_file import PlannedVisit, find
from likeness.core.vocabulary import Act, Purpose
from likeness.errors import ConfigError, UsageError

LEAST = 'visit = 1\nvideo = "clip.mp4"\n'
WHOLE = """
visit = 1
video = "../clips/clip.mp4"
start_s = 1
end_s = 12.5
fps = 25
purpose = "reverify_owner"
acts = ["blink", "turn_left", "turn_right", "blink"]
profile = "strict"
[card]
portrait = "card.jpg"
degrade = true
[expect]
label = "attack"
species = "replay_phone"
"""


def planned(folder: Path, text: str) -> PlannedVisit:
    """Read one file beside a good one, so that a bad one is a plan, not an error."""
    (folder / "a-good.toml").write_text(LEAST)
    (folder / "one.toml").write_text(text, encoding="utf-8")
    good, one = find([folder])
    assert good.problem == ""
    return one


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "card.jpg").write_bytes(b"")
    one = planned(tmp_path, WHOLE)
    file = one.file
    assert file is not None
    assert one.problem == ""
    assert one.id == "one"
    assert one.video == tmp_path / "../clips/clip.mp4"
    assert one.portrait == tmp_path / "card.jpg"
    assert (file.start_s, file.end_s, file.fps) == (1.0, 12.5, 25.0)
    assert file.purpose is Purpose.REVERIFY_OWNER
    assert file.acts == (Act.BLINK, Act.TURN_LEFT, Act.TURN_RIGHT, Act.BLINK)
    assert file.profile == "strict"
    assert file.card.degrade
    assert (file.expect.label, file.expect.species) == ("attack", "replay_phone")


def test_what_is_left_out_has_the_contracts_default(tmp_path: Path) -> None:
    one = planned(tmp_path, LEAST)
    file = one.file
    assert file is not None
    assert (file.start_s, file.end_s, file.fps, file.acts) == (0.0, None, None, None)
    assert file.purpose is Purpose.NEW_NUMBER
    assert file.profile == "standard"
    assert (one.portrait, file.card.degrade) == (None, False)
    assert (file.expect.label, file.expect.species) == ("", "")


def test_absolute_paths_stay(tmp_path: Path) -> None:
    (tmp_path / "card.png").write_bytes(b"")
    one = planned(
        tmp_path,
        f'visit = 1\nvideo = "/there/clip.mp4"\n'
        f'[card]\nportrait = "{tmp_path}/card.png"',
    )
    assert one.video == Path("/there/clip.mp4")
    assert one.portrait == tmp_path / "card.png"
    assert one.problem == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LEAST + "starts_s = 1", "unknown key 'starts_s'; the nearest known key is"
         " 'start_s'"),
        (LEAST + "[card]\npotrait = 'x'", "'card.potrait'; the nearest known key is"
         " 'portrait'"),
        (LEAST + "[expect]\nspecie = 'x'", "'expect.specie'; the nearest known key is"
         " 'species'"),
        ('video = "clip.mp4"', "visit"),
        ("visit = 1", "video"),
        ('visit = 2\nvideo = "clip.mp4"', "visit: "),
        ('visit = "1"\nvideo = "clip.mp4"', "visit: "),
        ("visit = 1\nvideo = 7", "video: expected str, got int"),
        (LEAST + 'start_s = "1"', "start_s: expected float, got str"),
        (LEAST + "start_s = -1", "start_s: expected float >= 0.0"),
        (LEAST + "start_s = nan", "start_s: expected float >= 0.0"),
        (LEAST + "end_s = true", "end_s: expected"),
        (LEAST + "start_s = 3\nend_s = 3", "end_s must be greater than start_s"),
        (LEAST + "fps = 0", "fps: expected float > 0"),
        (LEAST + "fps = 1e9", "fps: expected float <= 1000"),
        (LEAST + 'acts = "blink"', "acts: expected array | null, got str"),
        (LEAST + "acts = []", "acts: expected array of length >= 1"),
        (LEAST + 'acts = ["wink"]', "acts[0]: invalid enum value 'wink'"),
        (LEAST + 'purpose = "fun"', "purpose: invalid enum value 'fun'"),
        (LEAST + 'profile = "easy"', "profile: there is no profile 'easy'"),
        (LEAST + "card = 7", "card: expected object, got int"),
        (LEAST + "[card]\ndegrade = 1", "card.degrade: expected bool, got int"),
        (LEAST + '[card]\nportrait = "no.jpg"', "no.jpg does not exist"),
        (LEAST + '[card]\nportrait = "."', "does not exist"),
        (LEAST + '[expect]\nlabel = "friend"', "expect.label: invalid enum value"),
        ("visit = ", "not valid TOML"),
        ("x = " + "[" * 5000 + "]" * 5000, "not valid TOML: nested too deeply"),
        ("visit = " + "9" * 5000, "not valid TOML"),
        (LEAST + '[card]\nportrait = "a\\u0000b"', "a text holds a null character"),
        (LEAST + f'[card]\nportrait = "{"x" * 5000}"', "does not exist"),
        ("", "visit"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_line_that_names_file_and_fault(
    tmp_path: Path, text: str, says: str
) -> None:
    one = planned(tmp_path, text)
    assert says in one.problem
    assert str(tmp_path / "one.toml") in one.problem
    assert "\n" not in one.problem


def test_bytes_that_are_no_text_and_names_with_odd_signs(tmp_path: Path) -> None:
    (tmp_path / "a-good.toml").write_text(LEAST)
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "c.toml").mkdir()
    good, bad, folder = find([tmp_path])
    assert good.file is not None
    assert "not UTF-8" in bad.problem
    assert "Is a directory" in folder.problem


def test_a_folder_is_searched_below_and_ids_are_paths_without_suffix(
    tmp_path: Path,
) -> None:
    for name in ("b/two.toml", "b/10.1.toml", "a/deep/one.toml", "zero.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(LEAST)
    (tmp_path / "b/clip.mp4").write_bytes(b"")
    plans = find([tmp_path])
    assert [plan.id for plan in plans] == ["a/deep/one", "b/10.1", "b/two", "zero"]
    assert plans[0].video == tmp_path / "a/deep/clip.mp4"


def test_files_and_folders_are_taken_in_the_order_given(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    for name in ("b.toml", "z/a.toml"):
        (tmp_path / name).write_text(LEAST)
    plans = find([tmp_path / "z", tmp_path / "b.toml"])
    assert [plan.id for plan in plans] == ["a", "b"]


def test_a_path_that_is_not_there_or_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere: no such visit file or folder"):
        find([tmp_path / "nowhere"])
    with pytest.raises(UsageError, match=r"holds no visit file \(\*\.toml\)"):
        find([tmp_path])


def test_if_no_file_can_be_used_the_first_fault_is_the_error(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("visit = 3")
    (tmp_path / "b.toml").write_text("")
    with pytest.raises(ConfigError, match=r"a\.toml"):
        find([tmp_path])


def test_a_folder_may_bring_its_times(tmp_path: Path) -> None:
    (tmp_path / "times.txt").write_text("0\n")
    one = planned(tmp_path, 'visit = 1\nvideo = "frames"\ntimes = "times.txt"\n')
    assert (one.problem, one.times) == ("", tmp_path / "times.txt")


@pytest.mark.parametrize(
    ("more", "said"),
    [('times = "none.txt"', "times"), ('times = "times.txt"\nfps = 25', "not both")],
)
def test_times_that_cannot_be_meant(tmp_path: Path, more: str, said: str) -> None:
    (tmp_path / "times.txt").write_text("0\n")
    one = planned(tmp_path, f'visit = 1\nvideo = "frames"\n{more}\n')
    assert said in one.problem
