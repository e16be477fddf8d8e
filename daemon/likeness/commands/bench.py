"""`likeness bench`: measure on recorded material."""

from contextlib import closing
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from likeness import __version__
from likeness.bench import embed as embedding
from likeness.bench import match as matching
from likeness.bench import speed as measuring
from likeness.bench.embedding_cache import (
    Embedded,
    EmbeddingCache,
    Wanted,
    embed_each,
    made_by,
)
from likeness.bench.match import CardSide
from likeness.bench.pair_list import Identities, find_pictures, read_pairs
from likeness.core import profile
from likeness.errors import UsageError
from likeness.vision.look import Looker
from likeness.vision.manifest import BUILT, PICTURES, Variant, models_dir
from likeness.vision.models import ModelSet
from likeness.wiring import load_model_set

Figures = dict[str, Any]  # of a JSON report: mixed values, hence Any


@click.group("bench", help="Measure on recorded material.")
def command() -> None:
    """Choose a measurement."""


_root = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder that the list's paths are below.",
)
_models = click.option(
    "--dir",
    "models",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the models; default: beside the program.",
)
_variant = click.option(
    "--variant",
    type=click.Choice(["w8", "f32"]),
    default="w8",
    show_default=True,
    help="Weights of eight bits, or as they were trained.",
)


@command.command("embed", help="Embed every picture of a list into an npz file.")
@_root
@click.option(
    "--list",
    "names",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A text file with one path per line.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The npz file: paths, found, embeddings (dot product = match score).",
)
@click.option("--card", is_flag=True, help="The pictures are card portraits.")
@_models
@_variant
def embed(
    root: Path,
    names: Path,
    out: Path,
    card: bool,
    models: Path | None,
    variant: Variant,
) -> None:
    """A picture without a face is a row of zeros and a line on stderr."""
    _must_be_folder(root)
    lines = embedding.read_list(names)
    looker = Looker(load_model_set(models, variant))
    console = _console()
    results = []
    with Progress(console=console) as progress:
        task = progress.add_task("pictures", total=len(lines))
        for result in embedding.embed(lines, root, looker, card=card):
            if result.problem:
                console.print(f"likeness: {result.problem}")
            results.append(result)
            progress.advance(task)
    embedding.write(results, out)
    found = sum(result.embedding is not None for result in results)
    click.echo(f"{found} of {len(results)} embedded: {out}")


@command.command("match", help="Error rates of the match on a list of picture pairs.")
@_root
@click.option(
    "--pairs",
    "names",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="CSV with the columns a,b,same; optional: group, identity_a, identity_b.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for match.json, scores.csv, match.html; keeps embeddings to resume.",
)
@click.option(
    "--card-side",
    type=click.Choice(["a", "b"]),
    help="This side becomes a chip portrait: 102×126 pixels in 1.5 kB.",
)
@click.option(
    "--all-pairs", is_flag=True, help="Impostors also over all cross-identity pairs."
)
@click.option(
    "--identity",
    type=click.Choice(["columns", "folder"]),
    help="Who is who: the identity columns (--all-pairs takes them if nothing is"
    " said), or the name of a picture's folder.",
)
@click.option(
    "--profile",
    "policy",
    default="standard",
    show_default=True,
    help="The policy whose thresholds are judged.",
)
@_models
@_variant
def match(
    *,
    root: Path,
    names: Path,
    out: Path,
    card_side: CardSide | None,
    all_pairs: bool,
    identity: Identities | None,
    policy: str,
    models: Path | None,
    variant: Variant,
) -> None:
    """Embed what is not embedded yet, measure, write; the figures go to stdout, too."""
    report = _match_report()
    _must_be_folder(root)
    judged = profile.named(policy)
    pairs = read_pairs(names, identity or ("columns" if all_pairs else None))
    find_pictures(pairs, root)
    model_set = load_model_set(models, variant)
    faces = _embed_all(matching.wanted(pairs, card_side), root, out, model_set)
    scored = matching.score(pairs, faces, card_side)
    measure = partial(
        matching.measure, faces=faces, card_side=card_side, policy=judged,
        all_pairs=all_pairs,
    )  # fmt: skip
    whole = measure(scored)
    groups = {name: measure(group) for name, group in matching.groups(scored).items()}
    figures = {
        "list": names.name,
        "card_side": card_side,
        "software": __version__,
        "variant": variant,
        "runtime": str(model_set.runtime),
        "models": dict(model_set.digests),
        "profile": policy,
        "thresholds": {"accept": judged.accept_score, "refer": judged.refer_score},
        "all": whole.figures,
        "groups": {name: group.figures for name, group in groups.items()},
    }
    report.write_scores(scored, out)
    report.write_json(figures, out)
    page = report.write_page(figures, scored, whole, groups, out)
    show_match(figures)
    click.echo(f"report: {page}")


