"""Each species begins as it should; whole attacks are the bench's work."""

from itertools import islice

import numpy as np
import pytest

from likeness.bench.attacks import species
from likeness.bench.attacks.attack import Attack
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.core.vocabulary import Act
from likeness.errors import UsageError
from likeness.vision.look import Looker

HELD_UP = [
    "print_flat", "print_swung", "print_waved", "print_bent", "print_cutout_eyes",
    "strip_over_eyes", "two_photographs", "replay_phone", "replay_monitor",
]  # fmt: skip
PERFORMED = [name for name in HELD_UP if not name.startswith("replay")]


def make(name: str, visit: Genuine, number: int = 0) -> Attack:
    return species.SPECIES[name](visit, Draws(name, number), [])


@pytest.mark.parametrize("name", HELD_UP)
def test_the_right_face_is_held_before_the_camera(
    name: str, visit: Genuine, looker: Looker
) -> None:
    attack = make(name, visit)
    picture = next(attack.pictures)
    assert picture.shape == (480, 640, 3)
    assert attack.fps >= 24
    seen = looker.embed_picture(picture)
    assert seen is not None
    assert visit.who is not None
    # The clip's face is 45 pixels wide; strangers stay below 0.3.
    assert np.dot(seen, visit.who) > 0.4


@pytest.mark.parametrize("name", PERFORMED)
def test_a_performed_attack_is_asked_for_a_blink_and_a_turn(
    name: str, visit: Genuine
) -> None:
    acts = make(name, visit).acts
    assert Act.BLINK in acts
    assert {Act.TURN_LEFT, Act.TURN_RIGHT} & set(acts)


@pytest.mark.parametrize("name", ["replay_phone", "replay_monitor"])
def test_a_replay_is_asked_for_what_it_does(name: str, visit: Genuine) -> None:
    attack = make(name, visit)
    assert attack.acts == visit.acts == (Act.BLINK,)
    assert attack.count == int(visit.length_s * attack.fps)


@pytest.mark.parametrize("name", ["print_waved", "animated_still"])
def test_what_is_to_move_moves(name: str, visit: Genuine) -> None:
    first, *_, last = islice(make(name, visit).pictures, 6)
    assert np.abs(first.astype(int) - last.astype(int)).mean() > 0.5


def test_draws_differ_from_one_attack_to_the_next(visit: Genuine) -> None:
    one, two = (next(make("print_flat", visit, n).pictures) for n in (0, 1))
    assert np.abs(one.astype(int) - two.astype(int)).mean() > 5


def test_an_unknown_species_is_named_with_those_that_exist() -> None:
    assert list(species.named(("print_flat",))) == ["print_flat"]
    assert len(species.named(())) == 16
    with pytest.raises(UsageError, match="'mask'; known: print_flat, "):
        species.named(("mask",))
