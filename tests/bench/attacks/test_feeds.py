from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from likeness.bench.attacks import feeds
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.core.vocabulary import Act
from likeness.errors import FeedUnreadable
from likeness.vision.detect import Picture


def numbers(pictures: list[Picture], visit: Genuine) -> list[int]:
    """Which shot of the visit each picture is; -1: none."""
    known = {shot.picture.tobytes(): n for n, shot in enumerate(visit.shots)}
    return [known.get(picture.tobytes(), -1) for picture in pictures]


def performing(visit: Genuine, *acts: Act) -> Genuine:
    return replace(visit, file=type(visit.file)(visit=1, video="x", acts=acts))


def test_a_frozen_feed_stands_and_then_goes_on_where_it_stood(visit: Genuine) -> None:
    draws = Draws("frozen")
    attack = feeds.frozen(visit, draws, [])
    seen = numbers(list(attack.pictures), visit)
    stood = max(set(seen), key=seen.count)
    assert 0 < stood < len(visit.shots) - 3
    frozen_s = draws.taken["frozen_s"]["drawn"]
    assert isinstance(frozen_s, float)
    assert seen.count(stood) == pytest.approx(frozen_s * visit.fps, abs=3)
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] >= len(visit.shots) - 2


@pytest.mark.parametrize("number", range(4))
def test_a_loop_comes_back_and_holds_the_blink(visit: Genuine, number: int) -> None:
    # A clip of a second has no second to choose from: repeat it to three.
    longer = replace(
        visit,
        shots=tuple(
            replace(shot, at_s=shot.at_s + n * visit.length_s)
            for n in range(3)
            for shot in visit.shots
        ),
        shut=visit.shut and replace(visit.shut, at_s=visit.length_s * 1.4),
    )
    attack = feeds.looped(longer, Draws("loop", number), [])
    seen = numbers(list(attack.pictures), visit)
    assert len(seen) == attack.count == pytest.approx(10 * visit.fps, abs=1)
    blink = int(np.argmin([abs(s.at_s - 0.4) for s in visit.shots]))
    assert sum(abs(n - blink) <= 1 for n in seen) >= 6
    assert attack.acts == (Act.BLINK, Act.BLINK)


@pytest.mark.parametrize(
    "acts",
    [
        (Act.BLINK,),
        (Act.BLINK, Act.BLINK),
        (Act.TURN_LEFT, Act.BLINK),
        (Act.BLINK, Act.TURN_LEFT, Act.TURN_RIGHT),
        (Act.TURN_LEFT, Act.TURN_RIGHT, Act.BLINK),
    ],
)
def test_what_is_asked_is_never_what_the_recording_does(
    visit: Genuine, acts: tuple[Act, ...]
) -> None:
    for number in range(6):
        attack = feeds.wrong_acts(performing(visit, *acts), Draws("w", number), [])
        assert attack.acts != acts
        assert len(attack.acts) == len(acts)
        assert attack.acts[0] not in acts or attack.acts[0] is acts[-1]


def test_a_still_has_nothing_new_in_it(visit: Genuine) -> None:
    changes: dict[object, float] = {}
    for number in range(12):
        draws = Draws("still", number)
        one, two = islice(feeds.injected_still(visit, draws, []).pictures, 2)
        kind = draws.taken["still_is"]["drawn"]
        changes[kind] = float(np.abs(one.astype(int) - two.astype(int)).mean())
        # Nothing jumps: the still's own grain and edges are what little moves.
        assert changes[kind] < 5
    assert changes.keys() == {"bare", "noisy", "drifting"}
    assert changes["bare"] == 0 < min(changes["noisy"], changes["drifting"])


def test_a_swap_begins_with_one_person_and_ends_with_another(visit: Genuine) -> None:
    assert visit.who is not None
    stranger = replace(
        visit,
        id="stranger",
        who=tuple(-value for value in visit.who),
        shots=tuple(
            replace(shot, picture=np.full_like(shot.picture, 77))
            for shot in visit.shots
        ),
    )
    attack = feeds.swapped(visit, Draws("swap"), [visit, stranger])
    pictures = list(attack.pictures)
    seen = numbers(pictures, visit)
    assert seen[0] == 0
    assert seen[-1] == -1
    assert (pictures[-1] == 77).all()
    assert attack.notes == {"swapped_with": "stranger"}
    assert attack.acts == (Act.BLINK, Act.BLINK)


def test_without_anybody_else_there_is_no_swap(visit: Genuine) -> None:
    with pytest.raises(FeedUnreadable, match="somebody else"):
        feeds.swapped(visit, Draws("swap"), [visit])
