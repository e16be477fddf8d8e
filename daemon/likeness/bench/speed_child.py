"""Measures one runtime and one variant of the models, in a process of its own.

Started by bench/speed.py with a job as JSON; answers with JSON on stdout. It imports
vision and little else, so that its cold start and its memory are vision's own. Times
are CPU times of the whole process, all threads. Leaves to others: what it is told to
measure, and comparing.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Any, get_args

import cv2
import msgspec
import numpy as np

from likeness.core.matching import cosine
from likeness.core.seen import EmbedWhen
from likeness.errors import LikenessError
from likeness.vision.detect import Picture
from likeness.vision.look import Looker
from likeness.vision.manifest import Role, Variant, read_manifest
from likeness.vision.models import ModelSet, golden_picture, load_models
from likeness.vision.runtimes import RuntimeName

Numbers = dict[str, Any]  # answered as JSON: nested numbers, hence Any
Work = Callable[[Picture], object]

ROLES: tuple[Role, ...] = get_args(Role)
REFERENCE = "reference"
MODEL = "model "  # begins the name of a model alone
OUR_MESH = "our mesh model alone"
VGA = (640, 480)
# What other programs call a comparison: detect, align, embed a frame never seen before.
COMPARISON = "comparison 640x480"
ENROLMENT = "enrolment 640x480"  # the same for a portrait: done once, so with more care
AT_VGA = (COMPARISON, ENROLMENT)
ANY_POSE = EmbedWhen(max_yaw_deg=180.0, max_pitch_deg=180.0)
FIRST_PASS = 5  # frames of each part after which memory is taken
WARM_UP = 3  # frames at the start of each part that are not counted


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure: the frames are BGR bytes, one after another."""

    models: str
    variant: Variant
    runtime: RuntimeName
    threads: int
    frames: str
    width: int
    height: int
    rounds: int  # 0: only the cold start
    started_ns: int  # monotonic time at which this process was asked for


def run(job: Job) -> Numbers:
    """Measure; raise LikenessError when a model cannot be used."""
    models = load_models(Path(job.models), job.variant, job.threads, job.runtime)
    looker = Looker(models)
    frame = to_vga(next(frames_of(job)))
    portrait = looker.embed_picture(frame)
    first_embedding = _spent(job)
    view = looker.look(frame, captured_s=0.0, frame=0, embed=ANY_POSE).face
    live = None if view is None else view.embedding
    seen = portrait is not None and live is not None
    if portrait is not None and live is not None:
        cosine(portrait, live)
    answer: Numbers = {
        "face": seen,
        "start": first_embedding,
        "verified": _spent(job),
        "runtime": str(models.runtime),
    }
    if seen and job.rounds:
        answer |= _rounds(job, models)
    return answer


def _spent(job: Job) -> Numbers:
    """What this process took up to now."""
    return {
        "wall_ms": (time.monotonic_ns() - job.started_ns) / 1e6,
        "cpu_ms": time.process_time_ns() / 1e6,
        "peak_rss_mib": _peak_rss_mib(),
    }


def _rounds(job: Job, models: ModelSet) -> Numbers:
    """Run every part in turn, several times, each right after the reference.

    A busy moment, or a processor that slows down, so hits both sides of a ratio.
    """
    parts = parts_of(job, models)
    for name, part in parts.items():
        _times(job, name, part, FIRST_PASS)
    # Taken before the reference is loaded: its memory is not ours.
    peak_rss_mib = _peak_rss_mib()
    reference_name, reference = _mediapipe() or (OUR_MESH, parts[f"{MODEL}mesh"])
    theirs: list[float] = []
    ours: dict[str, list[float]] = {name: [] for name in parts}
    ratios: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(job.rounds):
        for name, part in parts.items():
            theirs += (before := _times(job, REFERENCE, reference))
            ours[name] += (times := _times(job, name, part))
            ratios[name].append(median(times) / median(before))
    return {
        "peak_rss_all_mib": peak_rss_mib,
        "reference": {"name": reference_name, **_summary(theirs)},
        "parts": {
            name: {**_summary(ours[name]), "ratio": median(ratios[name])}
            for name in parts
        },
    }


