"""Spoiled chip portraits of real people are not enrolled; good ones are."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from likeness.bench.chip_portrait import cut_out, press
from likeness.vision.look import Looker, decode
from likeness.vision.mesh import FACE_EDGE_LEFT, FACE_EDGE_RIGHT
from real_models import Picture, blurred, resized, side_by_side

EYES = [33, 133, 263, 362, 159, 145, 386, 374]
MOUTH = [61, 291, 0, 17]
LOWER_FACE = [93, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397,
              288, 323, 197]  # fmt: skip
BLACK, WHITE, SKIN, BLUE = (0, 0, 0), (240, 240, 240), (150, 170, 210), (200, 170, 120)
Colour = tuple[int, int, int]


class Sitter:
    """One person's photograph, spoiled or not, as a chip would hold it."""

    def __init__(self, looker: Looker, picture: Picture) -> None:
        self.looker = looker
        self.picture = picture
        still = looker.find_still(picture)
        assert still is not None
        self.points = still.fit.landmarks[:, :2] / still.scale
        self.box = still.box

    def card(self, picture: Picture | None = None) -> Picture:
        return cut_out(self.picture if picture is None else picture, self.box)

    def bar(self, over: list[int], colour: Colour) -> Picture:
        """A bar over these landmarks, a little larger than they are."""
        edges = self.points[[FACE_EDGE_LEFT, FACE_EDGE_RIGHT], 0]
        more = 0.07 * float(np.ptp(edges))
        low = self.points[over].min(axis=0) - more
        high = self.points[over].max(axis=0) + more
        spoiled = self.picture.copy()
        cv2.rectangle(spoiled, _place(low), _place(high), colour, -1)
        return self.card(spoiled)

    def mask(self, colour: Colour) -> Picture:
        spoiled = self.picture.copy()
        outline = self.points[LOWER_FACE].round().astype(np.int32)
        cv2.fillPoly(spoiled, [outline], colour)
        return self.card(spoiled)


def _place(point: npt.NDArray[np.float32]) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def usable(looker: Looker, card: Picture) -> bool:
    return looker.enrol(press(card)) is not None


@pytest.fixture(params=["obama", "astronaut", "biden"])
def sitter(request: pytest.FixtureRequest, looker: Looker) -> Sitter:
    return Sitter(looker, request.getfixturevalue(request.param))


def test_a_good_portrait_is_enrolled(sitter: Sitter, looker: Looker) -> None:
    card = sitter.card()
    assert usable(looker, card)
    assert usable(looker, blurred(card, 0.7))
    assert usable(looker, (card * 0.5).astype(np.uint8))


@pytest.mark.parametrize("colour", [BLACK, WHITE, SKIN])
@pytest.mark.parametrize("person", ["obama", "biden"])
def test_a_bar_over_eyes_or_mouth_is_seen(
    request: pytest.FixtureRequest, looker: Looker, person: str, colour: Colour
) -> None:
    """Of bright bars over eyes one in ten is missed: landmarks fit beside the bar."""
    sitter = Sitter(looker, request.getfixturevalue(person))
    assert not usable(looker, sitter.bar(EYES, colour))
    assert not usable(looker, sitter.bar(MOUTH, colour))


@pytest.mark.parametrize("colour", [BLACK, WHITE, BLUE])
def test_a_mask_is_seen(sitter: Sitter, looker: Looker, colour: Colour) -> None:
    assert not usable(looker, sitter.mask(colour))


def test_a_blurred_dark_pale_or_coarse_portrait_is_refused(
    sitter: Sitter, looker: Looker
) -> None:
    card = sitter.card()
    for spoiled in (
        blurred(card, 4),
        (card * 0.06).astype(np.uint8),
        (card * 0.1 + 225).astype(np.uint8),
        resized(resized(card, 0.12), 1 / 0.12),
    ):
        assert not usable(looker, spoiled)


def test_a_portrait_that_does_not_stand_upright_is_refused(
    sitter: Sitter, looker: Looker
) -> None:
    for turn in (
        cv2.ROTATE_180,
        cv2.ROTATE_90_CLOCKWISE,
        cv2.ROTATE_90_COUNTERCLOCKWISE,
    ):
        turned = np.asarray(cv2.rotate(sitter.card(), turn), np.uint8)
        assert not usable(looker, turned)


def test_two_people_on_one_portrait_are_refused(
    looker: Looker, obama: Picture, biden: Picture
) -> None:
    cards = [Sitter(looker, picture).card() for picture in (obama, biden)]
    assert not usable(looker, side_by_side(*cards))


def test_a_second_face_far_behind_does_no_harm(
    looker: Looker, obama: Picture, biden: Picture
) -> None:
    him, behind = (Sitter(looker, picture).card() for picture in (obama, biden))
    wide = side_by_side(resized(him, 2), resized(behind, 0.8))
    assert looker.enrol(cv2.imencode(".png", wide)[1].tobytes()) is not None


def test_a_photograph_is_embedded_whatever_it_shows(
    sitter: Sitter, looker: Looker
) -> None:
    """Only what stands on a card is judged so strictly."""
    picture = decode(press(sitter.bar(EYES, SKIN)))
    assert picture is not None
    assert looker.embed_picture(picture) is not None
