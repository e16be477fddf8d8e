"""Runs a soak and writes what it found: samples.jsonl, soak.json, soak.html.

    cd tests
    python -m soak.soak --visits 10000 --out ../out/soak
    python -m soak.soak --real-time --minutes 60 --out ../out/hour

Exit code 0: all is flat and kept; 1: something grows, or was lost.
"""

import argparse
import os
import platform
import sys
from pathlib import Path

import cv2

from likeness.bench.chip_portrait import chip_portrait
from likeness.edges.recorded import frames
from likeness.edges.store import DAY_S, Retention
from likeness.parts import load_model_set
from likeness.vision.look import Looker
from likeness.vision.manifest import BUILT, PICTURES, models_dir
from soak import fake_days, real_hour, seen_clip, soak_page
from soak.stage import Plan

CLIP, STRANGER = "carphone.mp4", "obama.jpg"
PORTRAIT_AT_S = 1.5  # of the clip: he looks ahead
FRAMES = 380
KEEP_DAYS = 1  # the least that can be configured
BETWEEN_S = 25.0
REAL_DECODER_EVERY = 20
EVERY = 100  # visits, a sample
PLAYED = (
    "on the soak's clock; real: the reader's driver, the rules, the recorder, the"
    " database, the outbox, the line, mosquitto, the carrier; played: the reader's"
    " device, the camera, and what the models said of one clip"
)
REAL = (
    "in real time: likeness run with real models, likeness carrier run, mosquitto; a"
    " clip for a camera, a simulated reader"
)


def plan_of(
    folder: Path,
    *,
    retention: Retention,
    most_frames: int,
    between_s: float,
    real_decoder_every: int,
) -> Plan:
    """Look once at the clip and at both portraits, with the real models."""
    pictures = models_dir() / BUILT / PICTURES
    looker = Looker(load_model_set(None))
    shot = next(iter(frames(pictures / CLIP, start_s=PORTRAIT_AT_S)))
    still = cv2.imencode(".png", shot.image)[1].tobytes()
    own = chip_portrait(still, looker)
    other = chip_portrait((pictures / STRANGER).read_bytes(), looker)
    assert own is not None
    assert other is not None
    return Plan(
        folder=folder,
        pictures=fake_days.pictures_for(folder / "cards", own, other),
        clip=seen_clip.look_once(
            looker, pictures / CLIP, [own, other], most=most_frames
        ),
        retention=retention,
        between_s=between_s,
        real_decoder_every=real_decoder_every,
    )


def main() -> int:
    """Run one soak, or only write its report again."""
    given = _arguments()
    folder: Path = given.out
    if not given.report_only:
        _run(given, folder)
    about = {
        "source": given.source or soak_page.commit(),
        "played": REAL if given.real_time else PLAYED,
        "machine": f"{os.cpu_count()} CPUs, Python {platform.python_version()}",
        "note": given.note,
    }
    found = soak_page.write(folder, about=about)
    for one in found:
        word = "flat" if one.flat else "NOT FLAT"
        sys.stdout.write(f"{word}: {one.name}: {one.found}; bound: {one.bound}\n")
    return 0 if all(one.flat for one in found) else 1


def _run(given: argparse.Namespace, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if given.real_time:
        pictures = models_dir() / BUILT / PICTURES
        real_hour.run(folder, pictures, minutes=given.minutes, seed=given.seed)
        return
    plan = plan_of(
        folder,
        retention=Retention(keep_s=KEEP_DAYS * DAY_S),
        most_frames=FRAMES,
        between_s=BETWEEN_S,
        real_decoder_every=REAL_DECODER_EVERY,
    )
    fake_days.run(plan, given.visits, every=given.every, seed=given.seed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=EVERY)
    parser.add_argument("--real-time", action="store_true")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--report-only", action="store_true")
    parser.add_argument("--source", default="", help="a commit, if git does not know")
    parser.add_argument("--note", default="", help="what else went on")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
