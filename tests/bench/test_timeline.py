"""Where things stand in the drawing of a visit: on the same line of time, in bounds."""

import re

from likeness.bench.timeline import HEAD, LANE, LEFT, RIGHT, WIDTH, Drawing, lay_out
from replay_lines import MISSED, line, track

SPAN = WIDTH - LEFT - RIGHT


def drawn(**changes: object) -> Drawing:
    drawing = lay_out(line(verdict_ms=120, acts=[]), track("a", **changes))
    assert drawing is not None
    return drawing


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_without_a_frame_there_is_no_drawing() -> None:
    empty = track("a", ms=[], faces=[], eyes=[], yaw=[], passive=[], depth=[])
    assert lay_out(line(), empty) is None


def test_only_what_was_measured_has_a_lane() -> None:
    assert [lane.name for lane in drawn().lanes] == ["eyes", "yaw °"]
    passive = drawn(passive=[0.5, None, None, None]).lanes
    assert [lane.name for lane in passive] == ["eyes", "yaw °", "passive"]
    sparse = drawn(passive=[0.5, None, None, 1.0]).lanes[2]
    assert len(points(sparse.path)) == 2
    assert sparse.path.count("M") == 1  # joined
    depth = drawn(depth=[None, 0.5, None, 2.0]).lanes
    assert [lane.name for lane in depth] == ["eyes", "yaw °", "depth"]
    # Deeper than the scale is at its edge.
    assert points(depth[2].path)[1][1] == depth[2].top


def test_values_stand_at_their_time_within_their_lane() -> None:
    yaw = drawn().lanes[1]
    (first, second, last) = points(yaw.path)
    assert [first[0], second[0], last[0]] == [
        LEFT, round(LEFT + SPAN / 3, 1), WIDTH - RIGHT,
    ]  # fmt: skip
    assert first[1] == yaw.top + LANE / 2  # 0 degrees: the middle
    assert second[1] < first[1]  # to the person's left: up
    assert last[1] == yaw.top + LANE  # -30 is more than the usual scale
    assert yaw.path.count("M") == 2  # nothing joins over the frame without a face


def test_a_lone_value_is_seen() -> None:
    assert drawn().lanes[0].path.count("h2") == 2


def test_prompts_reach_to_their_answer_or_to_the_end() -> None:
    answered = {"act": "blink", "asked_ms": 30, "answered_ms": 60, "passed": True}
    missed = {**MISSED, "asked_ms": 90}
    drawing = lay_out(line(verdict_ms=120, acts=[answered, missed]), track())
    assert drawing is not None
    blink, turn = drawing.prompts
    assert (blink.kind, blink.x, blink.width) == ("passed", LEFT + SPAN / 4, SPAN / 4)
    assert (turn.kind, turn.x, turn.width) == ("missed", LEFT + SPAN * 0.75, SPAN / 4)
    assert drawing.verdict_x == WIDTH - RIGHT


def test_frames_without_one_face_are_marked() -> None:
    nobody, crowd = drawn(faces=[1, 0, 0, 3]).breaks
    assert (nobody.kind, nobody.x) == ("faceless", round(LEFT + SPAN / 3, 1))
    assert abs(nobody.width - SPAN * 2 / 3) < 0.2
    assert (crowd.kind, crowd.x, crowd.width) == ("crowd", WIDTH - RIGHT, 1.5)
    assert drawn(faces=[1, 1, 1, 1]).breaks == ()


def test_ticks_are_few_and_within_the_drawing() -> None:
    minute = track("a", ms=[0, 20_000, 40_000, 61_000])
    drawing = lay_out(line(verdict_ms=None), minute)
    assert drawing is not None
    assert drawing.verdict_x is None
    assert [text for _, text in drawing.ticks][:2] == ["0 s", "5 s"]
    assert all(LEFT <= x <= WIDTH - RIGHT for x, _ in drawing.ticks)
    assert drawing.bottom > HEAD + 2 * LANE
    assert drawing.height > drawing.bottom
