"""The locks say what setup.cfg asks for; one that does not is noticed."""

import configparser
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import lock_file
from lock_file import LockError, Pin

PYTHONS = ("3.11", "3.12", "3.13")
CLICK = Pin("click", "8.5.1", "BSD-3-Clause", (), ("ab" * 32,))
CRYPTOGRAPHY = Pin("cryptography", "50.0.2", "MIT", ("cffi",), ("cd" * 32, "12" * 32))


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("role", lock_file.ROLES)
def test_each_lock_holds_what_its_role_asks_for(role: str, python: str) -> None:
    pins = lock_file.read(lock_file.path_of(role, python))
    assert lock_file.disagreements(pins, lock_file.wanted(role), python) == []


@pytest.mark.parametrize("python", PYTHONS)
def test_what_a_pin_needs_is_pinned_in_the_same_lock(python: str) -> None:
    for role in lock_file.ROLES:
        pins = lock_file.read(lock_file.path_of(role, python))
        names = {pin.name for pin in pins}
        assert {need for pin in pins for need in pin.needs} <= names


@pytest.mark.parametrize("python", PYTHONS)
def test_the_roles_of_one_python_agree_on_versions(python: str) -> None:
    known: dict[str, Pin] = {}
    for role in lock_file.ROLES:
        for pin in lock_file.read(lock_file.path_of(role, python)):
            assert known.setdefault(pin.name, pin) == pin


def test_every_extra_belongs_to_a_role_or_to_the_system() -> None:
    setup = configparser.ConfigParser()
    setup.read(lock_file.ROOT / "setup.cfg", encoding="utf-8")
    locked = {extra for extras in lock_file.ROLES.values() for extra in extras}
    assert set(setup["options.extras_require"]) == locked | lock_file.SYSTEM_EXTRAS


def test_there_is_no_lock_that_nobody_checks() -> None:
    expected = {
        lock_file.path_of(role, python).name
        for role in lock_file.ROLES
        for python in PYTHONS
    }
    assert {path.name for path in lock_file.LOCKS.iterdir()} == expected


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("rich >= 13", "rich is not locked"),
        ("click >= 9", "click is locked at 8.5.1, setup.cfg asks for >=9"),
        ("Click == 8.4", "Click is locked at 8.5.1"),
    ],
)
def test_a_lock_behind_setup_cfg_is_noticed(asked: str, said: str) -> None:
    (line,) = lock_file.disagreements([CLICK], [Requirement(asked)], "3.11")
    assert said in line
    assert "make lock" in line


def test_a_requirement_of_another_python_is_not_asked_for() -> None:
    other = [Requirement('numpy >= 2; python_version >= "3.12"')]
    assert lock_file.disagreements([CLICK], other, "3.11") == []
    assert lock_file.disagreements([CLICK], other, "3.12") != []


def test_what_is_written_is_read_again() -> None:
    pins = [CRYPTOGRAPHY, CLICK]
    text = lock_file.render(pins, "terminal", "3.11")
    sorted_digests = tuple(sorted(CRYPTOGRAPHY.digests))
    assert lock_file.parse(text) == [
        CLICK,
        replace(CRYPTOGRAPHY, digests=sorted_digests),
    ]
    assert text == lock_file.render(pins[::-1], "terminal", "3.11")


@pytest.mark.parametrize(
    "text",
    [
        "# licence: MIT\nclick==8.5.1 \\\n",
        f"click==8.5.1 \\\n    --hash=sha256:{'ab' * 32}\n",
        f"# licence: MIT\nclick>=8.5.1 \\\n    --hash=sha256:{'ab' * 32}\n",
        "# licence: MIT\nclick==8.5.1 \\\n    --hash=sha256:abcd\n",
        "--extra-index-url somewhere\n",
    ],
)
def test_a_line_that_would_loosen_the_lock_is_refused(text: str) -> None:
    with pytest.raises(LockError):
        lock_file.parse(text)


def test_a_missing_lock_says_how_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="make lock"):
        lock_file.read(lock_file.path_of("terminal", "3.14", tmp_path))
