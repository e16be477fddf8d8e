"""Blinks and turns, frame by frame, at the edges of what counts."""

from dataclasses import replace

import pytest

import visits as v
from likeness.core.liveness import BlinkWatch, CloseWatch, Watch, watch
from likeness.core.profile import ActRules
from likeness.core.rest import Rest
from likeness.core.seen import Face
from likeness.core.vocabulary import Act

RULES = ActRules()
REST = Rest(v.OPEN, v.OPEN, 0.0, 0.0)
KNOWN = replace(v.STILL, embedding=v.embedding(1))


def eyes(left: float, right: float | None = None) -> Face:
    return replace(
        KNOWN,
        eye_left=left * v.OPEN,
        eye_right=(left if right is None else right) * v.OPEN,
    )


def answered_at(watching: Watch, faces: list[Face]) -> int | None:
    """Return the frame that completed the act, at 30 frames/s."""
    for number, face in enumerate(faces):
        if watching.see(face, number / 30):
            return number
    return None


@pytest.mark.parametrize(
    ("openness", "frame"),
    [
        ([1, 0.6, 0.2, 0.2, 1], 4),
        ([1, 1, 0.2, 0.7, 1], 3),  # one sample shut: 33 ms, the shortest that shows
        ([1, 0.9, 0.6, 0.5, 0.5, 0.9], 5),  # narrow eyes do not shut to nothing
        ([1, 1, 0.2, 0.2, 0.7, 0.7], 4),  # and need not open wide again at once
        ([0.2, 0.2, 1, 1, 1], None),  # shut before the prompt
        ([1, 1, 0.77, 0.77, 1, 1], None),  # a squint
        ([1, *[0.2] * 40, 1], None),  # a nap of 1.3 s
        ([1, *[0.2] * 25, 0.7], 26),  # a slow blink of 0.8 s
    ],
)
def test_blink(openness: list[float], frame: int | None) -> None:
    faces = [eyes(value) for value in openness]
    assert answered_at(BlinkWatch(REST, RULES), faces) == frame


def test_a_wink_is_no_blink() -> None:
    faces = [eyes(1), eyes(0.1, 0.95), eyes(0.1, 0.95), eyes(1)]
    assert answered_at(BlinkWatch(REST, RULES), faces) is None


def test_after_a_nap_a_blink_still_counts() -> None:
    faces = [eyes(x) for x in [1, *[0.2] * 40, 1, 1, 0.2, 0.2, 0.7]]
    assert answered_at(BlinkWatch(REST, RULES), faces) == 45


@pytest.mark.parametrize("shut", [1, 2, 3, 8])
def test_two_pictures_exchanged_are_no_blink(shut: int) -> None:
    cut = [1.0] * 10 + [0.3] * shut + [1.0] * 10
    assert answered_at(BlinkWatch(REST, RULES), [eyes(x) for x in cut]) is None
    noisy = [x * (1 + 0.04 * (-1) ** n) for n, x in enumerate(cut)]
    assert answered_at(BlinkWatch(REST, RULES), [eyes(x) for x in noisy]) is None


@pytest.mark.parametrize(
    ("open_line", "shut_line", "counts"),
    [
        (0.45, 0.50, True),
        (0.45, 0.25, True),  # a dim picture
        (0.45, 0.15, False),  # plain: a strip of paper
        (1.10, 0.40, False),  # dark irises, and no lashes
        (1.10, 0.60, True),
        (None, None, True),  # not measured
    ],
)
def test_shut_eyes_show_their_lashes(
    open_line: float | None, shut_line: float | None, *, counts: bool
) -> None:
    def lines(openness: float) -> Face:
        line = shut_line if openness < 0.4 else open_line
        now_and_then = None if openness == 0.25 else line  # as it is measured
        return replace(eyes(openness), lid_line=now_and_then)

    faces = [lines(x) for x in (1, 1, 0.6, 0.25, 0.28, 0.25, 0.6, 1)]
    assert (answered_at(BlinkWatch(REST, RULES), faces) is not None) == counts
    faces = [lines(x) for x in (1, 1, 0.6, *[0.2] * 30, 0.6, 1)]
    assert (answered_at(CloseWatch(REST, RULES), faces) is not None) == counts


