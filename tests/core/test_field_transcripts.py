"""Transcripts of visits in the field play to the same end: each file is a test.

A file that is dropped into tests/field is played as it is. If a rule is changed on
purpose so that a visit now ends otherwise, look at it with `likeness diagnostics
replay`, and say in the commit why that is right.
"""

from pathlib import Path

import pytest

from likeness.core.transcript_doubts import doubts
from likeness.core.transcript_replay import parse, replay

FOLDER = Path(__file__).parent.parent / "field"
FILES = sorted(FOLDER.glob("*.jsonl"))


def test_there_are_some() -> None:
    assert {"accepted", "camera_lost", "not_same_person"} <= {f.stem for f in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_visit_of_the_field_goes_as_it_went(file: Path) -> None:
    head, lines = parse(file.read_bytes())
    steps = list(replay(head, lines))
    assert any(step.played for step in steps)
    for step in steps:
        assert not step.differs, f"{file.name}, line {step.number}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nobody_is_in_it(file: Path) -> None:
    _, lines = parse(file.read_bytes())
    assert list(doubts(lines)) == []
