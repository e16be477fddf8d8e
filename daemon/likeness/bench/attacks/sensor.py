"""What a shop camera makes of light: lens blur, Bayer mosaic, noise, tone, sharpening.

Photon and read noise are added before demosaicing, so that they are coloured as a
camera's are. Leaves to others: the scene, and storing the pictures.
"""

import cv2
import numpy as np

from likeness.bench.attacks import light
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.scene import Lens
from likeness.vision.detect import Floats, Picture

FULL = 65535
# Grains of noise laid out once; each frame takes them from another place.
BANK = 64


class Sensor:
    """One camera with its own blur, noise and tone; frames in order."""

    def __init__(self, draws: Draws, lens: Lens) -> None:
        self._lens = lens
        self._rng = draws.rng
        self._blur_px = draws.between("lens_blur_px", 0.45, 1.1)
        self._photon = draws.between("photon_noise", 0.006, 0.03)
        self._read = draws.between("read_noise", 0.001, 0.004)
        self._white = np.array(
            [draws.between("blue_gain", 0.92, 1.08), 1.0,
             draws.between("red_gain", 0.92, 1.08)], np.float32,
        )  # fmt: skip
        self._tone = _tone(draws.between("tone_contrast", 0.1, 0.6))
        self._sharpen = draws.between("sharpening", 0.1, 0.7)
        self._colour_blur_px = draws.between("colour_blur_px", 0.5, 1.4)
        self._target = draws.between("exposed_to", 0.17, 0.30)
        self._gain: float | None = None
        shape = (lens.height + BANK, lens.width + BANK)
        self._grain = self._rng.standard_normal(shape, np.float32)

    def meter(self, scene: Floats, part: Floats) -> None:
        """Set the exposure once, on the light within `part` (weights 0..1)."""
        weight = float(part.sum())
        mean = float((light.luma(scene) * part).sum()) / max(weight, 1.0)
        self._gain = self._target / max(mean, 0.01)

    def record(self, scene: Floats) -> Picture:
        """Turn linear light (height × width × 3) into a BGR picture."""
        blurred = cv2.GaussianBlur(scene, (0, 0), self._blur_px)
        raw = self._mosaic(np.asarray(blurred, np.float32))
        raw += self._noise() * cv2.sqrt(raw * self._photon**2 + self._read**2)
        counts = np.clip(raw * np.float32(FULL), 0, FULL).astype(np.uint16)
        colour = cv2.cvtColor(counts, cv2.COLOR_BayerBG2BGR)
        return self._finish(np.asarray(self._tone[colour], np.uint8))

    def _mosaic(self, scene: Floats) -> Floats:
        """Keep one colour at each place: red and green, then green and blue."""
        raw = np.empty(scene.shape[:2], np.float32)
        blue, green, red = (self._white * np.float32(self._gain or 1.0)).tolist()
        raw[0::2, 0::2] = scene[0::2, 0::2, 2] * red
        raw[0::2, 1::2] = scene[0::2, 1::2, 1] * green
        raw[1::2, 0::2] = scene[1::2, 0::2, 1] * green
        raw[1::2, 1::2] = scene[1::2, 1::2, 0] * blue
        return raw

    def _noise(self) -> Floats:
        y, x = self._rng.integers(BANK, size=2)
        flip = 1 if self._rng.integers(2) else -1
        part = self._grain[y : y + self._lens.height, x : x + self._lens.width]
        return np.asarray(part[::flip], np.float32)

    def _finish(self, picture: Picture) -> Picture:
        """Smooth colour and sharpen brightness, as small cameras do."""
        parts = cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb)
        grey, red, blue = cv2.split(parts)
        soft = cv2.GaussianBlur(grey, (0, 0), 1.2)
        grey = cv2.addWeighted(grey, 1 + self._sharpen, soft, -self._sharpen, 0)
        width = self._colour_blur_px
        red, blue = (cv2.GaussianBlur(one, (0, 0), width) for one in (red, blue))
        whole = cv2.cvtColor(cv2.merge([grey, red, blue]), cv2.COLOR_YCrCb2BGR)
        return np.asarray(whole, np.uint8)


def _tone(contrast: float) -> Picture:
    """A table from counts to codes: lights roll off, darks deepen a little."""
    scene = np.linspace(0, 1, FULL + 1, dtype=np.float32)
    curved = scene * scene * (3 - 2 * scene)
    return light.to_picture(scene + np.float32(contrast) * (curved - scene))
