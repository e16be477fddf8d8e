"""`likeness reader`: a simulated card reader, and card files for it.

Leaves to others: the protocol and its faults (simulators), the driver (service).
"""

import contextlib
import signal
import time
from pathlib import Path
from typing import get_args

import click

from likeness.errors import UsageError
from likeness.simulators import card_file
from likeness.simulators.sdt import SdtSimulator
from likeness.simulators.sdt_reader import BAUDS, SdtCard

LIFTED_S = 1.0  # between two layings of the same card


@click.group("reader")
def command() -> None:
    """Simulate a card reader."""


@command.command()
@click.option(
    "--card",
    "card_path",
    type=click.Path(path_type=Path),
    required=True,
    help="Card file (TOML); `likeness reader card` writes one.",
)
@click.option(
    "--link",
    type=click.Path(path_type=Path),
    help="Symbolic link to the device: a stable name for reader.path.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[:TIMES][@COMMAND]",
    help="Misbehave, e.g. bad-xor:2, silent@3001, status-41:1; may be repeated.",
)
@click.option(
    "--baud",
    type=click.Choice([str(baud) for baud in BAUDS]),
    help="Spread bytes as this speed would; without it they leave at once.",
)
@click.option(
    "--hold",
    "hold_s",
    type=click.FloatRange(min=0.1),
    help="Take the card away after so many seconds.",
)
@click.option(
    "--relay-every",
    "relay_every_s",
    type=click.FloatRange(min=2 * LIFTED_S),
    help="Lift the card for a second and lay it again, every so many seconds.",
)
@click.option(
    "--power-up",
    "power_up_s",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Stay silent for so many seconds after power-up.",
)
def simulate(
    card_path: Path,
    link: Path | None,
    faults: tuple[str, ...],
    baud: str | None,
    hold_s: float | None,
    relay_every_s: float | None,
    power_up_s: float,
) -> None:
    """Simulate an SDT reader on a pty, with a card on it, until interrupted.

    Prints the device's path. Real portrait (WLT) decoding is not simulated: set
    portrait.command to the list ["/path/to/python", "-m",
    "likeness.simulators.wlt_decoder", "--pictures", "FOLDER"].
    """
    if hold_s is not None and relay_every_s is not None:
        raise UsageError("give --hold or --relay-every, not both")
    if link is not None and link.exists() and not link.is_symlink():
        raise UsageError(f"{link}: exists and is no symbolic link; choose another name")
    card = card_file.load(card_path)
    try:
        simulator = SdtSimulator(
            card,
            faults=faults,
            link=link,
            paced=baud is not None,
            baud=int(baud or BAUDS[0]),
            power_up_s=power_up_s,
        )
        # SIGTERM ends it as Ctrl-C does, so that no link is left dangling.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt), simulator:
            click.echo(simulator.path)
            _serve(simulator, card, hold_s=hold_s, relay_every_s=relay_every_s)
    except OSError as problem:
        where = link if link is not None else "pty"
        raise UsageError(f"{where}: cannot be made: {problem.strerror}") from problem


def _serve(
    simulator: SdtSimulator,
    card: SdtCard,
    *,
    hold_s: float | None,
    relay_every_s: float | None,
) -> None:
    if hold_s is not None:
        time.sleep(hold_s)
        simulator.take_away()
    while True:
        if relay_every_s is None:
            time.sleep(3600)
            continue
        time.sleep(relay_every_s - LIFTED_S)
        simulator.take_away()
        time.sleep(LIFTED_S)
        simulator.lay(card)


@command.command()
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="File to write."
)
@click.option(
    "--kind",
    type=click.Choice(get_args(card_file.Kind)),
    default="cn_resident",
    show_default=True,
)
@click.option(
    "--portrait", default="", help="Picture on the card; relative to the card file."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 999),
    default=0,
    help="Another number, another invented person.",
)
def card(out: Path, kind: card_file.Kind, portrait: str, seed: int) -> None:
    """Write a card file of an invented person, with right check digits."""
    invented = card_file.fictitious_card(seed, kind, portrait)
    if portrait:
        _refuse_unreadable(portrait, out.parent / portrait)
    try:
        card_file.save(invented, out)
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror}") from problem
    click.echo(out)


def _refuse_unreadable(portrait: str, picture: Path) -> None:
    try:
        with picture.open("rb"):
            pass
    except OSError as problem:
        raise UsageError(
            f"--portrait {portrait}: {picture} cannot be read: {problem.strerror}; its"
            " path is relative to the card file"
        ) from problem