def parts_of(job: Job, models: ModelSet) -> dict[str, Work]:
    """Return each model alone and each kind of frame, by name."""
    return {**_models_alone(job, models), **_frame_kinds(models)}


def _models_alone(job: Job, models: ModelSet) -> dict[str, Work]:
    manifest = read_manifest(Path(job.models))

    def alone(role: Role) -> Work:
        model = getattr(models, role)
        picture = golden_picture(manifest.entry(role).input)
        return lambda _: model.see(picture)

    return {f"{MODEL}{role}": alone(role) for role in ROLES}


def _frame_kinds(models: ModelSet) -> dict[str, Work]:
    """What a frame costs, depending on what is asked of it; a follower for each.

    All frames carry one capture time, so that a followed face is never counted anew.
    """

    def tracked(*, eyes: bool, embed: EmbedWhen | None = None) -> Work:
        looker = Looker(models)
        return lambda image: looker.look(
            image, captured_s=0.0, frame=0, eyes=eyes, embed=embed
        )

    def in_a_visit() -> Work:
        looker, numbers = Looker(models), count()

        def look(image: Picture) -> object:
            # Texture four times a second, of 28 frames; depth where a face is turned.
            texture = next(numbers) % 7 == 0
            return looker.look(
                image,
                captured_s=0.0,
                frame=0,
                eyes=True,
                passive=texture,
                parallax=True,
            )

        return look

    def anew(*, embed: EmbedWhen | None) -> Work:
        looker = Looker(models)

        def look(image: Picture) -> object:
            looker.forget()
            return looker.look(image, captured_s=0.0, frame=0, eyes=False, embed=embed)

        return look

    return {
        "tracked frame": tracked(eyes=False),
        "tracked frame, eyes": tracked(eyes=True),
        "tracked frame as in a visit": in_a_visit(),
        "tracked frame, eyes, embedding": tracked(eyes=True, embed=ANY_POSE),
        "detection frame": anew(embed=None),
        COMPARISON: anew(embed=ANY_POSE),
        ENROLMENT: Looker(models).embed_picture,
    }


def _mediapipe() -> tuple[str, Work] | None:
    """MediaPipe's own tracker of one face, as its users run it on a video."""
    try:
        import mediapipe  # noqa: PLC0415 - heavy, and measured only if it is there
    except ImportError:
        return None
    mesh = mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=False, max_num_faces=1, refine_landmarks=False
    )
    name = f"MediaPipe FaceMesh {mediapipe.__version__}"
    return name, lambda image: mesh.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def _times(job: Job, name: str, work: Work, at_most: int | None = None) -> list[float]:
    """CPU milliseconds of each frame after the first few."""
    times = []
    for frame in islice(frames_of(job), at_most):
        image = to_vga(frame) if name in AT_VGA else frame
        begun = time.process_time_ns()
        work(image)
        times.append((time.process_time_ns() - begun) / 1e6)
    return times[WARM_UP:]


def frames_of(job: Job) -> Iterator[Picture]:
    """Read one frame at a time into one buffer: a recording is no memory of ours."""
    image = np.empty((job.height, job.width, 3), np.uint8)
    with Path(job.frames).open("rb") as file:
        while file.readinto(image.data) == image.nbytes:
            yield image


def to_vga(image: Picture) -> Picture:
    """Scale to 640×480; a frame of another shape is stretched."""
    return np.asarray(cv2.resize(image, VGA, interpolation=cv2.INTER_LINEAR), np.uint8)


def _summary(times: list[float]) -> Numbers:
    p95 = float(np.percentile(times, 95))
    return {"median": median(times), "p95": p95, "runs": len(times)}


def _peak_rss_mib() -> float:
    """Largest resident memory of this process, from the kernel's own account.

    Not getrusage: its figure is inherited from the process that started this one.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise LikenessError("/proc/self/status names no VmHWM: this kernel cannot tell")


def main() -> int:
    """Answer one job."""
    try:
        answer = run(msgspec.json.decode(sys.argv[1], type=Job))
    except LikenessError as fault:
        answer = {"fault": str(fault)}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