def test_a_squint_long_before_is_not_the_way_of_the_lids() -> None:
    faces = [eyes(x) for x in (0.8, 1, 1, 1, 1, 1, 1, 1, 0.2, 0.2, 1, 1)]
    assert answered_at(BlinkWatch(REST, RULES), faces) is None


@pytest.mark.parametrize(
    ("shut_frames", "blink", "closed"),
    [
        (4, True, False),
        (15, True, False),
        (25, True, True),  # 0.8 s: whichever was asked
        (60, False, True),
        (115, False, True),
        (130, False, False),  # fallen asleep
    ],
)
def test_a_closure_is_held_and_a_blink_is_not(
    shut_frames: int, *, blink: bool, closed: bool
) -> None:
    faces = [eyes(x) for x in [1, 1, 0.6, *[0.2] * shut_frames, 0.7, 1]]
    assert (answered_at(BlinkWatch(REST, RULES), faces) is not None) == blink
    assert (answered_at(CloseWatch(REST, RULES), faces) is not None) == closed


def test_a_held_closure_needs_both_eyes_and_a_head_that_stays() -> None:
    wink = [eyes(1), eyes(0.6, 0.95), *[eyes(0.1, 0.95)] * 30, eyes(0.7, 0.95)]
    assert answered_at(CloseWatch(REST, RULES), wink) is None
    shut = eyes(0.2)
    tipped = replace(shut, pitch_deg=-40.0)
    faces = [eyes(1), eyes(0.6), *[shut] * 10, *[tipped] * 20, eyes(0.7), eyes(1)]
    assert answered_at(CloseWatch(REST, RULES), faces) is None


def test_eyes_that_open_wider_than_at_rest_raise_the_level() -> None:
    wide = [eyes(1.5)] * 20
    half = [eyes(0.77)] * 3  # of the wide level this is about a half
    back = [eyes(1.2), eyes(1.5)]
    assert answered_at(BlinkWatch(REST, RULES), [*wide, *half, *back]) == 23
    assert answered_at(BlinkWatch(REST, RULES), [eyes(1), *half, *back]) is None


def test_a_gap_in_the_frames_leaves_nothing_to_compare_with() -> None:
    watching = BlinkWatch(REST, RULES)
    frames = [(0.0, 1.0), (0.03, 1.0), (2.0, 0.2), (2.03, 0.2), (2.06, 1.0)]
    assert not any(watching.see(eyes(open_), at) for at, open_ in frames)


def test_a_tipped_picture_does_not_blink() -> None:
    shut = eyes(0.2)
    tipped = replace(shut, pitch_deg=-40.0)
    low = replace(shut, box=replace(shut.box, height=shut.box.height * 0.8))
    swung = replace(shut, yaw_deg=30.0)
    for wrong in (tipped, low, swung):
        faces = [eyes(1), eyes(0.9), wrong, wrong, eyes(0.6), eyes(1)]
        assert answered_at(BlinkWatch(REST, RULES), faces) is None
        faces = [eyes(1), eyes(0.9), shut, wrong, eyes(0.6), eyes(1)]
        assert answered_at(BlinkWatch(REST, RULES), faces) is None


def test_an_act_counts_only_once_its_face_is_known() -> None:
    def anonymous(faces: list[Face]) -> list[Face]:
        return [replace(face, embedding=None) for face in faces]

    blink = [eyes(x) for x in (1, 0.7, 0.2, 0.2, 1, 1, 1)]
    watching = BlinkWatch(REST, RULES)
    assert answered_at(watching, anonymous(blink)) is None and watching.wants_view
    assert watching.see(eyes(1), 1.0)


def test_each_act_has_its_watch() -> None:
    for act in Act:
        moves = [replace(face, embedding=v.embedding(1)) for face in v.MOVES[act]]
        faces = [KNOWN, *moves]
        for other in Act:
            number = answered_at(watch(other, REST, RULES), faces)
            assert (number is not None) == (other is act)
