"""Takes visits' films apart, so that two machines see the very same pixels.

    python -m arm64.pixels VISITS OUT

OpenCV's FFmpeg converts a film's colours with other instructions on each processor. A
camera has no film, and pictures decode to the same bytes everywhere: BMP here, since
nothing is quicker under an emulator. Each visit gets a file of the same name in OUT, a
folder of its pictures beside it and their capture times. They are faces: delete OUT.
Leaves to others: playing them.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2

from likeness.bench.visit_file import PlannedVisit, VisitFile, find
from likeness.edges.recorded import frames
from replays import write_visit


@dataclass(frozen=True, slots=True)
class Pictures:
    """A folder of pictures and the file of their times."""

    folder: Path
    times: Path


def take_apart(plan: PlannedVisit, file: VisitFile, out: Path) -> Pictures:
    """Write every picture that the visit plays."""
    made = Pictures(out / "pictures", out / "times.txt")
    made.folder.mkdir(parents=True, exist_ok=True)
    captured: list[float] = []
    played = frames(plan.video, fps=file.fps, start_s=file.start_s, end_s=file.end_s)
    for frame in played:
        path = made.folder / f"{len(captured):05d}.bmp"
        if not cv2.imwrite(str(path), frame.image):
            raise OSError(f"{path}: could not be written")
        captured.append(frame.captured_s)
    # To the last digit: a rule that asks for half a second may meet it exactly.
    lines = [f"{one!r}\n" for one in captured]
    made.times.write_text("".join(lines), encoding="ascii")
    return made


def write_all(visits: Path, out: Path) -> int:
    """Write each visit and its pictures; return how many visits."""
    planned = find([visits])
    for plan in planned:
        if plan.file is None or plan.portrait is None:
            raise ValueError(f"{plan.id}: {plan.problem or 'has no portrait'}")
        folder = out / plan.id
        made = take_apart(plan, plan.file, folder)
        write_visit(
            folder.with_suffix(".toml"),
            made.folder.resolve(),
            portrait=plan.portrait.resolve(),
            acts=plan.file.acts and tuple(act.value for act in plan.file.acts),
            more=f'start_s = {plan.file.start_s!r}\ntimes = "{made.times.resolve()}"',
            label=plan.file.expect.label,
            profile=plan.file.profile,
        )
    return len(planned)


def main() -> int:
    """Write them; say how many."""
    if len(sys.argv) != 3:
        sys.stderr.write("usage: python -m arm64.pixels VISITS OUT\n")
        return 2
    count = write_all(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(f"{count} visits, taken apart, in {sys.argv[2]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
