"""What the pages on security and privacy point at is there."""

import re

import pytest

import lock_file

PAGES = ("daemon/SECURITY.md", "daemon/PRIVACY.md")
PATH = re.compile(r"`((?:daemon|models|systemd|tests)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES)
def test_each_file_named_as_a_proof_is_there(page: str) -> None:
    text = (lock_file.ROOT / page).read_text(encoding="utf-8")
    named = set(PATH.findall(text))
    assert len(named) > 10
    missing = {name for name in named if not (lock_file.ROOT / name).exists()}
    assert not missing


def test_each_accepted_hole_is_confessed() -> None:
    text = (lock_file.ROOT / "daemon/SECURITY.md").read_text(encoding="utf-8")
    rules = (lock_file.HERE / "supply.toml").read_text(encoding="utf-8")
    accepted = rules.partition("[[accepted]]")[2]
    for hole in re.findall(r'hole = "([^"]+)"', accepted):
        assert hole in text
