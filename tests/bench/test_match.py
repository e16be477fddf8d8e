"""Figures of made-up faces whose scores are known beforehand."""

import numpy as np
import pytest

from likeness.bench import match
from likeness.bench.det import NOT_FOUND
from likeness.bench.embedding_cache import Embedded, Side, Wanted
from likeness.bench.pair_list import Pair
from likeness.core import profile

STANDARD = profile.named("standard")


def face(x: float) -> Embedded:
    """A unit vector in the plane; two of them score the cosine of their angle."""
    return Embedded(np.array([np.cos(x), np.sin(x)]))


LOST = Embedded(None, "no face found")


def pair(a: str, b: str, group: str = "") -> Pair:
    """The first letter of a picture's name is who is on it."""
    return Pair(a, b, a[0] == b[0], group, a[0], b[0])


def on(side: Side, faces: dict[str, Embedded]) -> dict[Wanted, Embedded]:
    return {(name, side): one for name, one in faces.items()}


PAIRS = [pair("x1", "x2"), pair("y1", "y2"), pair("x1", "y1"), pair("x2", "z1")]
FACES = on(
    "live",
    {
        "x1": face(0.0),
        "x2": face(0.2),
        "y1": face(1.5),
        "y2": face(1.1),
        "z1": LOST,
    },
)


def test_each_picture_is_wanted_once_on_each_of_its_sides() -> None:
    pairs = [pair("x1", "x2"), pair("x2", "x1"), pair("x1", "y1")]

    assert match.wanted(pairs, None) == [(n, "live") for n in ("x1", "x2", "y1")]
    assert match.wanted(pairs, "a") == [
        ("x1", "chip"),
        ("x2", "live"),
        ("x2", "chip"),
        ("x1", "live"),
        ("y1", "live"),
    ]
    assert match.wanted(pairs[2:], "b") == [("x1", "live"), ("y1", "chip")]


def test_a_score_is_the_cosine_and_a_lost_face_is_named() -> None:
    scored = match.score(PAIRS, FACES, None)

    assert [one.score for one in scored[:3]] == pytest.approx(np.cos([0.2, 0.4, 1.5]))
    assert scored[3].score == NOT_FOUND
    assert [one.not_found for one in scored] == [(), (), (), ("b",)]


def test_the_card_side_is_compared_as_a_chip_portrait() -> None:
    faces = {**on("chip", {"x1": face(0.0)}), **on("live", {"x2": face(0.3)})}

    (scored,) = match.score([pair("x1", "x2")], faces, "a")

    assert scored.score == pytest.approx(np.cos(0.3))


def test_the_figures_of_the_list() -> None:
    figures = match.measure(
        match.score(PAIRS, FACES, None), FACES, None, STANDARD
    ).figures

    listed = figures["listed"]
    assert (figures["pictures"], figures["pictures_without_face"]) == (5, 1)
    assert (listed["genuine"], listed["impostor"]) == (2, 2)
    assert (listed["genuine_without_face"], listed["impostor_without_face"]) == (0, 1)
    assert (listed["accuracy"]["hits"], listed["accuracy"]["tries"]) == (4, 4)
    assert [one["measurable"] for one in listed["at_fmr"]] == [False] * 3
    accept = listed["shipped"]["accept"]
    assert accept["threshold"] == STANDARD.accept_score
    assert (accept["fmr"]["hits"], accept["fmr"]["tries"]) == (0, 2)
    assert listed["shipped"]["refer"]["threshold"] == STANDARD.refer_score
    assert "all_pairs" not in figures


def test_all_two_of_different_people_meet_once() -> None:
    measured = match.measure(
        match.score(PAIRS, FACES, None), FACES, None, STANDARD, all_pairs=True
    )

    crossed = measured.figures["all_pairs"]
    # x1 x2 with y1 y2, and each of these four with z1, whose face is lost.
    assert (crossed["genuine"], crossed["impostor"]) == (2, 8)
    assert crossed["impostor_without_face"] == 4
    assert [one[:2] for one in crossed["highest"]] == [
        ("x2", "y2"),
        ("x1", "y2"),
        ("x2", "y1"),
        ("x1", "y1"),
    ]
    assert measured.crossed is not None
    assert measured.crossed.impostor[-4:] == pytest.approx(np.cos([1.5, 1.3, 1.1, 0.9]))


def test_cards_meet_the_faces_of_all_other_people() -> None:
    pairs = [pair("x1", "x2"), pair("y1", "y2"), pair("y1", "x2")]
    cards = on("chip", {"x1": face(0.0), "y1": face(1.0)})
    lives = on("live", {"x2": face(0.1), "y2": face(1.1)})
    faces = {**cards, **lives}

    measured = match.measure(
        match.score(pairs, faces, "a"), faces, "a", STANDARD, all_pairs=True
    )

    assert measured.crossed is not None
    assert measured.crossed.impostor == pytest.approx(np.cos([1.1, 0.9]))


def test_many_pictures_are_compared_part_by_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(3)
    names = [f"{person}{number}" for person in "abcdefg" for number in range(4)]
    faces = on("live", {name: face(generator.uniform(0, 3)) for name in names})
    pairs = [pair(one, names[0]) for one in names[1:]]
    scored = match.score(pairs, faces, None)

    def across() -> tuple[list[float], list[tuple[str, str, float]]]:
        measured = match.measure(scored, faces, None, STANDARD, all_pairs=True)
        assert measured.crossed is not None
        highest = measured.figures["all_pairs"]["highest"]
        return measured.crossed.impostor.tolist(), highest

    at_once, highest = across()
    monkeypatch.setattr(match, "BLOCK", 5)
    assert across() == (at_once, highest)
    expected = sorted(
        float(faces[one, "live"].vector @ faces[two, "live"].vector)  # type: ignore[operator]
        for i, one in enumerate(names)
        for two in names[i + 1 :]
        if one[0] != two[0]
    )
    assert at_once == pytest.approx(expected)
    assert [score for _, _, score in highest] == pytest.approx(expected[:-11:-1])


def test_groups_are_measured_as_lists_of_their_own() -> None:
    pairs = [pair("x1", "x2", "west"), pair("y1", "y2", "east"), pair("x1", "y1")]

    groups = match.groups(match.score(pairs, FACES, None))

    assert {name: [one.pair for one in group] for name, group in groups.items()} == {
        "east": [pairs[1]],
        "west": [pairs[0]],
    }
