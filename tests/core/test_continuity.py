"""What breaks the sequence of one face, and what must not."""

import math
from dataclasses import replace

import pytest

import visits as v
from likeness.core.continuity import Continuity
from likeness.core.seen import Face, Observation
from likeness.core.vocabulary import Reason


def breaks(frames: list[Observation]) -> list[Reason]:
    continuity = Continuity(same_face_score=0.4, turned_face_score=0.25)
    return [why for why in map(continuity.see, frames) if why is not None]


def moved(x: float = 0.0, scale: float = 1.0) -> Face:
    box = v.STILL.box
    return replace(
        v.STILL,
        box=replace(box, x=box.x + x, width=box.width * scale, height=box.height),
    )


def test_a_quiet_visitor_breaks_nothing() -> None:
    assert breaks(list(v.Visitor().still(3))) == []


@pytest.mark.parametrize(("gap", "broken"), [(6, False), (20, True)])
def test_a_face_may_be_hidden_for_a_moment_only(gap: int, broken: bool) -> None:
    visitor = v.Visitor()
    frames = [visitor.frame(), *(visitor.frame(None) for _ in range(gap))]
    assert (Reason.FACE_LOST in breaks(frames)) == broken


@pytest.mark.parametrize(("frames", "broken"), [(6, False), (20, True)])
def test_a_second_face_must_be_more_than_a_flicker(frames: int, broken: bool) -> None:
    visitor = v.Visitor()
    seen = [visitor.frame(faces=2) for _ in range(frames)]
    assert (Reason.SECOND_FACE in breaks([visitor.frame(), *seen])) == broken


@pytest.mark.parametrize(
    ("face", "broken"),
    [
        (moved(x=60), False),
        (moved(x=200), True),
        (moved(scale=1.2), False),
        (moved(scale=1.8), True),
    ],
)
def test_a_jump_cut_is_a_leap_within_one_frame(face: Face, broken: bool) -> None:
    visitor = v.Visitor()
    jumps = breaks([visitor.frame(), visitor.frame(face)])
    assert (jumps == [Reason.PICTURE_JUMPED]) == broken


def test_after_a_gap_the_face_may_be_elsewhere() -> None:
    visitor = v.Visitor()
    first = visitor.frame()
    visitor.now += 0.2
    assert breaks([first, visitor.frame(moved(x=200))]) == []


@pytest.mark.parametrize(("gap_s", "wanted"), [(0.3, False), (1.4, True)])
def test_after_a_gap_in_the_pictures_it_is_seen_at_once_who_is_there(
    gap_s: float, wanted: bool
) -> None:
    def unknown() -> Observation:
        return replace(visitor.frame(), face=replace(v.STILL, embedding=None))

    visitor = v.Visitor()
    continuity = Continuity(same_face_score=0.4, turned_face_score=0.25)
    continuity.see(visitor.frame())
    continuity.see(unknown())
    visitor.now += gap_s  # a camera that stalls is given up only after 1.5 or 2 s
    continuity.see(unknown())
    assert continuity.wants_view == wanted
    continuity.see(visitor.frame())
    assert not continuity.wants_view


def test_a_turned_face_is_held_to_less_and_not_taken_for_a_first_view() -> None:
    def seen_at(yaw: float, cosine: float, visitor: v.Visitor) -> Observation:
        other = tuple(
            cosine * a + (1 - cosine**2) ** 0.5 * b
            for a, b in zip(v.embedding(1), v.embedding(2), strict=True)
        )
        face = replace(v.STILL, yaw_deg=yaw, embedding=other)
        return replace(visitor.frame(), face=face)

    for yaw, cosine, broken in ((40, 0.3, False), (40, 0.2, True), (5, 0.3, True)):
        visitor = v.Visitor()
        frames = [visitor.frame(), seen_at(yaw, cosine, visitor)]
        assert (breaks(frames) == [Reason.FACE_CHANGED]) == broken


def test_another_person_is_noticed_with_the_first_embedding() -> None:
    visitor = v.Visitor()
    frames = [visitor.frame() for _ in range(3)]
    visitor.person = 2
    assert breaks([*frames, visitor.frame()]) == [Reason.FACE_CHANGED]


@pytest.mark.parametrize(
    ("change", "broken"), [(None, False), (0.24, False), (0.5, True)]
)
def test_another_face_at_the_same_place_is_a_jump(
    change: float | None, broken: bool
) -> None:
    visitor = v.Visitor()
    cut = visitor.frame(), visitor.frame(replace(v.STILL, change=change))
    assert (breaks(list(cut)) == [Reason.PICTURE_JUMPED]) == broken


def test_after_a_gap_a_face_may_look_otherwise() -> None:
    visitor = v.Visitor()
    first = visitor.frame()
    visitor.now += 0.05  # one frame was dropped
    assert breaks([first, visitor.frame(replace(v.STILL, change=0.9))]) == []


def test_an_odd_change_asks_who_it_is_until_it_is_seen() -> None:
    def unknown(change: float) -> Observation:
        face = replace(v.STILL, change=change)
        return replace(visitor.frame(), face=face)

    visitor = v.Visitor()
    continuity = Continuity(same_face_score=0.4, turned_face_score=0.25)
    asked = []
    for seen in (unknown(0.02), unknown(0.2), unknown(0.02), visitor.frame()):
        continuity.see(seen)
        asked.append(continuity.wants_view)
    assert asked == [False, True, True, False]


def test_a_face_that_is_changed_little_by_little_is_noticed() -> None:
    def between(share: float) -> Observation:
        angle = share * math.pi / 2
        view = tuple(
            math.cos(angle) * a + math.sin(angle) * b
            for a, b in zip(v.embedding(1), v.embedding(2), strict=True)
        )
        return replace(visitor.frame(), face=replace(v.STILL, embedding=view))

    visitor = v.Visitor()
    steps = [between(0)] * 5 + [between(n / 20) for n in range(21)]
    found = breaks(steps)
    assert Reason.FACE_CHANGED in found
    # Back to the first one in a single step: near the first, far from the last.
    visitor = v.Visitor()
    steps = [between(0)] * 5 + [between(n / 20) for n in range(14)] + [between(-0.1)]
    assert breaks(steps) == [Reason.FACE_CHANGED]


def test_a_frozen_picture_breaks_the_sequence() -> None:
    visitor = v.Visitor()
    held = [replace(visitor.frame(), digest=7) for _ in range(15)]
    assert breaks(held)[:1] == [Reason.PICTURE_FROZEN]
