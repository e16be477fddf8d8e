"""`likeness replay`: plays visit files and writes results.jsonl and report.html."""

import asyncio
import csv
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from likeness.errors import UsageError, one_line
from likeness.vision.manifest import Variant
from likeness.wiring import load_model_set

try:
    from likeness.bench.replay import Pace, Played, Studio
    from likeness.bench.replay_report import ResultsFile, summary, write_report
except ModuleNotFoundError as missing:
    raise UsageError(
        f"replay needs the bench extra ({missing.name} is missing):"
        " pip install 'likeness[bench]'"
    ) from missing
from likeness.bench.visit_file import PlannedVisit, find


@click.command("replay", help="Play visit files (or folders of them).")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…"
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for results.jsonl, report.html and the bench key.",
)
@click.option(
    "--speed",
    type=click.Choice(["max", "real"]),
    default="max",
    show_default=True,
    help="Both give the same verdicts.",
)
@click.option(
    "--models",
    "--dir",
    "models",
    type=click.Path(path_type=Path),
    help="Folder of the models; default: beside the program.",
)
@click.option("--variant", type=click.Choice(["w8", "f32"]), default="w8")
@click.option("--traces", is_flag=True, help="Also write what each frame said, as CSV.")
def command(
    paths: tuple[Path, ...],
    out: Path,
    speed: Pace,
    models: Path | None,
    variant: Variant,
    traces: bool,
) -> int:
    """Play, write, summarize; exit 0 when it has run, whatever the verdicts."""
    plans = find(list(paths))
    console = Console(stderr=True)
    results = ResultsFile(out)
    studio = Studio(load_model_set(models, variant), out / "keys", pace=speed)
    with Progress(console=console) as progress:
        task = progress.add_task("visits", total=len(plans))
        for plan in plans:
            played = asyncio.run(studio.play(plan, keep_seen=traces))
            _say_if_unplayable(plan, played, console)
            results.add(played.line())
            if traces:
                _write_trace(played, out / "traces" / f"{plan.id}.csv")
            progress.advance(task)
    results.close()
    report = write_report(results.lines, out)
    for row in summary(results.lines):
        click.echo(
            f"{row['label']} {row['species']}: {row['count']} visits,"
            f" {row['accepted']} accepted, {row['refused']} refused,"
            f" {row['referred']} referred (accepted 95 % interval"
            f" {row['low']:.3f}–{row['high']:.3f})"
        )
    click.echo(f"report: {report}")
    return 0


def _say_if_unplayable(plan: PlannedVisit, played: Played, console: Console) -> None:
    fault = plan.problem or (played.problem and f"{plan.id}: {played.problem}")
    if fault:
        # Names from outside may hold [brackets], or bytes that are no text.
        said = f"likeness: {one_line(fault)}"
        console.print(said, highlight=False, markup=False, soft_wrap=True)


def _write_trace(played: Played, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [
        "eye_left",
        "eye_right",
        "yaw_deg",
        "pitch_deg",
        "roll_deg",
        "presence",
        "sharpness",
        "brightness",
        "glare_left",
        "glare_right",
        "width_px",
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["captured_s", "frame", "faces", *names, "embedded"])
        for seen in played.seen:
            face = seen.face
            values = [f"{getattr(face, name):.4f}" for name in names] if face else []
            embedded = int(face is not None and face.embedding is not None)
            start = [f"{seen.captured_s:.4f}", seen.frame, seen.faces]
            rows.writerow([*start, *values, embedded] if face else start)
