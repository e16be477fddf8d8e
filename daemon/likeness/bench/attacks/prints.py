"""Attacks with printed photographs: held, swung, waved, bent.

Leaves to others: printing, hands, the camera.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from likeness.bench.attacks.attack import Attack
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.bench.attacks.hands import Hands
from likeness.bench.attacks.paper import Press, draw_press, print_of
from likeness.bench.attacks.scene import Lens, Pose, Sheet
from likeness.bench.attacks.script import Script, draw_script
from likeness.bench.attacks.stage import Layers, Stage
from likeness.vision.detect import Picture

FACE_PX = (105, 215)  # an attacker comes as near as a visitor would
DISTANCE_MM = (300.0, 700.0)
TEXTURE_SHARPER = 1.2  # pixels of the sheet for one of the camera
HELD_S = 5.0  # a print that only waits
BOB_S = (0.1, 0.06, 0.12)  # a blink imitated by tipping takes a little longer

Move = Callable[[float], Pose]


def flat(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Hold a print still, as far as hands can."""
    del others
    stage, script = Stage(draws), draw_script(draws)
    return _held(genuine, draws, stage, script, lambda _: Pose(z_mm=0), length_s=HELD_S)


def swung(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Turn the print about its upright axis for a turn, tip or bob it for a blink."""
    del others
    stage, script = Stage(draws), draw_script(draws)
    return _held(genuine, draws, stage, script, swing(draws, script))


def waved(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Wave the print to and fro all the time."""
    del others
    stage, script = Stage(draws), draw_script(draws)
    turn_hz, bob_hz = (
        draws.between("wave_hz", 0.4, 1.1),
        draws.between("bob_hz", 0.3, 1),
    )
    turn_deg, tip_deg = (
        draws.between("wave_deg", 15, 40),
        draws.between("tip_deg", 0, 20),
    )
    shift_mm = draws.between("wave_mm", 0, 40)

    def move(at_s: float) -> Pose:
        to_and_fro = math.sin(2 * math.pi * turn_hz * at_s)
        return Pose(
            x_mm=shift_mm * to_and_fro,
            z_mm=0,
            yaw_deg=turn_deg * to_and_fro,
            pitch_deg=tip_deg * math.sin(2 * math.pi * bob_hz * at_s),
        )

    return _held(genuine, draws, stage, script, move)


def bent(genuine: Genuine, draws: Draws, others: Iterable[Genuine]) -> Attack:
    """Bend the print about its upright axis and turn it."""
    del others
    stage, script = Stage(draws), draw_script(draws)
    radius_mm = draws.between("bend_radius_mm", 70, 250)
    move = swing(draws, script)
    return _held(genuine, draws, stage, script, move, bend_per_mm=1 / radius_mm)


def swing(draws: Draws, script: Script) -> Move:
    """Return how a print is moved to look as if it did the acts."""
    turn_deg = draws.between("swing_deg", 20, 50)
    how = draws.one_of("blink_by", ("tipping", "bobbing", "shaking"))
    tip_deg = draws.between("tip_deg", 25, 55) if how == "tipping" else 0.0
    bob_mm = draws.between("bob_mm", 10, 35) if how != "tipping" else 0.0

    def move(at_s: float) -> Pose:
        blink = script.blinking(at_s, BOB_S)
        shake = math.sin(2 * math.pi * 9 * at_s) if how == "shaking" else 1.0
        return Pose(
            y_mm=bob_mm * blink * shake,
            z_mm=0,
            yaw_deg=turn_deg * script.turned(at_s),
            pitch_deg=tip_deg * blink,
        )

    return move


def held_at(draws: Draws, press: Press, lens: Lens) -> Pose:
    """Draw where the print's middle is held."""
    face_px = draws.between("face_px", *FACE_PX)
    near, far = DISTANCE_MM
    return Pose(
        x_mm=draws.between("x_mm", -25, 25),
        y_mm=draws.between("y_mm", -15, 15),
        z_mm=min(max(lens.focal_px * press.face_mm / face_px, near), far),
        yaw_deg=draws.between("yaw_deg", -5, 5),
        pitch_deg=draws.between("pitch_deg", -6, 6),
        roll_deg=draws.between("roll_deg", -4, 4),
    )


def texture_scale(lens: Lens) -> float:
    """Pixels per millimetre of a sheet that is seen from the middle distance."""
    return TEXTURE_SHARPER * lens.focal_px / (sum(DISTANCE_MM) / 2)


def shots(stage: Stage, layers: Layers, count: int) -> Iterator[Picture]:
    """Take pictures at the camera's pace."""
    return (stage.shoot(layers, number / stage.fps) for number in range(count))


def _held(
    genuine: Genuine,
    draws: Draws,
    stage: Stage,
    script: Script,
    move: Move,
    *,
    length_s: float | None = None,
    bend_per_mm: float = 0.0,
) -> Attack:
    press = draw_press(
        draws, px_per_mm=texture_scale(stage.lens), bend_per_mm=bend_per_mm
    )
    at = held_at(draws, press, stage.lens)
    sheet, hands = print_of(genuine.frontal, press), Hands(draws)

    def layers(at_s: float) -> Sequence[tuple[Sheet, Pose]]:
        return [(sheet, at.plus(hands.at(at_s)).plus(move(at_s)))]

    count = round((length_s or script.length_s) * stage.fps)
    return Attack(shots(stage, layers, count), count, stage.fps, script.acts)
