"""Makes of any photograph what a resident identity card's chip holds of it.

The chip's own picture is 102 × 126 pixels in about a kilobyte of a coding that only the
vendor's library knows (GA/T 490); JPEG pressed as hard stands in for it. Leaves to
others: finding the face, and what the portrait is used for.
"""

import cv2
import numpy as np

from likeness.core.seen import Box
from likeness.vision.look import Looker, decode
from likeness.vision.models import Pixels

WIDTH_PX = 102
HEIGHT_PX = 126
FACE_SHARE = 0.65  # of the height, from the upper forehead to the chin
MOST_BYTES = 1500
BEST_QUALITY = 95


def chip_portrait(picture: bytes, looker: Looker) -> bytes | None:
    """Return a JPEG of 102 × 126 pixels in at most 1,500 bytes.

    Args:
        picture: an encoded image; its most central large face is taken.
        looker: finds that face.

    Returns:
        None if it is no image or has no face.
    """
    image = decode(picture)
    if image is None:
        return None
    face = looker.find_portrait_box(image)
    return None if face is None else press(cut_out(image, face))


def cut_out(
    image: Pixels, face: Box, size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)
) -> Pixels:
    """Cut to `size` with the face in the middle, 65 % as high as the picture.

    What lies outside of `image` is filled with its border.
    """
    width_px, height_px = size
    height = face.height / FACE_SHARE
    scale = height_px / height
    width = width_px / scale
    left = round(face.x + (face.width - width) / 2)
    top = round(face.y + (face.height - height) / 2)
    part = _part(image, left, top, max(1, round(width)), max(1, round(height)))
    # Averaging when it becomes smaller: nothing is invented and nothing flickers.
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(part, (width_px, height_px), interpolation=how)
    return np.asarray(small, np.uint8)


def press(image: Pixels) -> bytes:
    """Encode as the best JPEG of at most 1,500 bytes."""
    for quality in range(BEST_QUALITY, 0, -1):
        options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        encoded = cv2.imencode(".jpg", image, options)[1]
        if encoded.size <= MOST_BYTES:
            break
    return encoded.tobytes()


def _part(image: Pixels, left: int, top: int, width: int, height: int) -> Pixels:
    rows = np.clip(np.arange(top, top + height), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(left, left + width), 0, image.shape[1] - 1)
    return np.asarray(image[rows[:, None], columns], np.uint8)
