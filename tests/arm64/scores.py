"""What the networks say of single pictures, on this machine: a line of JSON for each.

    python -m arm64.scores --runtime tflite --pictures LIST --out FILE.jsonl

A line of LIST is a picture's path; or a film's, a tab, and seconds into it. Machines
decode films with a little difference: PNG shows the networks alone. What FILE has is
not done again: a stopped run goes on. Leaves to others: comparing two machines.
"""

import argparse
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from likeness.core.seen import EmbedWhen, Face
from likeness.edges.recorded import frames
from likeness.vision.detect import Picture
from likeness.vision.look import Looker, decode
from likeness.vision.manifest import models_dir
from likeness.vision.models import load_models
from likeness.vision.runtimes import RUNTIMES

ANY_POSE = EmbedWhen(max_yaw_deg=90, max_pitch_deg=90)
APART_S = (
    60.0  # on the looker's clock: each picture is searched as if it were the first
)


def opened(name: str) -> Picture:
    """Return one line of the list as BGR; raise if there is no picture."""
    path, _, at_s = name.partition("\t")
    if at_s:
        shot = next(iter(frames(Path(path), start_s=float(at_s))))
        return np.asarray(shot.image, np.uint8)
    picture = decode(Path(path).read_bytes())
    if picture is None:
        raise SystemExit(f"{path}: no picture")
    return picture


def line_of(name: str, face: Face | None) -> dict[str, object]:
    """Return what is compared; without a face only that there is none."""
    line: dict[str, object] = {"picture": name, "face": face is not None}
    if face is None:
        return line
    return line | {
        "embedding": face.embedding,
        "yaw_deg": face.yaw_deg,
        "pitch_deg": face.pitch_deg,
        "eye_left": face.eye_left,
        "eye_right": face.eye_right,
        "presence": face.presence,
        "passive": face.passive,
    }


def scored(looker: Looker, names: list[str]) -> Iterator[dict[str, object]]:
    """Look at each picture of a list."""
    for number, name in enumerate(names):
        looker.forget()
        seen = looker.look(
            opened(name),
            captured_s=number * APART_S,
            frame=number,
            embed=ANY_POSE,
            passive=True,
        )
        yield line_of(name, seen.face)


def main() -> None:
    """Score a list of pictures."""
    parser = argparse.ArgumentParser(prog="arm64.scores")
    parser.add_argument("--runtime", choices=sorted(RUNTIMES), required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    former = asked.out.read_text("utf-8").splitlines() if asked.out.exists() else []
    done = {json.loads(line)["picture"] for line in former}
    names = asked.pictures.read_text("utf-8").splitlines()
    models = load_models(models_dir(), runtime=asked.runtime)
    sys.stdout.write(f"{platform.machine()}: {models.runtime}\n")
    with asked.out.open("a", encoding="utf-8") as out:
        for line in scored(Looker(models), [one for one in names if one not in done]):
            out.write(json.dumps(line) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
