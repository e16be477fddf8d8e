"""`likeness bench screen`: how fast the visitor's screen is, and what it costs."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from likeness.bench.speed import write
from likeness.commands import options
from likeness.errors import UsageError

Figures = dict[str, Any]  # of a JSON report: mixed values, hence Any


@click.command("screen", help="The visitor's screen in a chromium: delays, CPU.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The JSON file for the figures.",
)
@click.option(
    "--visits",
    type=click.IntRange(1, 100),
    default=4,
    show_default=True,
    help="So many are played.",
)
@options.models
def command(out: Path, visits: int, models: Path | None) -> None:
    """Play simulated visits into the real daemon and a browser without a window."""
    try:
        from likeness.bench import screen as measuring
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"bench screen needs the bench extra ({missing.name} is missing):"
            " pip install 'likeness[bench]'"
        ) from missing
    console = Console(file=sys.stderr, highlight=False, markup=False)
    with Progress(console=console) as progress:
        task = progress.add_task("visits", total=visits)
        figures = asyncio.run(
            measuring.measure(visits, models, lambda: progress.advance(task))
        )
    write(figures, out)
    _show(figures)
    click.echo(f"figures: {out}")


def _missed(missed: bool) -> str:
    return ", missed" if missed else ""


def _show(figures: Figures) -> None:
    rows = Table("", "measured", "target", box=box.SIMPLE)
    for name in ("prompt_to_painted", "captured_to_drawn"):
        one = figures[name]
        rows.add_row(
            name.replace("_", " "),
            f"p50 {one['p50_ms']} ms, p95 {one['p95_ms']} ms ({one['count']})",
            f"{one['target_ms']} ms{_missed(one['p95_ms'] > one['target_ms'])}",
        )
    preview = figures["preview_fps"]
    too_few = _missed(preview["value"] < preview["target"])
    rows.add_row(
        "preview",
        f"{preview['value']} frames/s",
        f"{preview['target']:.0f}{too_few}",
    )
    rows.add_row("vision", f"{figures['vision_fps']} frames/s", "")
    rows.add_row("daemon", f"{figures['daemon_cpu_cores']} cores", "")
    rows.add_row("chromium", f"{figures['page_cpu_cores']} cores", "")
    out = Console(highlight=False, markup=False)
    out.print(rows)
    out.print(
        f"{figures['browser']} on {figures['processor']}, {figures['cores']} cores;"
        f" {figures['how']}"
    )
