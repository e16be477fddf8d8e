"""Portraits for simulated chips: a picture file, or a drawing, in the form asked for.

A drawn portrait is nobody: circles on a ground. Also pictures that must not be opened.
Leaves to others: the record around the picture (emrtd_files).
"""

import io

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from likeness.simulators.emrtd_files import ImageForm

SIZE = (360, 480)  # pixels, as passports commonly have it
RATE = 34  # JPEG 2000 is smaller than raw by this: about 15 kB
JPEG_QUALITY = 70
HUGE = 65_500  # pixels each way, of a picture that is a bomb
_CODESTREAM = bytes.fromhex("FF4FFF51")
_FRAME = b"\xff\xc0"  # of a baseline JPEG


def portrait(
    source: bytes, form: ImageForm, size: tuple[int, int] = SIZE, *, grey: bool = False
) -> bytes:
    """Encode a picture file's content, cut to `size`; empty: a drawn one.

    Raises:
        ValueError: it is no picture that can be opened.
    """
    try:
        picture = Image.open(io.BytesIO(source)) if source else _drawn(size)
        fitted = ImageOps.fit(picture.convert("L" if grey else "RGB"), size)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as problem:
        raise ValueError("portrait: is no picture that can be opened") from problem
    encoded = io.BytesIO()
    if form is ImageForm.JPEG:
        fitted.save(encoded, "JPEG", quality=JPEG_QUALITY)
    else:
        fitted.save(
            encoded,
            "JPEG2000",
            no_jp2=form is ImageForm.J2K,
            quality_mode="rates",
            quality_layers=[RATE],
            irreversible=True,
        )
    return encoded.getvalue()


def bomb(form: ImageForm) -> bytes:
    """Return a small file that claims to be a picture of billions of pixels."""
    small = bytearray(portrait(b"", form, (16, 16)))
    if form is ImageForm.JPEG:
        at = small.index(_FRAME) + 5  # behind marker, length and precision
        small[at : at + 4] = HUGE.to_bytes(2) * 2
        return bytes(small)
    at = small.index(_CODESTREAM) + 8  # behind SOC, SIZ, its length and capabilities
    small[at : at + 8] = HUGE.to_bytes(4) * 2
    small[at + 16 : at + 24] = HUGE.to_bytes(4) * 2  # one tile
    if (header := small.find(b"ihdr")) >= 0:
        small[header + 4 : header + 12] = HUGE.to_bytes(4) * 2
    return bytes(small)


def _drawn(size: tuple[int, int]) -> Image.Image:
    width, height = size
    picture = Image.new("RGB", size, (206, 214, 222))
    draw = ImageDraw.Draw(picture)

    def oval(x: float, y: float, wide: float, high: float, colour: str) -> None:
        box = (x - wide, y - high, x + wide, y + high)
        edges = [side * (width, height)[at % 2] for at, side in enumerate(box)]
        draw.ellipse(edges, fill=colour)

    oval(0.5, 1.05, 0.45, 0.3, "#3a4a5c")
    oval(0.5, 0.45, 0.27, 0.3, "#c9a184")
    for side in (-0.1, 0.1):
        oval(0.5 + side, 0.4, 0.04, 0.02, "#222222")
    oval(0.5, 0.6, 0.09, 0.02, "#8a4a44")
    return picture
