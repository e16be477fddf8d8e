import numpy as np

from likeness.bench.attacks.control import control_camera
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.vision.look import Looker


def test_the_control_is_the_same_person_doing_the_same_and_called_genuine(
    visit: Genuine, looker: Looker
) -> None:
    control = control_camera(visit, Draws("control"), [])
    pictures = list(control.pictures)
    assert control.label == "genuine"
    assert control.acts == visit.acts
    assert len(pictures) == control.count == len(visit.shots)
    seen = looker.embed_picture(pictures[visit.shots.index(visit.frontal)])
    assert seen is not None
    assert visit.who is not None
    assert np.dot(seen, visit.who) > 0.7
    # Another camera's noise and tone: no copy.
    assert np.abs(pictures[0].astype(int) - visit.shots[0].picture).mean() > 1
