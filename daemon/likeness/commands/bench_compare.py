"""`likeness bench compare`: two replays of the same visits, side by side."""

from pathlib import Path

import click

from likeness.bench import compare as comparing
from likeness.errors import UsageError

SHOWN = 20


@click.command("compare", help="Two replays (two models or policies) side by side.")
@click.argument("a", type=click.Path(path_type=Path, file_okay=False))
@click.argument("b", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for compare.html and compare.json.",
)
def command(*, a: Path, b: Path, out: Path) -> int:
    """A and B are --out folders of `likeness replay`."""
    try:
        from likeness.bench import compare_report
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"bench compare needs the bench extra ({missing.name} is missing):"
            " pip install 'likeness[bench]'"
        ) from missing
    first, second = comparing.read_replay(a), comparing.read_replay(b)
    about = {"about": {"a": str(a), "b": str(b)}}
    figures = {**about, **comparing.figures(first, second)}
    page = compare_report.write_report(figures, first, second, out)
    for one in figures["changed"][:SHOWN]:
        click.echo(
            f"{one['id']} ({one['label']}): {_said(one['a'])} → {_said(one['b'])}"
        )
    click.echo(f"{len(figures['changed'])} of {figures['visits']} visits changed")
    click.echo(f"report: {page}")
    return 0


def _said(one: dict[str, object]) -> str:
    reasons = one["reasons"]
    why = f" {', '.join(reasons)}" if isinstance(reasons, list) and reasons else ""
    return f"{one['verdict']}{why}"
