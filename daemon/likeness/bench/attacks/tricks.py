"""Attacks with prints and something for the eyes: holes, a strip, a second photograph.

Leaves to others: printing, hands, the camera.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from likeness.bench.attacks import light, paper
from likeness.bench.attacks.attack import Attack
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine, Shot
from likeness.bench.attacks.hands import Hands
from likeness.bench.attacks.paper import Press, draw_press, print_of
from likeness.bench.attacks.prints import held_at, shots, swing, texture_scale
from likeness.bench.attacks.puppet import LOWER, UPPER, Puppet
from likeness.bench.attacks.scene import Pose, Sheet
from likeness.bench.attacks.script import draw_script, eased
from likeness.bench.attacks.stage import Stage
from likeness.core.vocabulary import Act

LIVE_PRESS = {"dullness": 0.0, "black": 0.0, "white": (0.95, 0.95, 0.95), "gain": 1.0,
              "grain": 0.0, "bands": 0.0, "gloss": 0.0}  # fmt: skip
AWAY_MM = 260.0  # where the second photograph waits, out of sight
SWAP_S = (0.12, 0.15, 0.12)  # over the first, held, off
EYE_STEPS = 6  # drawn positions of the lids


def cutout_eyes(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Cut the eyes out; behind the holes a live person's eyes look and blink."""
    del others
    stage, script = Stage(draws), draw_script(draws)
    press = draw_press(draws, px_per_mm=texture_scale(stage.lens))
    puppet = Puppet(genuine.frontal)
    holes = puppet.eyes(draws.between("hole_size", 1.0, 1.5))
    mask = print_of(genuine.frontal, press, holes=holes)
    # Live skin: the same face without ink, its lids in a few positions.
    live = replace(press, **LIVE_PRESS)  # type: ignore[arg-type]
    eyes = [
        print_of(
            replace(genuine.frontal, picture=puppet.pose(0, step / (EYE_STEPS - 1))),
            live, hands=False,
        )
        for step in range(EYE_STEPS)
    ]  # fmt: skip
    at, hands, own = held_at(draws, press, stage.lens), Hands(draws), Hands(draws)
    behind = Pose(
        x_mm=draws.between("eyes_off_x_mm", -3, 3),
        y_mm=draws.between("eyes_off_y_mm", -3, 3),
        z_mm=draws.between("eyes_behind_mm", 4, 20),
    )
    # The person behind holds the mask to the own face and turns with it.
    move = (
        swing(draws, script) if draws.one_of("turns", ("yes", "no")) == "yes" else None
    )

    def layers(at_s: float) -> Sequence[tuple[Sheet, Pose]]:
        held = at.plus(hands.at(at_s))
        if move is not None:
            held = replace(held, yaw_deg=held.yaw_deg + move(at_s).yaw_deg)
        wobble = own.at(at_s)
        eye = eyes[round(min(script.shut(at_s), 1.0) * (EYE_STEPS - 1))]
        back = held.plus(behind).plus(Pose(wobble.x_mm / 3, wobble.y_mm / 3, 0.0))
        return [(eye, back), (mask, held)]

    count = round(script.length_s * stage.fps)
    return Attack(shots(stage, layers, count), count, stage.fps, script.acts)


def strip_over_eyes(
    genuine: Genuine, draws: Draws, others: Iterable[Genuine]
) -> Attack:
    """Pass a strip over the eyes of a still for a blink, swing it for a turn."""
    del others
    stage, script = Stage(draws), draw_script(draws)
    press = draw_press(draws, px_per_mm=texture_scale(stage.lens))
    still = print_of(genuine.frontal, press)
    kind = draws.one_of("strip", ("skin", "shut_eyes", "dark"))
    strip = _strip(genuine, press, kind, draws.between("strip_mm", 14, 30))
    at, hands, other = held_at(draws, press, stage.lens), Hands(draws), Hands(draws)
    turn_deg = draws.between("swing_deg", 20, 50)
    spans = (draws.between("strip_down_s", 0.06, 0.2), 0.06,
             draws.between("strip_up_s", 0.06, 0.2))  # fmt: skip
    eyes_mm = _eyes_mm(genuine.frontal, press)
    rest_mm = eyes_mm - draws.between("strip_waits_mm", 45, 120)

    def layers(at_s: float) -> Sequence[tuple[Sheet, Pose]]:
        turned = Pose(z_mm=0, yaw_deg=turn_deg * script.turned(at_s))
        held = at.plus(hands.at(at_s)).plus(turned)
        wobble = other.at(at_s)
        down_mm = rest_mm + (eyes_mm - rest_mm) * script.blinking(at_s, spans)
        over = np.array([wobble.x_mm / 2, down_mm + wobble.y_mm / 2, -3], np.float32)
        x, y, z = (float(v) for v in held.rotation @ over)
        return [(still, held), (strip, held.plus(Pose(x, y, z)))]

    count = round(script.length_s * stage.fps)
    return Attack(shots(stage, layers, count), count, stage.fps, script.acts)


