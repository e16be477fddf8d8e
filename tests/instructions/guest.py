"""Runs inside qemu-user: each part of vision so many times, with marks between.

Told by JSON on the command line (`Order`); answers on stdout with the names of the
parts in the order of their marks. Leaves to others: counting (`counter.c`), arithmetic
(`count.py`).
"""

import ctypes
import json
import sys
from itertools import islice
from pathlib import Path

import cv2
import msgspec
import numpy as np

from likeness.bench import speed_child
from likeness.vision.models import load_models

MARK = 0x6C696B65
WARM_UP = 3


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to run: `frames` BGR frames of each part after a few that do not count."""

    job: speed_child.Job
    frames: int
    parts: tuple[str, ...] = ()  # empty: all


def main(text: str) -> None:
    """Run every part between two marks."""
    order = msgspec.json.decode(text, type=Order)
    job = order.job
    cv2.setNumThreads(1)
    prctl = ctypes.CDLL(None).prctl
    models = load_models(Path(job.models), job.variant, job.threads, job.runtime)
    parts = {
        name: part
        for name, part in speed_child.parts_of(job, models).items()
        if not order.parts or name in order.parts
    }
    parts["nothing"] = lambda _image: None
    frames = [np.copy(one) for one in islice(speed_child.frames_of(job), order.frames)]
    vga = [speed_child.to_vga(one) for one in frames]
    for number, (name, part) in enumerate(parts.items()):
        pictures = vga if name in speed_child.AT_VGA else frames
        for image in pictures[:WARM_UP]:
            part(image)
        prctl(MARK, 2 * number, 0, 0, 0)
        for image in pictures:
            part(image)
        prctl(MARK, 2 * number + 1, 0, 0, 0)
    told = {
        "parts": list(parts),
        "frames": len(frames),
        "runtime": str(models.runtime),
        "fast_kernels": models.mesh.has_fast_kernels,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
