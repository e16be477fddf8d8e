"""Shows pictures on a phone or monitor: gamma, black level, pixels, backlight, bezel.

The pixels of a screen are finer than the camera's, so they are never drawn: what the
camera makes of such a grating is a slow beat (moiré), and that is computed exactly, by
taking the grating's sine at each camera pixel, weakened by the pixel's width and the
lens. Stripes of red, green and blue lie a third of a pixel apart, so the beat has
colours. A dimmed backlight flickers faster than frames; a rolling shutter sees bands.
Leaves to others: what is played, who holds it.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.scene import Pose, Sheet
from likeness.vision.detect import Floats, Picture

PHONES_MM = {"6.1in": (65.0, 141.0), "6.7in": (71.0, 154.0), "5.5in": (68.0, 121.0)}
MONITORS_MM = {"13in": (286.0, 179.0), "24in": (531.0, 299.0), "27in": (597.0, 336.0)}
PIXELS_PER_MM = {"6.1in": 18.1, "6.7in": 17.9, "5.5in": 15.8,
                 "13in": 6.7, "24in": 3.61, "27in": 3.22}  # fmt: skip
STRIPE = 1.65  # first harmonic of stripes that fill a third: 2 sinc(1/3)
GAPS = 0.35  # and of the dark gaps between rows
BEZEL = (30, 30, 30, 255)  # dark plastic; the last says that it covers
LEAST_BEAT = 0.003  # weaker ones drown in the noise


@dataclass(frozen=True, slots=True)
class Display:
    """One screen with its settings."""

    size_mm: tuple[float, float]
    bezel_mm: float
    pixels_per_mm: float
    brightness: float  # of its white, against white paper in the room's light
    black: float  # light of a black pixel, share of white
    gamma: float
    white: tuple[float, float, float]  # BGR
    veil: float  # the room's light that it throws back
    lag_s: float  # how long a pixel takes to change
    gloss: float
    gloss_deg: float
    dimmed_hz: float
    dimmed_depth: float
    row_s: float  # between rows of the camera's rolling shutter
    exposure_s: float
    fill: float  # share of a camera pixel that takes light
    lens_cycles: float  # per pixel, where the lens lets through a third


def draw_display(draws: Draws, kind: str, *, exposure_s: float, rows: int) -> Display:
    """Draw a screen; `kind` is "phone" or "monitor"."""
    sizes = PHONES_MM if kind == "phone" else MONITORS_MM
    name = draws.one_of("screen", tuple(sizes))
    matte = draws.one_of("screen_surface", ("matte", "glossy"))
    blue = draws.between("screen_blue", 0.95, 1.25)
    return Display(
        size_mm=sizes[name],
        bezel_mm=draws.between("bezel_mm", 2.0, 6.0 if kind == "phone" else 14.0),
        pixels_per_mm=PIXELS_PER_MM[name],
        brightness=draws.between("screen_brightness", 0.7, 2.0),
        black=draws.between("screen_black", 0.0005, 0.004),
        gamma=draws.between("screen_gamma", 2.0, 2.5),
        white=(blue, 1.0, 2 - blue),
        veil=draws.between("screen_veil", 0.004, 0.04),
        lag_s=draws.between("screen_lag_s", 0.002, 0.012),
        gloss=0.25 if matte == "glossy" else 0.02,
        gloss_deg=3.0 if matte == "glossy" else 15.0,
        dimmed_hz=draws.one_of("dimmed_hz", (100.0, 120.0, 200.0, 240.0, 480.0)),
        dimmed_depth=draws.between("dimmed_depth", 0.0, 0.5),
        row_s=draws.between("shutter_rolls_s", 0.012, 0.03) / rows,
        exposure_s=exposure_s,
        fill=draws.between("pixel_fill", 0.4, 0.95),
        lens_cycles=draws.between("lens_cycles_per_px", 0.5, 1.1),
    )


class Screen:
    """A display that plays; each picture becomes a sheet."""

    def __init__(
        self,
        display: Display,
        *,
        middle_px: tuple[float, float],
        mm_per_px: float,
        px_per_mm: float,
    ) -> None:
        """The recording's `middle_px` lies in the screen's middle, so many mm a px."""
        self._display = display
        self._px_per_mm = px_per_mm
        across, down = (side + 2 * display.bezel_mm for side in display.size_mm)
        self._size = (round(across * px_per_mm), round(down * px_per_mm))
        scale = mm_per_px * px_per_mm
        self._to_sheet = np.array(
            [
                [scale, 0, self._size[0] / 2 - scale * middle_px[0]],
                [0, scale, self._size[1] / 2 - scale * middle_px[1]],
            ],
            np.float32,
        )
        self._rim = round(display.bezel_mm * px_per_mm)
        steps = (np.arange(256) / 255) ** display.gamma
        glow = np.array(display.white) * display.brightness
        lit = (display.black + (1 - display.black) * steps)[:, None] * glow
        # One value a code and channel, with coverage as the fourth.
        cover = np.arange(256)[:, None] / 255
        table = np.hstack([lit + display.veil, cover])
        self._codes = np.asarray(table[None], np.float32)

    def show(self, picture: Picture, before: Picture, since_s: float) -> Sheet:
        """Return the sheet `since_s` after `picture` took the place of `before`."""
        display = self._display
        left = math.exp(-since_s / display.lag_s) if before is not picture else 0.0
        if left > 1 / 256:
            blended = cv2.addWeighted(picture, 1 - left, before, left, 0)
            picture = np.asarray(blended, np.uint8)
        fitted = cv2.warpAffine(picture, self._to_sheet, self._size)
        shown = cv2.cvtColor(fitted, cv2.COLOR_BGR2BGRA)
        rim = self._rim
        for edge in (np.s_[:rim], np.s_[-rim:], np.s_[:, :rim], np.s_[:, -rim:]):
            shown[edge] = BEZEL
        return Sheet(
            texture=np.asarray(shown, np.uint8),
            codes=self._codes,
            px_per_mm=self._px_per_mm,
            gloss=display.gloss,
            gloss_deg=display.gloss_deg,
            emits=True,
            finish=self._finish,
        )

    def _finish(
        self, shown: Floats, u: Floats, v: Floats, since: tuple[float, int]
    ) -> Floats:
        """Add the camera's view of pixels and backlight."""
        at_s, first_row = since
        rows = first_row + np.arange(shown.shape[0])
        shown = shown * self._bands(at_s + rows * self._display.row_s)[:, None, None]
        per_mm = self._display.pixels_per_mm
        for along, stripes in ((u, True), (v, False)):
            per_px = per_mm * _slope(along, across=stripes)
            contrast = self._passes(per_px) * (STRIPE if stripes else GAPS)
            if contrast < LEAST_BEAT:
                continue
            size = np.full_like(along, contrast)
            turns = along * np.float32(2 * math.pi * per_mm)
            across, up = cv2.polarToCart(size, turns)
            shifts = [2 * math.pi * colour / 3 * stripes for colour in range(3)]
            beats = [
                1 + (math.cos(shift) * across + math.sin(shift) * up)
                for shift in shifts
            ]
            shown *= cv2.merge(beats)
        return np.asarray(shown, np.float32)

    def _passes(self, per_px: float) -> float:
        """Share of a grating's contrast left after a pixel's width and the lens."""
        aperture = abs(float(np.sinc(per_px * self._display.fill)))
        return aperture * math.exp(-per_px / self._display.lens_cycles)

    def _bands(self, rows_s: Floats) -> Floats:
        display = self._display
        left = abs(float(np.sinc(display.dimmed_hz * display.exposure_s)))
        wave = np.cos(2 * math.pi * display.dimmed_hz * rows_s)
        return np.asarray(1 + display.dimmed_depth * left * wave, np.float32)


def _slope(along: Floats, *, across: bool) -> float:
    """Millimetres of the screen per camera pixel, in the picture's middle."""
    y, x = along.shape[0] // 2, along.shape[1] // 2
    step = (0, 1) if across else (1, 0)
    return abs(float(along[y + step[0], x + step[1]] - along[y, x]))


def fits(display: Display, picture: Picture, mm_per_px: float) -> float:
    """Return a scale at which the recording is not higher than a monitor."""
    return min(mm_per_px, display.size_mm[1] / picture.shape[0])


def upright(distance_mm: float, draws: Draws) -> Pose:
    """Return a screen's pose: at small angles, as one sets it up."""
    return Pose(
        x_mm=draws.between("x_mm", -25, 25),
        y_mm=draws.between("y_mm", -20, 20),
        z_mm=distance_mm,
        yaw_deg=draws.between("yaw_deg", -8, 8),
        pitch_deg=draws.between("pitch_deg", -6, 6),
        roll_deg=draws.between("roll_deg", -3, 3),
    )
