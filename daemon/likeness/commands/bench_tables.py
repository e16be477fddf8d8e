"""Shows the figures of `likeness bench` as tables on the terminal."""

from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

WIDE_ENOUGH = 110  # columns: a narrow terminal or a file gets unbroken lines

Figures = dict[str, Any]  # of a JSON report: mixed values, hence Any


def show_match(figures: Figures) -> None:
    """A table for each group and each kind of impostor pairs, then the counts."""
    out = Console(highlight=False, markup=False)
    for name, group in {"all": figures["all"], **figures["groups"]}.items():
        out.print(_rates_table(f"{name}, pairs of the list", group["listed"]))
        if "all_pairs" in group:
            out.print(_rates_table(f"{name}, all cross-identity", group["all_pairs"]))
    out.width = max(out.width, WIDE_ENOUGH)
    out.print(_promises_table(figures["promises"]))
    whole = figures["all"]
    listed = whole["listed"]
    click.echo(
        f"{listed['genuine']} genuine and {listed['impostor']} impostor pairs;"
        f" {whole['pictures_without_face']} of {whole['pictures']} pictures without a"
        f" face: {listed['genuine_without_face']} genuine and"
        f" {listed['impostor_without_face']} impostor pairs count as non-matches"
    )
    click.echo(
        f"accuracy at the best threshold {listed['accuracy']['threshold']:.4f}:"
        f" {_percent(listed['accuracy'])} %"
    )


def _promises_table(rows: list[Figures]) -> Table:
    title = "false matches at the shipped thresholds, by group"
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    table.add_column("", no_wrap=True)
    for column in ("threshold", "promised %", "FMR %", "pairs", "kept"):
        table.add_column(column, justify="right")
    for row in rows:
        name = f"{row['group']}: {row['profile']}, {row['kind']}"
        promised, pairs = f"{100 * row['promised']:g}", f"{row['fmr']['tries']}"
        shown = (promised, _percent(row["fmr"]), pairs, row["kept"])
        table.add_row(name, f"{row['threshold']:.3f}", *shown)
    return table


def _rates_table(name: str, rates: Figures) -> Table:
    title = f"{name}: {rates['genuine']} genuine, {rates['impostor']} impostor pairs"
    table = Table("", title=title, title_justify="left", box=box.SIMPLE)
    for column in ("threshold", "FMR %", "FNMR %"):
        table.add_column(column, justify="right")
    points = {f"FMR {point['wanted']:g}": point for point in rates["at_fmr"]}
    for label, point in {**points, **rates["shipped"]}.items():
        if point.get("measurable", True):
            shares = (_percent(point["fmr"]), _percent(point["fnmr"]))
            table.add_row(label, f"{point['threshold']:.4f}", *shares)
        else:
            table.add_row(label, "", "not measurable", "")
    return table


def show_speed(figures: Figures) -> None:
    """One table for each runtime and variant; times are CPU milliseconds."""
    out = Console(highlight=False, markup=False)
    for one in figures["sets"]:
        title = f"{one['runtime']}, {one['variant']}: CPU ms"
        table = Table("", title=title, title_justify="left", box=box.SIMPLE)
        for column in ("median", "p95", "× reference"):
            table.add_column(column, justify="right")
        reference = {one["reference"]["name"]: {**one["reference"], "ratio": 1.0}}
        for name, cost in {**reference, **one["models"], **one["frames"]}.items():
            row = (cost["median"], cost["p95"], cost["ratio"])
            table.add_row(name, *(f"{value:.2f}" for value in row))
        out.print(table)
        cold, memory = one["cold_start"], one["peak_rss_mib"]
        first = cold["first_verification"]
        out.print(
            f"cold start to the first embedding {cold['wall_ms']:.0f} ms"
            f" ({cold['cpu_ms']:.0f} ms CPU); to the first verification at best"
            f" {first['wall_ms']:.0f} ms ({first['cpu_ms']:.0f} ms CPU); peak resident"
            f" {memory['first_embedding']:.0f} MiB then, {memory['all']:.0f} MiB"
            " with every network used"
        )


def show_boards(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """What is estimated for each board, and what was measured here."""
    table = Table(*heads, box=box.SIMPLE)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)


def _percent(rate: Figures) -> str:
    if rate["rate"] is None:
        return "no pairs"
    share, low, high = (f"{100 * rate[key]:.3g}" for key in ("rate", "low", "high"))
    return f"{share} ({low}–{high})"
