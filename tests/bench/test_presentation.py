"""Scoring pictures and clips: what is looked at, how frames are fused, what is kept.

Vision is replaced by a looker that takes the mean of a picture for its score.
"""

import itertools
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clips import STEP, write_clip
from likeness.bench.presentation import (
    NO_FACE,
    NOT_JUDGED,
    Scored,
    ScoreFile,
    Scorer,
    score_each,
    spread,
)
from likeness.bench.presentation_list import Presentation
from likeness.core.profile import TextureRules
from likeness.core.seen import EmbedWhen, Observation
from likeness.vision.detect import Picture
from likeness.vision.look import Looker
from likeness.vision.stills import MAX_STILL_PX
from visits import STILL

RULES = TextureRules(scores_at_least=4)
DARK = 10  # mean below which nothing can be judged


class GreyLooker(Looker):
    """Sees a face in every picture that is at least so wide and not black."""

    def __init__(self, least_px: int = 0) -> None:
        self.least_px = least_px
        self.seen: list[tuple[int, int]] = []
        self.times: list[float] = []

    def forget(self) -> None:
        self.times = []

    def look(
        self,
        image: Picture,
        *,
        captured_s: float,
        frame: int,
        embed: EmbedWhen | None = None,
        eyes: bool = True,
        passive: bool = False,
        **_: bool,
    ) -> Observation:
        self.times.append(captured_s)
        assert not eyes  # not needed, so not paid for
        assert embed is None
        mean = float(image.mean())
        if image.shape[1] < self.least_px or mean == 0:
            return Observation(captured_s, frame, 0, None)
        if not passive:
            return Observation(captured_s, frame, 1, STILL)
        assert len(self.times) == 2  # found, then followed: nobody from before
        self.seen.append((image.shape[0], image.shape[1]))
        score = None if mean < DARK else mean / 255
        return Observation(captured_s, frame, 1, replace(STILL, passive=score))


def picture(path: Path, grey: int, width: int = 80, height: int = 60) -> Path:
    cv2.imwrite(str(path), np.full((height, width, 3), grey, np.uint8))
    return path


def test_a_picture_is_its_own_score(tmp_path: Path) -> None:
    scored = Scorer(GreyLooker(), RULES).score(picture(tmp_path / "a.png", 51))
    assert scored.score == pytest.approx(0.2)
    assert scored.reason == ""


def test_a_picture_that_is_all_face_is_searched_with_a_border(tmp_path: Path) -> None:
    looker = GreyLooker(least_px=100)
    scored = Scorer(looker, RULES).score(picture(tmp_path / "a.png", 51))
    assert looker.seen == [(60 + 40, 80 + 40)]
    assert scored.score == pytest.approx(0.2)  # its edge goes on, no frame is drawn


def test_a_large_picture_is_made_smaller(tmp_path: Path) -> None:
    looker = GreyLooker()
    Scorer(looker, RULES).score(picture(tmp_path / "a.png", 51, 2 * MAX_STILL_PX, 100))
    assert looker.seen == [(50, MAX_STILL_PX)]


@pytest.mark.parametrize(("grey", "reason"), [(0, NO_FACE), (DARK - 1, NOT_JUDGED)])
def test_why_there_is_no_score(tmp_path: Path, grey: int, reason: str) -> None:
    scored = Scorer(GreyLooker(), RULES).score(picture(tmp_path / "a.png", grey))
    assert scored == Scored(None, reason)


def test_what_cannot_be_read_is_a_reason(tmp_path: Path) -> None:
    scorer = Scorer(GreyLooker(), RULES)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "bad.mp4").write_bytes(b"no film")
    (tmp_path / "empty").mkdir()
    why = {
        name: scorer.score(tmp_path / name)
        for name in ("bad.jpg", "bad.mp4", "empty", "gone.jpg", "gone.mp4")
    }
    assert all(scored.score is None for scored in why.values())
    assert why["bad.jpg"].reason == "is no picture that can be decoded"
    assert why["bad.mp4"].reason == "is no video that FFmpeg can decode"
    assert why["empty"].reason.startswith("no frame between")
    assert why["gone.jpg"].reason == "No such file or directory"
    assert why["gone.mp4"].reason == "no such video or folder of pictures"


def test_a_clip_is_judged_in_a_few_frames_spread_over_it(tmp_path: Path) -> None:
    looker = GreyLooker()
    clip = write_clip(tmp_path / "a.avi", count=9, codec="MJPG")  # the first is black
    scored = Scorer(looker, RULES, most_frames=3).score(clip)
    assert len(looker.seen) == 3
    assert scored.score is not None
    assert STEP / 255 < scored.score < 8 * STEP / 255


def test_a_folder_of_pictures_is_a_clip(tmp_path: Path) -> None:
    for number, grey in enumerate((51, 51, 255, 51, 0)):
        picture(tmp_path / f"{number}.png", grey)
    scored = Scorer(GreyLooker(), RULES).score(tmp_path)
    assert scored.score == pytest.approx(0.2, abs=0.01)  # the odd one moves nothing


def test_a_clip_without_a_face_says_what_was_most_often_wrong(tmp_path: Path) -> None:
    for number, grey in enumerate((0, DARK - 1, DARK - 1)):
        picture(tmp_path / f"{number}.png", grey)
    assert Scorer(GreyLooker(), RULES).score(tmp_path) == Scored(None, NOT_JUDGED)


def test_what_is_known_is_not_scored_again(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 51)
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    picture(tmp_path / "c.png", 0)
    listed = [Presentation(f"{name}.png", "live", "") for name in "abc"]

    def run(made_by: str) -> tuple[int, list[float | None]]:
        looker, known = GreyLooker(), ScoreFile(tmp_path / "known.jsonl", made_by)
        given = score_each(listed, tmp_path, Scorer(looker, RULES), known)
        return len(looker.seen), [s.score for _, s in given] + [len(looker.seen)]

    _, first = run("one")
    assert first == [pytest.approx(0.2), pytest.approx(0.2), None, 1]
    _, again = run("one")  # the first run was never closed: it may have been killed
    assert again == [*first[:3], 0]
    _, other = run("two")
    assert other == first


@given(st.integers(0, 300), st.integers(1, 20))
def test_items_are_spread_evenly(count: int, most: int) -> None:
    taken = spread(range(count), most)
    assert len(taken) == min(count, most)
    assert taken == sorted(set(taken))
    if count > most > 1:
        steps = [b - a for a, b in itertools.pairwise(taken)]
        assert max(steps) <= 3 * count / most
        assert taken[0] == 0
        assert taken[-1] >= count * (1 - 2 / most) - 1
