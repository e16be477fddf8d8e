"""`likeness demo`: one accepted and one refused visit, nothing else needed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from likeness.commands import options
from likeness.errors import UsageError

if TYPE_CHECKING:
    from likeness.demo_cards import Card, Over

EXIT_NO = 1


@click.command("demo")
@options.models
@click.option(
    "--card",
    type=click.Choice(("sdt", "emrtd")),
    default="sdt",
    show_default=True,
    help="A resident identity card, or a card with an ICAO 9303 chip.",
)
@click.option(
    "--over",
    type=click.Choice(("pn532", "pcsc")),
    help="With --card emrtd: how the chip is read, by a simulated PN532, or by pcscd"
    " with a virtual reader.  [default: pn532]",
)
@click.option(
    "--screen",
    is_flag=True,
    help="Serve the visitor's page too, to watch both visits in a browser.",
)
def command(
    models: Path | None, card: "Card", over: "Over | None", *, screen: bool
) -> int:
    """Play both visits; exit 1 if one does not come out as it must."""
    if over is not None and card != "emrtd":
        raise UsageError("--over is for --card emrtd")
    try:
        from likeness import demo
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"demo needs more than a terminal ({missing.name} is missing):"
            " pip install 'likeness[bench,carrier,chip]'"
        ) from missing
    well = demo.run(models, click.echo, card, over or "pn532", screen=screen)
    return 0 if well else EXIT_NO
