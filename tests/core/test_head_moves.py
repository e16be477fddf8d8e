"""Turns and nods, frame by frame, at the edges of what counts."""

from dataclasses import replace

import pytest

import visits as v
from likeness.core.head_moves import NodWatch, TurnWatch
from likeness.core.profile import ActRules
from likeness.core.rest import Rest
from likeness.core.seen import Face

RULES = ActRules()
REST = Rest(v.OPEN, v.OPEN, 0.0, 0.0)
KNOWN = replace(v.STILL, embedding=v.embedding(1))


def answered_at(watching: TurnWatch | NodWatch, faces: list[Face]) -> int | None:
    """Return the frame that completed the act, at 30 frames/s."""
    for number, face in enumerate(faces):
        if watching.see(face, number / 30):
            return number
    return None


def turned(*degrees: float) -> list[Face]:
    return [replace(KNOWN, yaw_deg=d) for d in degrees]


@pytest.mark.parametrize(
    ("yaw", "left", "right"),
    [
        ((0, 10, 16, 20, 22), 4, None),
        ((0, -10, -16, -20, -22), None, 4),
        ((0, 16, 0, 16, 0), None, None),  # single wild frames
        ((20, 20, 20, 20), None, None),  # turned before the prompt
        ((20, 20, 8, 16, 18, 19), 5, None),  # back near the rest, then again
        ((0, 11, 11, 11, 11), None, None),
        # Asked while still turned to the other side: passing the front is enough.
        ((-25, -14, -2, 15, 16, 18), 5, None),
        # Asked for the same side again: first back near the front, not quite to it.
        ((25, 15, 11, 15, 25, 25), None, None),
        ((25, 15, 8, 15, 25, 25), 5, None),
    ],
)
def test_turn(yaw: tuple[float, ...], left: int | None, right: int | None) -> None:
    assert answered_at(TurnWatch(REST, RULES, to_left=True), turned(*yaw)) == left
    assert answered_at(TurnWatch(REST, RULES, to_left=False), turned(*yaw)) == right


def test_a_turn_is_measured_from_this_persons_rest() -> None:
    aslant = replace(REST, yaw_deg=12.0)
    faces = turned(12, 20, 20, 20)
    assert answered_at(TurnWatch(aslant, RULES, to_left=True), faces) is None
    faces = turned(12, 28, 28, 28)
    assert answered_at(TurnWatch(aslant, RULES, to_left=True), faces) == 3


def test_coming_back_from_the_other_side_is_no_turn() -> None:
    aside = replace(REST, yaw_deg=-20.0)
    faces = turned(-20, -10, 0, 9, 13, 13, 13)
    assert answered_at(TurnWatch(aside, RULES, to_left=True), faces) is None
    faces = turned(-20, -10, 0, 15, 16, 17)
    assert answered_at(TurnWatch(aside, RULES, to_left=True), faces) == 5


def nodding(*degrees: float, yaw: float = 0.0) -> list[Face]:
    """Ten frames a second, so that a nod is held for four of them."""
    return [replace(KNOWN, pitch_deg=d, yaw_deg=yaw) for d in degrees for _ in range(3)]


@pytest.mark.parametrize(
    ("pitch", "up", "down"),
    [
        ((0, 8, 16, 20, 20, 20), True, False),
        ((0, -8, -16, -20, -20, -20), False, True),
        ((0, 14, 14, 14, 14, 14), False, False),  # people who talk
        ((0, 20, 20, 0, 20, 20), False, False),  # not held
        ((20, 20, 20, 20, 20, 20), False, False),  # before the prompt
        ((20, 20, 8, 18, 18, 18, 18), True, False),  # back near the rest, then again
        ((-20, -2, 16, 18, 18, 18), True, False),
    ],
)
def test_nod(pitch: tuple[float, ...], *, up: bool, down: bool) -> None:
    for aslant in (0.0, -9.0):  # how the camera hangs adds to each pitch
        rest = replace(REST, pitch_deg=aslant)
        faces = nodding(*(aslant + one for one in pitch))
        found = answered_at(NodWatch(rest, RULES, up=True), faces) is not None
        assert found == up
        found = answered_at(NodWatch(rest, RULES, up=False), faces) is not None
        assert found == down


def test_a_head_that_turns_aside_does_not_nod() -> None:
    faces = [*nodding(0), *nodding(18, 18, 18, 18, yaw=15.0)]
    assert answered_at(NodWatch(REST, RULES, up=True), faces) is None
    aside = replace(REST, yaw_deg=12.0)
    assert answered_at(NodWatch(aside, RULES, up=True), faces) is not None


def test_a_nod_counts_only_once_its_face_is_known() -> None:
    faces = nodding(0, 8, 18, 18, 18, 18)
    watching = NodWatch(REST, RULES, up=True)
    anonymous = [replace(face, embedding=None) for face in faces]
    assert answered_at(watching, anonymous) is None and watching.wants_view
    assert watching.see(faces[-1], 1.0)


def test_a_turn_counts_only_once_its_face_is_known() -> None:
    faces = turned(0, 10, 16, 20, 22)
    watching = TurnWatch(REST, RULES, to_left=True)
    anonymous = [replace(face, embedding=None) for face in faces]
    assert answered_at(watching, anonymous) is None and watching.wants_view
    assert watching.see(faces[-1], 1.0) and not watching.wants_view
