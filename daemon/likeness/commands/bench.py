"""`likeness bench`: measure on recorded material."""

from contextlib import closing
from functools import partial
from pathlib import Path
from types import ModuleType

import click
from rich.console import Console
from rich.progress import Progress

from likeness import __version__
from likeness.bench import board_speed
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
from likeness.bench.line_file import try_place
from likeness.bench.match import CardSide
from likeness.bench.pair_list import Identities, find_pictures, read_lists
from likeness.bench.promise import promises, shipped_profiles
from likeness.commands import bench_attacks, bench_pairs, bench_tables, options
from likeness.commands.bench_acts import command as acts
from likeness.commands.bench_compare import command as compare
from likeness.commands.bench_presentation import command as presentation
from likeness.commands.bench_screen import command as screen
from likeness.core import profile
from likeness.errors import UsageError
from likeness.parts import load_model_set
from likeness.vision.look import Looker
from likeness.vision.manifest import BUILT, PICTURES, Variant, models_dir
from likeness.vision.models import ModelSet


@click.group("bench", help="Measure on recorded material.")
def command() -> None:
    """Choose a measurement."""


command.add_command(bench_attacks.command)
command.add_command(bench_pairs.command)


@command.command("embed", help="Embed every picture of a list into an npz file.")
@options.root
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
@options.models
@options.variant
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
    try_place(out)
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
@options.root
@click.option(
    "--pairs",
    "lists",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    multiple=True,
    help="CSV with the columns a,b,same; optional: group, identity_a, identity_b."
    " Of several lists each is a group of its own, unless it names groups.",
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
@options.models
@options.variant
def match(
    *,
    root: Path,
    lists: tuple[Path, ...],
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
    pairs = read_lists(lists, identity or ("columns" if all_pairs else None))
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
        "list": ", ".join(names.name for names in lists),
        "card_side": card_side,
        **_circumstances(model_set, judged),
        "all": whole.figures,
        "groups": {name: group.figures for name, group in groups.items()},
        "promises": promises(
            {name: one.widest for name, one in (groups or {"all": whole}).items()},
            shipped_profiles(),
        ),
    }
    report.write_scores(scored, out)
    report.write_json(figures, out)
    page = report.write_page(figures, scored, whole, groups, out)
    bench_tables.show_match(figures)
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
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Of the networks.",
)
@click.option(
    "--board-table",
    is_flag=True,
    help="Also set it beside what is estimated for each board (daemon/BOARDS.md).",
)
@options.models
def speed(
    out: Path,
    feed: Path | None,
    frames: int,
    threads: int,
    board_table: bool,
    models: Path | None,
) -> None:
    """Run each runtime and variant in fresh processes, against one reference."""
    folder = models or models_dir()
    feed = feed or folder / BUILT / PICTURES / measuring.CLIP
    if not feed.exists():
        raise UsageError(f"{feed}: no such recording; give one with --feed")
    try_place(out)
    plan = measuring.Plan(folder, feed, frames, threads)
    with Progress(console=_console()) as progress:
        task = progress.add_task("processes", total=plan.processes)
        figures = measuring.measure(plan, lambda: progress.advance(task))
    measuring.write(figures, out)
    bench_tables.show_speed(figures)
    if board_table:
        bench_tables.show_boards(board_speed.heads(figures), board_speed.rows(figures))
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


def _circumstances(models: ModelSet, policy: profile.Profile) -> dict[str, object]:
    """What figures hold for."""
    return {
        "software": __version__,
        "variant": models.variant,
        "runtime": str(models.runtime),
        "models": dict(models.digests),
        "profile": policy.name,
        "thresholds": {"accept": policy.accept_score, "refer": policy.refer_score},
    }


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


def _console() -> Console:
    """Make the place for progress and problems: stderr, each line as it is."""
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def _must_be_folder(root: Path) -> None:
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder")


command.add_command(acts)
command.add_command(compare)
command.add_command(presentation)
command.add_command(screen)
