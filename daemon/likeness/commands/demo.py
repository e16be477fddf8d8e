"""`likeness demo`: one accepted and one refused visit, nothing else needed."""

from pathlib import Path

import click

from likeness.commands import options
from likeness.errors import UsageError

EXIT_NO = 1


@click.command("demo")
@options.models
def command(models: Path | None) -> int:
    """Play both visits; exit 1 if one does not come out as it must."""
    try:
        from likeness import demo
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"demo needs the bench and carrier extras ({missing.name} is missing):"
            " pip install 'likeness[bench,carrier]'"
        ) from missing
    return 0 if demo.run(models, click.echo) else EXIT_NO
