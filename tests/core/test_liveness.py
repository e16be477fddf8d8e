"""Blinks and turns, frame by frame, at the edges of what counts."""

from dataclasses import replace

import pytest

import visits as v
from likeness.core.head_moves import NodWatch, TurnWatch
from likeness.core.liveness import BlinkWatch, CloseWatch, Watch, watch
from likeness.core.profile import ActRules
from likeness.core.rest import Rest, rest_of
from likeness.core.vocabulary import Act, Face

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


def test_rest_is_taken_from_open_eyes_even_if_a_blink_falls_into_it() -> None:
    faces = [eyes(x) for x in (1, 1, 0.2, 0.2, 0.6, 1, 1, 1, 1, 1)]
    rest = rest_of(faces)
    assert rest is not None and rest.eye_left == pytest.approx(v.OPEN)
    assert rest_of(faces[:5]) is None


def test_coming_back_from_the_other_side_is_no_turn() -> None:
    aside = replace(REST, yaw_deg=-20.0)
    faces = turned(-20, -10, 0, 9, 13, 13, 13)
    assert answered_at(TurnWatch(aside, RULES, to_left=True), faces) is None
    faces = turned(-20, -10, 0, 15, 16, 17)
    assert answered_at(TurnWatch(aside, RULES, to_left=True), faces) == 5


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
    turning = TurnWatch(REST, RULES, to_left=True)
    assert answered_at(turning, anonymous(turned(0, 10, 16, 20, 22))) is None
    assert turning.wants_view
    assert turning.see(turned(22)[0], 1.0) and not turning.wants_view


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


def test_each_act_has_its_watch() -> None:
    for act in Act:
        moves = [replace(face, embedding=v.embedding(1)) for face in v.MOVES[act]]
        faces = [KNOWN, *moves]
        for other in Act:
            number = answered_at(watch(other, REST, RULES), faces)
            assert (number is not None) == (other is act)
