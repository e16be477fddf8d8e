"""Attacks that play the recording itself on a phone or monitor before the camera.

Leaves to others: the screen's light, the camera, what is played.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from likeness.bench.attacks import display
from likeness.bench.attacks.attack import Attack
from likeness.bench.attacks.display import Screen
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine, Shot, face_width_px
from likeness.bench.attacks.hands import Hands
from likeness.bench.attacks.prints import FACE_PX, TEXTURE_SHARPER, shots
from likeness.bench.attacks.scene import Pose, Sheet
from likeness.bench.attacks.stage import Stage
from likeness.core.vocabulary import Act
from likeness.vision.detect import Picture

FACE_MM = {"phone": (46.0, 60.0), "monitor": (115.0, 160.0)}
# A phone's small face is held nearer than a visitor stands.
DISTANCE_MM = {"phone": (200.0, 400.0), "monitor": (380.0, 700.0)}
SET_DOWN = 0.05  # sway of a monitor on a table, against one held in the hand

# What is seen at a time: the picture, the one before, seconds since the change.
Played = Callable[[float], tuple[Picture, Picture, float]]


def phone(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Play the visit on a phone held by hand."""
    del others
    return replay(genuine, draws, "phone", genuine.acts)


def monitor(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Play the visit on a monitor or a laptop."""
    del others
    return replay(genuine, draws, "monitor", genuine.acts)


def replay(genuine: Genuine, draws: Draws, kind: str, acts: tuple[Act, ...]) -> Attack:
    """Play the visit from its beginning to its end."""
    played = partial(_recorded, genuine)
    length_s = genuine.length_s
    return on_screen(genuine.frontal, draws, kind, played, length_s, acts)


def on_screen(
    shot: Shot,
    draws: Draws,
    kind: str,
    played: Played,
    length_s: float,
    acts: tuple[Act, ...],
) -> Attack:
    """Play anything on a screen; `shot` says where the face is in its pictures."""
    stage = Stage(draws)
    screen, away_mm = _set_up(shot, draws, kind, stage)
    held = kind == "phone" or draws.one_of("monitor_is", ("held", "set_down")) == "held"
    hands = Hands(draws, steadiness=1.0 if held else SET_DOWN)
    at = display.upright(away_mm, draws)

    def layers(at_s: float) -> Sequence[tuple[Sheet, Pose]]:
        # A screen's light is the same all through one exposure of the shutter.
        number = int(at_s * stage.fps + 1e-6)
        if number not in sheets:
            sheets.clear()
            sheets[number] = screen.show(*played(number / stage.fps))
        return [(sheets[number], at.plus(hands.at(at_s)))]

    sheets: dict[int, Sheet] = {}
    count = int(length_s * stage.fps)
    return Attack(shots(stage, layers, count), count, stage.fps, acts)


def _set_up(shot: Shot, draws: Draws, kind: str, stage: Stage) -> tuple[Screen, float]:
    """Draw a screen, and how far away it shows the face in a visitor's size."""
    shown = display.draw_display(
        draws, kind, exposure_s=stage.exposure_s, rows=stage.lens.height
    )
    mm_per_px = draws.between("face_mm", *FACE_MM[kind]) / face_width_px(shot)
    if kind == "monitor":
        mm_per_px = display.fits(shown, shot.picture, mm_per_px)
    face_mm = mm_per_px * face_width_px(shot)
    near, far = DISTANCE_MM[kind]
    away_mm = stage.lens.focal_px * face_mm / draws.between("face_px", *FACE_PX)
    away_mm = min(max(away_mm, near), far)
    points = shot.landmarks[:, :2]
    across, down = ((points.min(axis=0) + points.max(axis=0)) / 2).tolist()
    screen = Screen(
        shown,
        middle_px=(across, down),
        mm_per_px=mm_per_px,
        px_per_mm=TEXTURE_SHARPER * stage.lens.focal_px / away_mm,
    )
    return screen, away_mm


def _recorded(genuine: Genuine, at_s: float) -> tuple[Picture, Picture, float]:
    shot = genuine.at(at_s)
    since_s = max(at_s - shot.at_s, 0.0)
    return shot.picture, genuine.at(shot.at_s - 0.5 / genuine.fps).picture, since_s