def two_photographs(
    genuine: Genuine, draws: Draws, others: Iterable[Genuine]
) -> Attack:
    """Hold a photograph with open eyes; push one with shut eyes before it to blink."""
    del others
    stage, script = Stage(draws), draw_script(draws)
    press = draw_press(draws, px_per_mm=texture_scale(stage.lens))
    first = print_of(genuine.frontal, press)
    second = print_of(_shut(genuine), replace(press, seed=press.seed + 2))
    at, hands, other = held_at(draws, press, stage.lens), Hands(draws), Hands(draws)
    turn_deg = draws.between("swing_deg", 20, 50)
    side = draws.one_of("second_comes_from", ("above", "below", "left", "right"))
    away = {"above": (0, -1), "below": (0, 1), "left": (-1, 0), "right": (1, 0)}[side]
    spans = (SWAP_S[0], draws.between("second_held_s", 0.05, 0.25), SWAP_S[2])
    cues = [cue.at_s for cue in script.cues if cue.act is Act.BLINK]

    def layers(at_s: float) -> Sequence[tuple[Sheet, Pose]]:
        turned = Pose(z_mm=0, yaw_deg=turn_deg * script.turned(at_s))
        held = at.plus(hands.at(at_s)).plus(turned)
        over = sum(eased(at_s - cue_s, spans) for cue_s in cues)
        seen = [(first, held)]
        if over > 0:
            gone_mm = AWAY_MM * (1 - over)
            place = Pose(away[0] * gone_mm, away[1] * gone_mm, -4.0)
            seen.append((second, at.plus(other.at(at_s)).plus(place)))
        return seen

    count = round(script.length_s * stage.fps)
    return Attack(shots(stage, layers, count), count, stage.fps, script.acts)


def _shut(genuine: Genuine) -> Shot:
    """The recording's own shut eyes, or else the still's lids drawn down."""
    if genuine.shut is not None:
        return genuine.shut
    still = genuine.frontal
    return replace(still, picture=Puppet(still).pose(0, 1))


def _eyes_mm(shot: Shot, press: Press) -> float:
    """How far the eyes lie from the sheet's middle, downwards."""
    to_sheet = paper.layout(shot, press)
    points = shot.landmarks[[n for lid in (*UPPER, *LOWER) for n in lid], :2]
    y = float(to_sheet[1, 1] * points[:, 1].mean() + to_sheet[1, 2])
    return (y - (paper.size_px(press)[1] - 1) / 2) / press.px_per_mm


def _strip(genuine: Genuine, press: Press, kind: str, high_mm: float) -> Sheet:
    """Cut a strip as wide as the face."""
    width, height = (
        round(mm * press.px_per_mm) for mm in (press.face_mm * 1.15, high_mm)
    )
    if kind == "shut_eyes":
        whole = print_of(_shut(genuine), press, hands=False).texture
        middle = round(_eyes_mm(_shut(genuine), press) * press.px_per_mm)
        top = whole.shape[0] // 2 + middle - height // 2
        left = (whole.shape[1] - width) // 2
        texture = whole[top : top + height, left : left + width].copy()
    else:
        tone = paper.skin(genuine.frontal) if kind == "skin" else np.full(3, 0.03)
        texture = np.dstack(
            [np.full((height, width), value) for value in (*tone.tolist(), 1.0)]
        ).astype(np.float32)
        texture[:, :, :3] *= cv2.resize(
            light.luma(np.random.default_rng(press.seed).uniform(
                0.9, 1.1, (5, 9, 3)).astype(np.float32)), (width, height),
        )[:, :, None]  # fmt: skip
    return Sheet(texture=texture, px_per_mm=press.px_per_mm)
