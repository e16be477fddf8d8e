"""`likeness replay`: plays visit files and writes results.jsonl and report.html."""

import asyncio
import csv
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from likeness import __version__
from likeness.commands import options
from likeness.errors import UsageError, one_line
from likeness.parts import load_model_set
from likeness.recording.opening import Opened, opened
from likeness.vision.manifest import Variant
from likeness.vision.models import ModelSet

try:
    from likeness.bench.replay import Pace, Played, Studio
    from likeness.bench.replay_figures import summary
    from likeness.bench.replay_files import ReplayFiles
    from likeness.bench.replay_report import write_report
except ModuleNotFoundError as missing:
    raise UsageError(
        f"replay needs the bench extra ({missing.name} is missing):"
        " pip install 'likeness[bench]'"
    ) from missing
from likeness.bench.visit_file import PlannedVisit, find

STOPPED = 1


@dataclass(frozen=True, slots=True)
class Beside:
    """Folders for what one may want to look at beside the results; None: not wanted."""

    traces: Path | None
    transcripts: Path | None

    def write(self, played: Played) -> None:
        """Write what is wanted of one visit."""
        name = played.plan.id
        if self.traces is not None:
            _write_trace(played, self.traces / f"{name}.csv")
        if self.transcripts is not None and played.transcript:
            path = self.transcripts / f"{name}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\n".join(played.transcript) + b"\n")


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
@options.models
@options.variant
@click.option(
    "--profile",
    "policy",
    help="This policy for all visits, in place of the one that each file names.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Keep what a former run in this folder gave, where nothing has changed since.",
)
@click.option(
    "--record-key",
    type=click.Path(path_type=Path),
    help="The bench's private key, for sealed recordings (*.visit.jwe).",
)
@click.option("--traces", is_flag=True, help="Also write what each frame said, as CSV.")
@click.option(
    "--transcripts",
    is_flag=True,
    help="Also write each visit's events, without personal data: 'diagnostics replay'"
    " plays them to the rules alone.",
)
def command(
    *,
    paths: tuple[Path, ...],
    out: Path,
    speed: Pace,
    models: Path | None,
    variant: Variant,
    policy: str | None,
    resume: bool,
    traces: bool,
    transcripts: bool,
    record_key: Path | None,
) -> int:
    """Play, write, summarize; exit 0 when it has run, whatever the verdicts."""
    beside = Beside(
        traces=out / "traces" if traces else None,
        transcripts=out / "transcripts" if transcripts else None,
    )
    with opened(paths, record_key) as there:
        return _replay(there, out, speed, models, variant, policy, resume, beside)


def _replay(
    there: Opened,
    out: Path,
    speed: Pace,
    models: Path | None,
    variant: Variant,
    policy: str | None,
    resume: bool,
    beside: Beside,
) -> int:
    plans = find(there.paths, there.films)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if there.left_out:
        console.print(
            f"likeness: sealed recordings left out: {there.left_out};"
            " --record-key opens them"
        )
    if there.on_disk:
        console.print(
            f"likeness: {there.on_disk} holds the films in clear until the end: memory"
            " (/dev/shm) has no room for them; play fewer at once"
        )
    model_set = load_model_set(models, variant)
    studio = Studio(model_set, out / "keys", pace=speed, policy=policy)
    inputs = {plan.id: studio.inputs(plan) for plan in plans}
    files = ReplayFiles(out, inputs, resume=resume)
    if resume:
        _say_what_was_kept(files, len(plans), console)
    try:
        _play(plans, studio, files, console, beside)
    except KeyboardInterrupt:
        console.print(
            f"likeness: stopped after {len(files.lines)} of {len(plans)} visits;"
            " the same command with --resume goes on from here"
        )
        return STOPPED
    files.close()
    about = {"about": _about(model_set, inputs)}
    report = write_report(files.lines, files.tracks, about, out)
    for row in summary(files.lines):
        click.echo(
            f"{row['label']} {row['species']}: {row['count']} visits,"
            f" {row['accepted']} accepted, {row['refused']} refused,"
            f" {row['referred']} referred (accepted 95 % interval"
            f" {row['low']:.3f}–{row['high']:.3f})"
        )
    click.echo(f"report: {report}")
    return 0


def _play(
    plans: list[PlannedVisit],
    studio: Studio,
    files: ReplayFiles,
    console: Console,
    beside: Beside,
) -> None:
    columns = (*Progress.get_default_columns()[:3], MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("visits", total=len(plans), completed=len(files.kept))
        for plan in plans:
            if plan.id in files.kept:
                continue
            played = asyncio.run(studio.play(plan, keep_seen=beside.traces is not None))
            _say_if_unplayable(plan, played, console)
            files.add(played.line(), played.timeline)
            beside.write(played)
            progress.advance(task)


def _about(models: ModelSet, inputs: dict[str, dict[str, str]]) -> dict[str, str]:
    """What the figures hold for."""
    policies = {one["policy"].split()[0] for one in inputs.values() if one}
    return {
        "software": __version__,
        "models": f"{models.variant} under {models.runtime}",
        "profile": ", ".join(sorted(policies)),
    }


def _say_what_was_kept(files: ReplayFiles, visits: int, console: Console) -> None:
    said = f"likeness: {len(files.kept)} of {visits} visits are kept"
    for what, count in files.changed.most_common():
        said += f"; {what} has changed for {count}"
    console.print(said)


def _say_if_unplayable(plan: PlannedVisit, played: Played, console: Console) -> None:
    fault = plan.problem or (played.problem and f"{plan.id}: {played.problem}")
    if fault:
        console.print(f"likeness: {one_line(fault)}")


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
