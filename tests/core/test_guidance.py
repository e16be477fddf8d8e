"""One hint at a time, soon, for long enough, and never against what is asked."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

import visits as v
from likeness.core.guidance import (
    APPEARS_AFTER_S,
    READABLE_S,
    URGENCY,
    Asked,
    Guidance,
    Picture,
)
from likeness.core.scene import Hint
from likeness.core.seen import Box, Face, Observation
from likeness.core.vocabulary import Act

PICTURE = Picture(640, 480, luma=0.4)
REST = Asked(rest=True)
GOOD = replace(v.STILL, box=Box(220, 130, 200, 220), width_px=180.0)
FPS = 30.0


def guidance() -> Guidance:
    return Guidance(min_face_px=70.0, min_brightness=0.10)


class Film:
    """Gives frames to a guidance, one after the other."""

    def __init__(self, asked: Asked = REST, picture: Picture = PICTURE) -> None:
        self.guidance = guidance()
        self.asked = asked
        self.picture = picture
        self.now = 100.0
        self.hints: list[tuple[float, Hint | None]] = []

    def shows(
        self, face: Face | None, seconds: float, *, faces: int | None = None
    ) -> "Film":
        until = self.now + seconds
        count = (0 if face is None else 1) if faces is None else faces
        while self.now < until - 1e-6:
            self.now += 1 / FPS
            seen = Observation(self.now, 1, count, face)
            hint = self.guidance.see(seen, self.now, self.picture, self.asked)
            self.hints.append((self.now, hint))
        return self

    @property
    def told(self) -> list[Hint | None]:
        """What stood there, each once."""
        found: list[Hint | None] = []
        for _, hint in self.hints:
            if not found or found[-1] is not hint:
                found.append(hint)
        return found

    @property
    def hint(self) -> Hint | None:
        return self.hints[-1][1]


def swaying(seconds: float, width_per_s: float) -> Iterator[Face]:
    """A face that goes to and fro at this speed."""
    for frame in range(int(seconds * FPS)):
        x = 220 + 200 * width_per_s / FPS * (frame % 2)
        yield replace(GOOD, box=replace(GOOD.box, x=x))


TROUBLES: dict[Hint, Face | None] = {
    Hint.NO_FACE: None,
    Hint.MORE_LIGHT: replace(GOOD, brightness=0.11),
    Hint.LESS_LIGHT: replace(GOOD, brightness=0.95),
    Hint.COME_CLOSER: replace(GOOD, width_px=60.0),
    Hint.GO_BACK: replace(GOOD, width_px=370.0),
    Hint.CENTRE: replace(GOOD, box=Box(20, 130, 200, 220)),
    Hint.GLASSES: replace(GOOD, glare_right=0.4),
    Hint.LOOK_STRAIGHT: replace(GOOD, yaw_deg=-30.0),
}


def test_a_good_face_hears_nothing() -> None:
    assert Film().shows(GOOD, 5.0).told == [None]


@pytest.mark.parametrize("hint", TROUBLES)
def test_each_trouble_has_its_hint_within_200_ms(hint: Hint) -> None:
    film = Film().shows(GOOD, 1.0)
    begun_s = film.now
    film.shows(TROUBLES[hint], 1.0)
    first_s = next(at for at, said in film.hints if said is hint)
    assert APPEARS_AFTER_S <= first_s - begun_s <= 0.2 + 1 / FPS
    assert film.told == [None, hint]


def test_a_second_face_is_told_before_what_is_less_urgent() -> None:
    assert Film().shows(replace(GOOD, brightness=0.95), 1.0, faces=2).hint is (
        Hint.ONE_PERSON
    )


def test_a_restless_head_is_asked_to_hold_still() -> None:
    film = Film()
    for face in swaying(1.0, 0.3):
        film.shows(face, 1 / FPS)
    assert film.told == [None]
    for face in swaying(1.0, 2.0):
        film.shows(face, 1 / FPS)
    assert film.told == [None, Hint.HOLD_STILL]


def test_a_flicker_is_no_hint() -> None:
    film = Film()
    for _ in range(20):
        film.shows(GOOD, 0.2).shows(None, 0.1)
    assert film.told == [None]


@pytest.mark.parametrize("hint", TROUBLES)
def test_a_hint_stays_until_it_can_be_read(hint: Hint) -> None:
    film = Film().shows(TROUBLES[hint], 0.25).shows(GOOD, 3.0)
    assert film.told == [None, hint, None]
    stood = [at for at, said in film.hints if said is hint]
    assert READABLE_S - 1 / FPS <= stood[-1] - stood[0] <= READABLE_S + 0.3


def test_one_that_is_not_obeyed_stays() -> None:
    assert Film().shows(TROUBLES[Hint.COME_CLOSER], 10.0).told == [
        None,
        Hint.COME_CLOSER,
    ]


def test_only_a_more_urgent_hint_takes_the_place_at_once() -> None:
    aside = TROUBLES[Hint.LOOK_STRAIGHT]
    film = Film().shows(aside, 0.3).shows(None, 0.2)
    assert film.told == [None, Hint.LOOK_STRAIGHT, Hint.NO_FACE]
    film = Film().shows(None, 0.3).shows(aside, 0.3)
    assert film.told == [None, Hint.NO_FACE]  # it cannot be read yet
    assert film.shows(aside, 1.0).told == [None, Hint.NO_FACE, Hint.LOOK_STRAIGHT]


def test_all_hints_have_a_place_in_the_order() -> None:
    assert set(URGENCY) == set(Hint) and len(URGENCY) == len(Hint)


def test_a_value_at_the_limit_does_not_make_it_blink() -> None:
    film = Film().shows(replace(GOOD, width_px=83.0), 1.0)
    for _ in range(20):
        film.shows(replace(GOOD, width_px=85.5), 0.3)
        film.shows(replace(GOOD, width_px=82.5), 0.3)
    assert film.told == [None, Hint.COME_CLOSER]


@pytest.mark.parametrize("act", [act for act in Act if "eyes" not in act])
def test_no_hint_speaks_against_a_turn_or_a_nod(act: Act) -> None:
    moved = replace(GOOD, yaw_deg=45.0, pitch_deg=30.0, box=Box(30, 130, 200, 220))
    told = Film(Asked(act=act)).shows(moved, 2.0).told
    if act is Act.BLINK:
        assert told == [None, Hint.CENTRE]
    else:
        assert told == [None]


def test_what_stands_goes_at_once_when_a_turn_is_asked() -> None:
    film = Film().shows(TROUBLES[Hint.LOOK_STRAIGHT], 0.3)
    assert film.hint is Hint.LOOK_STRAIGHT
    film.guidance.asked(Asked(act=Act.TURN_LEFT))
    assert film.guidance.hint is None


def test_the_way_back_from_a_turn_is_no_fault() -> None:
    assert Film(Asked()).shows(TROUBLES[Hint.LOOK_STRAIGHT], 2.0).told == [None]


@pytest.mark.parametrize("act", [Act.BLINK, Act.CLOSE_EYES])
def test_eyes_are_asked_of_a_face_that_looks_here_without_glare(act: Act) -> None:
    asked = Asked(act=act)
    assert Film(asked).shows(TROUBLES[Hint.GLASSES], 1.0).hint is Hint.GLASSES
    assert Film(asked).shows(replace(GOOD, yaw_deg=20.0), 1.0).hint is None
    assert Film(asked).shows(replace(GOOD, yaw_deg=35.0), 1.0).hint is (
        Hint.LOOK_STRAIGHT
    )


def test_glare_does_not_matter_to_a_turn() -> None:
    asked = Asked(act=Act.TURN_LEFT)
    assert Film(asked).shows(TROUBLES[Hint.GLASSES], 1.0).told == [None]


def test_a_dark_picture_without_a_face_wants_light() -> None:
    dark = Picture(640, 480, luma=0.03)
    assert Film(picture=dark).shows(None, 1.0).told == [None, Hint.MORE_LIGHT]
    unknown = Picture(640, 480)
    assert Film(picture=unknown).shows(None, 1.0).told == [None, Hint.NO_FACE]


def test_a_face_that_came_too_near_to_be_found_is_sent_back() -> None:
    film = Film().shows(TROUBLES[Hint.GO_BACK], 0.1).shows(None, 1.0)
    assert film.hint is Hint.GO_BACK
    assert film.shows(None, 5.0).hint is Hint.NO_FACE  # by now it has gone away


def test_a_new_visit_begins_without_a_hint() -> None:
    film = Film().shows(None, 1.0)
    film.guidance.begin()
    assert film.guidance.hint is None
    assert film.shows(None, 0.1).hint is None


def test_two_frames_of_one_time_have_no_speed() -> None:
    film = Film()
    for face in swaying(1.0, 30.0):
        seen = Observation(7.0, 1, 1, face)
        assert film.guidance.see(seen, 7.0, PICTURE, REST) is None
