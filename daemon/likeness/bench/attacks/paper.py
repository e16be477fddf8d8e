"""Prints a picture: ink and paper instead of light, with hands that hold the sheet.

A print has less colour and less contrast than a screen: the darkest ink still reflects
some percent, the paper less than all. Dots of 150 lines per inch are finer than a VGA
camera resolves at arm's length, so of halftone only what survives a pixel's own width
is painted: grain, and the bands of the print head. Leaves to others: moving the sheet.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from likeness.bench.attacks import light
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Shot, face_width_px
from likeness.bench.attacks.scene import Sheet
from likeness.vision.detect import Floats, Picture

PAPERS_MM = {"a4": (210, 297), "a5": (148, 210), "photo_13x18": (130, 180)}
FACE_SHARE = (0.5, 0.66)  # of the paper's width
MARGIN_MM = 28.0  # around the paper, for the hands
CHEEK = 50  # landmark whose colour hands take


@dataclass(frozen=True, slots=True)
class Press:
    """One printer with its paper: everything that all prints of one attack share."""

    paper_mm: tuple[float, float]
    face_mm: float
    px_per_mm: float
    dullness: float  # share of colour that is lost; < 0: a driver that makes it vivid
    black: float  # reflectance of full ink
    white: tuple[float, float, float]  # of the paper, BGR
    gain: float  # exponent: dots grow on paper
    grain: float
    bands: float
    band_mm: float
    gloss: float
    gloss_deg: float
    bend_per_mm: float
    seed: int


def draw_press(draws: Draws, *, px_per_mm: float, bend_per_mm: float = 0.0) -> Press:
    """Draw a printer and paper: matte copy paper to glossy photo paper."""
    paper = PAPERS_MM[draws.one_of("paper", tuple(PAPERS_MM))]
    share = draws.between("face_share_of_paper", *FACE_SHARE)
    glossy = draws.one_of("surface", ("matte", "satin", "glossy"))
    gloss, width = {"matte": (0.0, 30), "satin": (0.12, 14), "glossy": (0.5, 6)}[glossy]
    white = draws.between("paper_white", 0.72, 0.9)
    blue = draws.between("paper_blue", 0.95, 1.06)
    return Press(
        paper_mm=paper,
        face_mm=min(share * paper[0], 150.0),
        px_per_mm=px_per_mm,
        dullness=draws.between("colour_lost", -0.3, 0.2),
        black=draws.between("ink_black", 0.006, 0.035),
        white=(white * blue, white, white / blue),
        gain=draws.between("dot_gain_exponent", 0.95, 1.35),
        grain=draws.between("grain", 0.005, 0.025),
        bands=draws.between("head_bands", 0.0, 0.02),
        band_mm=draws.between("head_band_mm", 3.0, 12.0),
        gloss=gloss,
        gloss_deg=width,
        bend_per_mm=bend_per_mm,
        seed=int(draws.rng.integers(1 << 31)),
    )


def print_of(
    shot: Shot, press: Press, *, holes: Floats | None = None, hands: bool = True
) -> Sheet:
    """Print the head and shoulders of a shot; the face lies in the paper's middle.

    Args:
        shot: what is printed; needs a face.
        press: printer and paper.
        holes: height × width of the shot, 1 where it is cut out.
        hands: paint hands at the edges.
    """
    to_sheet = layout(shot, press)
    width, height = size_px(press)
    picture = cv2.warpAffine(
        light.to_linear(shot.picture), to_sheet, (width, height),
        flags=cv2.INTER_AREA if to_sheet[0, 0] < 1 else cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(1.0, 1.0, 1.0),
    )  # fmt: skip
    cover = _paper_cover(press)
    if holes is not None:
        cover *= 1 - cv2.warpAffine(holes, to_sheet, (width, height))
    inked = _ink(np.clip(np.asarray(picture, np.float32), 0, 1), press)
    texture = np.dstack([inked * cover[:, :, None], cover]).astype(np.float32)
    if hands:
        _hold(texture, press, skin(shot))
    return Sheet(
        texture=texture,
        px_per_mm=press.px_per_mm,
        bend_per_mm=press.bend_per_mm,
        gloss=press.gloss,
        gloss_deg=press.gloss_deg,
    )


def size_px(press: Press) -> tuple[int, int]:
    """Width and height of the sheet's picture, hands' margin included."""
    width, height = (
        round((side + 2 * MARGIN_MM) * press.px_per_mm) for side in press.paper_mm
    )
    return width, height


def layout(shot: Shot, press: Press) -> Floats:
    """2×3 from the shot's pixels to the sheet's: face in the middle, size as drawn."""
    scale = press.face_mm / face_width_px(shot) * press.px_per_mm
    points = shot.landmarks[:, :2]
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    width, height = size_px(press)
    return np.array(
        [
            [scale, 0, width / 2 - scale * middle[0]],
            [0, scale, height / 2 - scale * middle[1]],
        ],
        np.float32,
    )


def _paper_cover(press: Press) -> Floats:
    width, height = size_px(press)
    margin = round(MARGIN_MM * press.px_per_mm)
    cover = np.zeros((height, width), np.float32)
    cover[margin : height - margin, margin : width - margin] = 1
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.6), np.float32)


def _ink(picture: Floats, press: Press) -> Floats:
    """Reflectance of the printed picture."""
    rng = np.random.default_rng(press.seed)
    grey = light.luma(picture)[:, :, None]
    dull = picture + press.dullness * (grey - picture)
    dull = np.maximum(dull, 0) ** press.gain
    height, width = picture.shape[:2]
    rows = np.arange(height) / press.px_per_mm / press.band_mm
    bands = press.bands * np.sin(2 * np.pi * rows)[:, None, None]
    grain = press.grain * rng.standard_normal((height, width, 1))
    inked = np.clip(dull * (1 + bands + grain), 0, 1)
    white = np.array(press.white, np.float32)
    return np.asarray(press.black + (white - press.black) * inked, np.float32)


def skin(shot: Shot) -> Floats:
    """Return the colour of a cheek, linear BGR."""
    x, y = (int(value) for value in shot.landmarks[CHEEK, :2])
    patch: Picture = shot.picture[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5]
    if patch.size == 0:
        return np.array([0.2, 0.3, 0.45], np.float32)
    return np.asarray(np.median(light.to_linear(patch), axis=(0, 1)), np.float32)


def _hold(texture: Floats, press: Press, skin: Floats) -> None:
    """Paint two hands: thumbs on the paper, the rest beside it."""
    rng = np.random.default_rng(press.seed + 1)
    height, width = texture.shape[:2]
    px = press.px_per_mm
    margin = MARGIN_MM * px
    behind = 1 - _paper_cover(press)
    for side in (-1, 1):
        y = rng.uniform(0.45, 0.85) * height
        edge = margin if side < 0 else width - margin
        reach = rng.uniform(8, 20) * px
        tone = skin * rng.uniform(0.75, 1.05)
        for finger in range(4):  # behind the paper, seen beside it
            at = (edge + side * 8 * px, y + (finger - 1.5) * 17 * px)
            _finger(texture, at, (26 * px, 9 * px), side * -8.0, tone * 0.8, behind)
        _finger(texture, (edge - side * (reach - 22 * px), y), (24 * px, 9.5 * px),
                side * 20.0, tone)  # fmt: skip


def _finger(
    texture: Floats,
    at: tuple[float, float],
    axes: tuple[float, float],
    angle: float,
    tone: Floats,
    within: Floats | None = None,
) -> None:
    mask = np.zeros(texture.shape[:2], np.float32)
    middle, sizes = [round(value) for value in at], [round(value) for value in axes]
    cv2.ellipse(mask, middle, sizes, angle, 0, 360, (1.0,), -1, cv2.LINE_AA)
    round_ = cv2.GaussianBlur(mask, (0, 0), max(axes[1] / 3, 0.8))
    lit = (0.45 + 0.55 * round_)[:, :, None] * tone
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.8), np.float32)
    mask = (mask if within is None else mask * within)[:, :, None]
    texture[:, :, :3] = texture[:, :, :3] * (1 - mask) + lit * mask
    texture[:, :, 3:] = texture[:, :, 3:] * (1 - mask) + mask
