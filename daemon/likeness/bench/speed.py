"""Measures what vision costs: CPU per model and per frame, memory, cold start.

Each runtime and variant runs in fresh processes (bench/speed_child.py), one after
another. Ratios are to a reference that runs right before, in the same process:
MediaPipe's own FaceMesh if it is installed, else our mesh model alone. Milliseconds of
two machines, or of two hours, do not compare; ratios do. Leaves to others: showing it.
"""

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import msgspec

from likeness import __version__
from likeness.bench import board_speed
from likeness.bench.line_file import write_whole
from likeness.bench.speed_child import MODEL, Job
from likeness.edges.recorded import USUAL_FPS, frames
from likeness.errors import FeedUnreadable, LikenessError, UsageError
from likeness.vision.manifest import Variant
from likeness.vision.runtimes import Runtime, find_runtime, installed_runtimes

Figures = dict[str, Any]  # a JSON report: mixed values, hence Any

VARIANTS: tuple[Variant, ...] = get_args(Variant)
CLIP = "carphone.mp4"  # among the built pictures
FEWEST_FRAMES = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure with; `frames` is how many of the feed's first are taken."""

    models: Path
    feed: Path
    frames: int = 40
    threads: int = 1
    cold_starts: int = 3
    rounds: int = 3
    runtimes: tuple[Runtime, ...] = field(
        default_factory=lambda: tuple(installed_runtimes())
    )
    variants: tuple[Variant, ...] = VARIANTS

    @property
    def processes(self) -> int:
        """How many are started, one after another."""
        return len(self.runtimes) * len(self.variants) * (self.cold_starts + 1)


def measure(plan: Plan, done: Callable[[], None]) -> Figures:
    """Measure every runtime and variant; `done` is called after each process.

    Raises:
        UsageError: the feed cannot be used.
        ModelError: no runtime is installed.
        LikenessError: a model cannot be used, or a process died.
    """
    find_runtime()
    board = board_speed.here()
    with tempfile.TemporaryDirectory(prefix="likeness-speed-") as folder:
        raw = Path(folder) / "frames"
        count, width, height = _unpack(plan, raw)
        sets = [
            _one_set(plan, runtime, variant, (raw, width, height), done)
            for runtime in plan.runtimes
            for variant in plan.variants
        ]
    return {
        "software": __version__,
        "processor": _processor(),
        "board": board_speed.after(board),
        "threads": plan.threads,
        "feed": {"name": plan.feed.name, "frames": count, "size": [width, height]},
        "sets": sets,
    }


def write(figures: Figures, out: Path) -> None:
    """Write the figures, whole or not at all.

    Raises:
        UsageError: it cannot be written there.
    """
    write_whole(out, json.dumps(figures, indent=1) + "\n")


def _unpack(plan: Plan, raw: Path) -> tuple[int, int, int]:
    """Write the feed's first frames as BGR bytes; return count, width, height.

    Decoding is no part of vision: no process that is measured does it.
    """
    count, height, width = 0, 0, 0
    try:
        with raw.open("wb") as file:
            fps = USUAL_FPS if plan.feed.is_dir() else None
            for frame in islice(frames(plan.feed, fps=fps), plan.frames):
                size = frame.image.shape[:2]
                if count and size != (height, width):
                    raise UsageError(f"{plan.feed}: its frames are not of one size")
                height, width = size
                file.write(frame.image.tobytes())
                count += 1
    except FeedUnreadable as problem:
        raise UsageError(str(problem)) from problem
    if count < FEWEST_FRAMES:
        raise UsageError(
            f"{plan.feed}: {count} frames are too few; {FEWEST_FRAMES} are needed"
        )
    return count, width, height


def _one_set(
    plan: Plan,
    runtime: Runtime,
    variant: Variant,
    raw: tuple[Path, int, int],
    done: Callable[[], None],
) -> Figures:
    answers = []
    for rounds in [0] * plan.cold_starts + [plan.rounds]:
        answers.append(_child(_job(plan, runtime, variant, raw, rounds)))
        if not answers[-1]["face"]:
            raise UsageError(
                f"{plan.feed}: no face in its first frame; give one that begins with it"
            )
        done()
    last = answers[-1]
    parts = last["parts"]
    return {
        "runtime": last["runtime"],
        "variant": variant,
        "cold_start": {
            "runs": len(answers),
            "wall_ms": statistics.median(a["start"]["wall_ms"] for a in answers),
            "cpu_ms": statistics.median(a["start"]["cpu_ms"] for a in answers),
            "first_verification": {
                # The least of several starts: what a busy machine adds is not ours.
                "wall_ms": min(a["verified"]["wall_ms"] for a in answers),
                "cpu_ms": min(a["verified"]["cpu_ms"] for a in answers),
            },
        },
        "peak_rss_mib": {
            "first_embedding": max(a["start"]["peak_rss_mib"] for a in answers),
            "all": last["peak_rss_all_mib"],
        },
        "reference": last["reference"],
        "models": {
            name.removeprefix(MODEL): cost
            for name, cost in parts.items()
            if name.startswith(MODEL)
        },
        "frames": {n: cost for n, cost in parts.items() if not n.startswith(MODEL)},
    }


def _job(
    plan: Plan,
    runtime: Runtime,
    variant: Variant,
    raw: tuple[Path, int, int],
    rounds: int,
) -> Job:
    path, width, height = raw
    return Job(
        models=str(plan.models),
        variant=variant,
        runtime=runtime.name,
        threads=plan.threads,
        frames=str(path),
        width=width,
        height=height,
        rounds=rounds,
        started_ns=time.monotonic_ns(),
    )


def _child(job: Job) -> Figures:
    """Run one fresh process and return its answer."""
    program = [sys.executable, "-m", "likeness.bench.speed_child"]
    # Our own interpreter and module; the job is ours, too.
    done = subprocess.run(  # noqa: S603
        [*program, msgspec.json.encode(job).decode()],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise LikenessError(
            f"{job.runtime} with {job.variant}: the measuring process ended with"
            f" {done.returncode}: {said}"
        )
    answer: Figures = json.loads(done.stdout.splitlines()[-1])
    if "fault" in answer:
        raise LikenessError(answer["fault"])
    return answer


def _processor() -> str:
    """Name the processor, from /proc/cpuinfo where that names one."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()
