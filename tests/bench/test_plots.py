"""Drawings stand in a page together: no outside, no name used twice, same bytes."""

import re

import numpy as np
import pytest

from likeness.bench import plots
from likeness.bench.det import NOT_FOUND, Scores

GENERATOR = np.random.default_rng(1)
SPREAD = Scores(GENERATOR.normal(0.5, 0.2, 300), GENERATOR.normal(0, 0.2, 3000))
PERFECT = Scores(np.array([0.9]), np.array([0.1]))


def ids(svg: str) -> list[str]:
    return re.findall(r' id="([^"]*)"', svg)


def test_a_drawing_is_the_same_again() -> None:
    assert plots.det({"all": SPREAD}, "x", "y") == plots.det({"all": SPREAD}, "x", "y")


def test_two_drawings_share_no_name() -> None:
    one = plots.det({"all": SPREAD}, "FMR", "FNMR")
    two = plots.det({"all": SPREAD}, "APCER", "BPCER")
    three = plots.histogram(SPREAD, ("good", "bad"), {"needs": 0.4}, (-1, 1))
    four = plots.course({"rss": ([1, 2], [3.0, 4.0])}, "visits", "KiB")
    named = ids(one) + ids(two) + ids(three) + ids(four)
    assert named
    assert len(named) == len(set(named))
    assert one.startswith("<svg")


def test_a_curve_that_cannot_be_drawn_says_so() -> None:
    drawn = plots.det({"all": SPREAD, "perfect": PERFECT}, "FMR", "FNMR")
    assert "perfect: never both errors" in drawn
    assert "all: never" not in drawn
    assert "perfect: never" in plots.det({"perfect": PERFECT}, "FMR", "FNMR")


def test_a_histogram_leaves_out_what_has_no_score() -> None:
    scores = Scores(np.array([0.5, NOT_FOUND]), np.array([]))
    drawn = plots.histogram(scores, ("good", "bad"), {}, (0, 1))
    assert "good (2)" in drawn
    assert "bad" not in drawn


def test_the_det_curve_leaves_out_what_a_logarithm_cannot_show() -> None:
    generator = np.random.default_rng(1)
    scores = Scores(generator.normal(0.5, 0.2, 300), generator.normal(0, 0.2, 3000))

    axes = plots.det_figure({"all": scores, "perfect": PERFECT}, "x", "y").axes[0]

    every, none = (np.asarray(line.get_ydata()) for line in axes.lines)
    assert axes.lines[0].get_label() == "all"
    assert len(every) > 0
    assert (every > 0).all()
    assert len(none) == 0
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_a_histogram_shows_shares_of_each_kind() -> None:
    scores = Scores(np.array([0.5, 0.5, 0.9, NOT_FOUND]), np.array([0.1, 0.12]))
    needs = {"accept": 0.44, "refer": 0.38}

    names = ("genuine", "impostor")
    axes = plots.histogram_figure(scores, names, needs, plots.COSINES).axes[0]

    impostor, genuine = (
        [patch.get_height() for patch in container] for container in axes.containers
    )
    assert sum(impostor) == pytest.approx(1)
    assert sum(genuine) == pytest.approx(0.75)  # the lost face has no score
    assert [text.get_text() for text in axes.texts] == ["accept", "refer"]
