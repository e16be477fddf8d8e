"""The moved face, looked at by the networks that attacks must deceive."""

import numpy as np
import pytest

from likeness.bench.attacks.genuine import Genuine, Shot
from likeness.bench.attacks.puppet import Puppet
from likeness.core.seen import Face
from likeness.vision.detect import Picture
from likeness.vision.look import Looker
from real_models import read


@pytest.fixture(scope="module")
def astronaut(pictures: object, looker: Looker) -> Shot:
    picture = read(pictures / "astronaut.png")  # type: ignore[operator]
    return Shot(0.0, picture, face(looker, picture))


def face(looker: Looker, picture: Picture) -> Face:
    looker.forget()
    seen = looker.look(picture, captured_s=0.0, frame=0).face
    assert seen is not None
    return seen


def test_unmoved_it_is_the_still(astronaut: Shot) -> None:
    same = Puppet(astronaut).pose(0, 0)
    off = np.abs(same.astype(int) - astronaut.picture.astype(int))
    assert off.mean() < 0.3


def test_shut_lids_look_shut_and_leave_the_rest(
    astronaut: Shot, looker: Looker
) -> None:
    puppet = Puppet(astronaut)
    wide = face(looker, puppet.pose(0, 0))
    shut = face(looker, puppet.pose(0, 1))
    assert shut.eye_left < 0.6 * wide.eye_left
    assert shut.eye_right < 0.6 * wide.eye_right
    assert shut.yaw_deg == pytest.approx(wide.yaw_deg, abs=4)


@pytest.mark.parametrize("turn_deg", [-20, 20])
def test_a_turn_is_seen_to_its_own_side(
    astronaut: Shot, looker: Looker, turn_deg: float
) -> None:
    puppet = Puppet(astronaut)
    ahead = face(looker, puppet.pose(0, 0)).yaw_deg
    turned = face(looker, puppet.pose(turn_deg, 0)).yaw_deg
    assert (turned - ahead) * np.sign(turn_deg) > 8


def test_the_pictures_border_stays(visit: Genuine) -> None:
    puppet = Puppet(visit.frontal)
    ahead, turned = puppet.pose(0, 0), puppet.pose(25, 0)
    assert (ahead[0] == turned[0]).mean() > 0.95
    assert (ahead != turned).any()


def test_eyes_are_where_the_lids_are(astronaut: Shot) -> None:
    puppet = Puppet(astronaut)
    small, large = puppet.eyes(1.0), puppet.eyes(1.5)
    assert 0 < small.sum() < large.sum()
    x, y = astronaut.landmarks[[159, 145], :2].mean(axis=0).astype(int)
    assert small[y, x] == 1
