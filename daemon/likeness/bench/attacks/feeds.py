"""Attacks on the feed itself: pictures that a false camera gives in place of a person.

Leaves to others: attacks before the lens.
"""

from collections.abc import Iterable, Iterator
from itertools import permutations

import cv2
import numpy as np

from likeness.bench.attacks.attack import Attack
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine, Shot, face_width_px
from likeness.bench.attacks.replays import replay
from likeness.bench.attacks.script import draw_script
from likeness.core.vocabulary import NOD_ACTS, Act
from likeness.errors import FeedUnreadable
from likeness.vision.detect import Floats, Picture

STILL_S = 5.0
LOOPED_S = 10.0
ANOTHER = 0.25  # cosine below which two visits surely show different people


def injected_still(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Give one still picture: bare, with false noise, or slowly drifting."""
    del others
    how = draws.one_of("still_is", ("bare", "noisy", "drifting"))
    noise = draws.between("noise_codes", 0.5, 3.0) if how == "noisy" else 0.0
    drift = draws.between("drift_px_per_s", 1, 8) if how == "drifting" else 0.0
    count = round(STILL_S * genuine.fps)

    def pictures() -> Iterator[Picture]:
        still = genuine.frontal.picture
        height, width = still.shape[:2]
        for number in range(count):
            shift = drift * np.sin(number / genuine.fps)
            grown = 1 + drift / 500 * number / genuine.fps / STILL_S
            moved = np.array([[grown, 0, shift], [0, grown, shift / 2]], np.float32)
            seen = cv2.warpAffine(
                still, moved, (width, height), borderMode=cv2.BORDER_REPLICATE
            )
            if noise:
                grain = draws.rng.normal(0, noise, still.shape)
                seen = np.clip(seen + grain, 0, 255).astype(np.uint8)
            yield np.asarray(seen, np.uint8)

    return Attack(pictures(), count, genuine.fps, draw_script(draws).acts)


def frozen(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Freeze the recording somewhere in its middle, then let it go on."""
    del others
    at_s = genuine.length_s * draws.between("frozen_at", 0.15, 0.45)
    frozen_s = draws.between("frozen_s", 0.6, 3.0)
    count = int((genuine.length_s + frozen_s) * genuine.fps)

    def pictures() -> Iterator[Picture]:
        for number in range(count):
            now_s = number / genuine.fps
            passed_s = min(max(now_s - at_s, 0.0), frozen_s)
            yield genuine.at(now_s - passed_s).picture

    return Attack(pictures(), count, genuine.fps, genuine.acts)


def looped(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Give the same second again and again; it holds a blink if there is one."""
    del others
    second = draws.between("loop_s", 0.9, 1.6)
    how = draws.one_of("loop_runs", ("round", "to_and_fro"))
    middle_s = genuine.length_s / 2 if genuine.shut is None else genuine.shut.at_s
    start_s = min(max(middle_s - second / 2, 0.0), genuine.length_s - second)
    count = round(LOOPED_S * genuine.fps)

    def pictures() -> Iterator[Picture]:
        for number in range(count):
            rounds, share = divmod(number / genuine.fps / second, 1.0)
            if how == "to_and_fro" and rounds % 2:
                share = 1 - share
            yield genuine.at(max(start_s, 0.0) + share * second).picture

    blinks = (Act.BLINK, Act.BLINK)
    acts = blinks if genuine.shut is not None else genuine.acts
    return Attack(pictures(), count, genuine.fps, acts)


def wrong_acts(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Play the recording while other acts are asked, or the same in another order."""
    del others
    asked = _not_performed(genuine.acts, draws)
    via = draws.one_of("shown_by", ("false_camera", "monitor", "phone"))
    if via != "false_camera":
        return replay(genuine, draws, via, asked)
    shots, fps = genuine.shots, genuine.fps
    return Attack((shot.picture for shot in shots), len(shots), fps, asked)


def swapped(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Cut from this person to another in mid-visit, face upon face.

    Raises:
        FeedUnreadable: the run holds no visit of anybody else.
    """
    other = next((one for one in others if _differ(genuine, one)), None)
    if other is None:
        raise FeedUnreadable("swap_mid_visit needs a visit of somebody else")
    cut_s = genuine.length_s * draws.between("cut_at", 0.25, 0.6)
    fade_s = draws.between("fade_s", 0.05, 0.4)
    fade_s *= draws.one_of("swapped_by", ("cut", "fade")) == "fade"
    height, width = genuine.frontal.picture.shape[:2]
    onto = _face_onto(other.frontal, genuine.frontal)
    count = int((cut_s + fade_s + other.length_s) * genuine.fps)

    def pictures() -> Iterator[Picture]:
        for number in range(count):
            now_s = number / genuine.fps
            mine = genuine.at(now_s).picture
            late_s = now_s - cut_s
            if late_s < 0:
                yield mine
                continue
            theirs = cv2.warpAffine(
                other.at(late_s).picture, onto, (width, height),
                borderMode=cv2.BORDER_REPLICATE,
            )  # fmt: skip
            share = min(late_s / fade_s, 1.0) if fade_s else 1.0
            mixed = cv2.addWeighted(mine, 1 - share, theirs, share, 0)
            yield np.asarray(mixed, np.uint8)

    acts = (*genuine.acts[:1], *other.acts)
    return Attack(pictures(), count, genuine.fps, acts, {"swapped_with": other.id})


def _not_performed(acts: tuple[Act, ...], draws: Draws) -> tuple[Act, ...]:
    """Ask for what the recording does not do; nobody asks an attacker to nod."""
    never = [act for act in Act if act not in (*acts, *NOD_ACTS)]
    if never:
        first = never[draws.one_of("asked_instead", tuple(range(len(never))))]
        return (first, *acts[1:])
    orders = sorted(set(permutations(acts)) - {acts})
    # The act that comes last in the recording is asked first.
    late = [order for order in orders if order[0] is acts[-1]] or orders
    return late[draws.one_of("asked_order", tuple(range(len(late))))]


def _differ(one: Genuine, two: Genuine) -> bool:
    if one.who is None or two.who is None:
        return False
    return float(np.dot(one.who, two.who)) < ANOTHER


def _face_onto(shot: Shot, place: Shot) -> Floats:
    """2×3 that lays one face over another in size and place."""
    scale = face_width_px(place) / face_width_px(shot)
    one, two = (each.landmarks[:, :2].mean(axis=0) for each in (shot, place))
    shift = two - scale * one
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