@command.command("speed", help="CPU per model and per frame, memory, cold start.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The JSON file for the figures.",
)
@click.option(
    "--feed",
    type=click.Path(path_type=Path),
    help="A recording that begins with a face; default: the demonstration's clip.",
)
@click.option(
    "--frames",
    type=click.IntRange(measuring.FEWEST_FRAMES),
    default=40,
    show_default=True,
    help="How many of its first frames are taken.",
)
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True)
@_models
def speed(
    out: Path, feed: Path | None, frames: int, threads: int, models: Path | None
) -> None:
    """Run each runtime and variant in fresh processes, against one reference."""
    folder = models or models_dir()
    feed = feed or folder / BUILT / PICTURES / measuring.CLIP
    if not feed.exists():
        raise UsageError(f"{feed}: no such recording; give one with --feed")
    plan = measuring.Plan(folder, feed, frames, threads)
    with Progress(console=_console()) as progress:
        task = progress.add_task("processes", total=plan.processes)
        figures = measuring.measure(plan, lambda: progress.advance(task))
    measuring.write(figures, out)
    show_speed(figures)
    click.echo(f"figures: {out}")


def _embed_all(
    wanted: list[Wanted], root: Path, out: Path, models: ModelSet
) -> dict[Wanted, Embedded]:
    faces = {}
    console = _console()
    cache = EmbeddingCache(out / "embeddings.jsonl", made_by(models))
    with closing(cache), Progress(console=console) as progress:
        task = progress.add_task("pictures", total=len(wanted))
        for one, embedded in embed_each(wanted, root, Looker(models), cache):
            faces[one] = embedded
            if embedded.problem:
                console.print(f"likeness: {root / one[0]}: {embedded.problem}")
            progress.advance(task)
    return faces


def _match_report() -> ModuleType:
    """Import what draws, or say which extra is missing."""
    try:
        from likeness.bench import match_report
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"bench match needs the bench extra ({missing.name} is missing):"
            " pip install 'likeness[bench]'"
        ) from missing
    return match_report


def show_match(figures: Figures) -> None:
    """A table for each group and each kind of impostor pairs, then the counts."""
    out = Console(highlight=False, markup=False)
    for name, group in {"all": figures["all"], **figures["groups"]}.items():
        out.print(_rates_table(f"{name}, pairs of the list", group["listed"]))
        if "all_pairs" in group:
            out.print(_rates_table(f"{name}, all cross-identity", group["all_pairs"]))
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
        out.print(
            f"cold start to the first embedding {cold['wall_ms']:.0f} ms"
            f" ({cold['cpu_ms']:.0f} ms CPU); peak resident"
            f" {memory['first_embedding']:.0f} MiB then, {memory['all']:.0f} MiB"
            " with every network used"
        )


def _percent(rate: Figures) -> str:
    if rate["rate"] is None:
        return "no pairs"
    share, low, high = (f"{100 * rate[key]:.3g}" for key in ("rate", "low", "high"))
    return f"{share} ({low}–{high})"


def _console() -> Console:
    """Make the place for progress and problems: stderr, each line as it is."""
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def _must_be_folder(root: Path) -> None:
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder")
