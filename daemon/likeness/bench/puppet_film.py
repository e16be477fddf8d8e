"""A film of a still picture that blinks and turns, again and again; nobody moved there.

For photos of the screen and for measuring it, where no person may be shown: the face is
a public picture, warped by the puppet that also makes simulated attacks. Leaves to
others: who plays the film, and as what.
"""

import math
from pathlib import Path

import cv2
import numpy as np

from likeness.bench.attacks.genuine import Shot
from likeness.bench.attacks.puppet import Puppet
from likeness.errors import FeedUnreadable
from likeness.vision.detect import Picture
from likeness.vision.look import Looker, decode

FPS = 25.0
SIZE_PX = (640, 480)
FACE_SHARE = 0.42  # of the film's height: an arm's length from a terminal
CYCLE_S = 6.0
BLINKS_S = (1.2, 3.6)  # in each cycle: when the lids begin to fall
BLINK_S = 0.32
TURNS = ((1.9, 1.0), (4.3, -1.0))  # when each begins, and to which side
TURN_S = 1.3
TURN_DEG = 24.0


def make(
    still: Path,
    to: Path,
    looker: Looker,
    *,
    size: tuple[int, int] = SIZE_PX,
    fps: float = FPS,
    cycles: int = 3,
) -> Path:
    """Write the film and return where it is.

    Args:
        still: a picture with one large face.
        to: the film, .avi; JPEG frames, so that each decodes alone.
        looker: finds the face.
        size: width and height in pixels.
        fps: pictures a second.
        cycles: of CYCLE_S seconds each; both acts of each kind in all of them.

    Raises:
        FeedUnreadable: the picture has no face, or the film cannot be written.
    """
    puppet = Puppet(_shot(framed(still, looker, size=size), still, looker))
    out = cv2.VideoWriter(str(to), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
    if not out.isOpened():
        raise FeedUnreadable(f"{to}: this OpenCV cannot write a film")
    cycle = [_pose(puppet, n / fps) for n in range(round(CYCLE_S * fps))]
    for _ in range(cycles):
        for picture in cycle:
            out.write(picture)
    out.release()
    return to


def framed(
    still: Path,
    looker: Looker,
    *,
    size: tuple[int, int] = SIZE_PX,
    share: float = FACE_SHARE,
) -> Picture:
    """Cut the picture to a film's size, with the face so high in its middle."""
    image = decode(still.read_bytes())
    face = None if image is None else looker.find_portrait_box(image)
    if image is None or face is None:
        raise FeedUnreadable(f"{still}: no face in it")
    width, height = size
    scale = share * height / face.height
    middle = (face.x + face.width / 2, face.y + face.height / 2)
    to_film = np.array(
        [
            [scale, 0, width / 2 - scale * middle[0]],
            [0, scale, height / 2 - scale * middle[1]],
        ]
    )
    film = cv2.warpAffine(
        image, to_film, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(film, np.uint8)


def _shot(picture: Picture, still: Path, looker: Looker) -> Shot:
    looker.forget()
    seen = looker.look(picture, captured_s=0.0, frame=0)
    looker.forget()
    if seen.face is None:
        raise FeedUnreadable(f"{still}: no face in it")
    return Shot(0.0, picture, seen.face)


def _pose(puppet: Puppet, at_s: float) -> Picture:
    # A living head is never quite still; whole waves, so that cycles join.
    sway = math.sin(2 * math.pi * at_s / CYCLE_S)
    turn = sum(side * _bump(at_s - begin, TURN_S) for begin, side in TURNS)
    shut = sum(_bump(at_s - begin, BLINK_S) for begin in BLINKS_S)
    return puppet.pose(TURN_DEG * turn + sway, shut, 0.6 * sway)


def _bump(since_s: float, length_s: float) -> float:
    """0 .. 1 .. 0 over its length, soft at both ends."""
    if not 0 < since_s < length_s:
        return 0.0
    return math.sin(math.pi * since_s / length_s) ** 2
