"""`likeness reader`: simulated card readers, and card files for them.

Leaves to others: the protocols and their faults (simulators), ICAO chips
(reader_emrtd), the drivers (service).
"""

import contextlib
import signal
import time
from pathlib import Path
from types import ModuleType
from typing import Literal, cast, get_args

import click

from likeness.commands.laying import (
    Laid,
    ReaderKind,
    refuse_other_family,
    refuse_unfit,
)
from likeness.errors import UsageError
from likeness.simulators import card_file
from likeness.simulators.sdt import SdtSimulator
from likeness.simulators.sdt_reader import BAUDS

EMRTD_FORMS = ("td1", "td2", "td3")
PN532_BAUD = "115200"
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
    help="Misbehave, e.g. bad-xor:2, silent@3001, status-41:1; with --emrtd the chip"
    " does, e.g. sm-bad-mac:1@DG2, cloned, expired-signer; may be repeated.",
)
@click.option(
    "--emrtd", is_flag=True, help="An ICAO chip (9303) instead of an SDT reader."
)
@click.option(
    "--over",
    type=click.Choice(["pn532", "vpcd"]),
    help="With --emrtd: before a PN532 on a pty, or in pcscd's virtual reader."
    "  [default: pn532]",
)
@click.option(
    "--line-fault",
    "line_faults",
    multiple=True,
    metavar="NAME[:TIMES][@COMMAND]",
    help="The PN532 misbehaves, e.g. bad-sum:2@40, no-ack, unpowered.",
)
@click.option(
    "--radio",
    type=click.Choice(["a", "b"]),
    help="With --over pn532: the chip's type of ISO/IEC 14443.  [default: a]",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="With --over vpcd: where its driver listens.  [default: 35963]",
)
@click.option(
    "--baud",
    type=click.Choice([str(baud) for baud in BAUDS]),
    help="Talk at this speed only, bytes spread as it would (a PN532 has 115200 alone);"
    " without it bytes leave at once, whatever the client has set.",
)
@click.option(
    "--stx", is_flag=True, help="A multi-in-one module (reader.variant 'stx')."
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
def simulate(  # noqa: PLR0917 - one per option
    card_path: Path,
    link: Path | None,
    faults: tuple[str, ...],
    emrtd: bool,
    over: str | None,
    line_faults: tuple[str, ...],
    radio: Literal["a", "b"] | None,
    port: int | None,
    baud: str | None,
    stx: bool,
    hold_s: float | None,
    relay_every_s: float | None,
    power_up_s: float,
) -> None:
    """Simulate a reader with a card on it, until interrupted.

    Prints the device's path, or the address of pcscd's virtual reader. Without --emrtd
    it is an SDT reader. Real portrait (WLT) decoding is not simulated: set
    portrait.command to the list ["/path/to/python", "-m",
    "likeness.simulators.wlt_decoder", "--pictures", "FOLDER"].
    """
    if hold_s is not None and relay_every_s is not None:
        raise UsageError("give --hold or --relay-every, not both")
    if link is not None and link.exists() and not link.is_symlink():
        raise UsageError(f"{link}: exists and is no symbolic link; choose another name")
    kind = _kind(emrtd=emrtd, over=over)
    refuse_unfit(kind)
    if kind is ReaderKind.PN532 and baud not in (None, PN532_BAUD):
        raise UsageError(f"--baud {baud}: a PN532 has {PN532_BAUD} alone")
    refuse_other_family(card_path, emrtd=emrtd)
    laid: Laid
    if kind is ReaderKind.SDT:
        laid = _sdt(
            card_path, faults, link=link, baud=baud, stx=stx, power_up_s=power_up_s
        )
    elif kind is ReaderKind.PN532:
        laid = _emrtd().before_pn532(
            card_path,
            faults,
            line_faults=line_faults,
            radio=radio or "a",
            link=link,
            paced=baud is not None,
        )
    else:
        laid = _emrtd().in_vpcd(card_path, faults, port=port)
    try:
        # SIGTERM ends it as Ctrl-C does, so that no link is left dangling.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt), laid.simulator:
            click.echo(laid.simulator.path)
            if awaited := laid.waits_for():
                click.echo(f"waiting for {awaited}", err=True)
            _serve(laid, hold_s=hold_s, relay_every_s=relay_every_s)
    except OSError as problem:
        where = link if link is not None else "pty"
        raise UsageError(f"{where}: cannot be made: {problem.strerror}") from problem


def _sdt(
    card_path: Path,
    faults: tuple[str, ...],
    *,
    link: Path | None,
    baud: str | None,
    stx: bool,
    power_up_s: float,
) -> Laid:
    card = card_file.load(card_path)
    simulator = SdtSimulator(
        card,
        faults=faults,
        link=link,
        paced=baud is not None,
        baud=int(baud or BAUDS[0]),
        one_rate=baud is not None,
        stx=stx,
        power_up_s=power_up_s,
    )
    return Laid(simulator, lambda: simulator.lay(card))


def _kind(*, emrtd: bool, over: str | None) -> ReaderKind:
    if not emrtd:
        return ReaderKind.SDT
    return ReaderKind.VPCD if over == "vpcd" else ReaderKind.PN532


def _emrtd() -> ModuleType:
    try:
        from likeness.commands import reader_emrtd
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"--emrtd needs the chip extra ({missing.name} is missing):"
            " pip install 'likeness[chip]'"
        ) from missing
    return reader_emrtd


def _serve(laid: Laid, *, hold_s: float | None, relay_every_s: float | None) -> None:
    if hold_s is not None:
        time.sleep(hold_s)
        laid.simulator.take_away()
    while True:
        if relay_every_s is None:
            time.sleep(3600)
            continue
        time.sleep(relay_every_s - LIFTED_S)
        laid.simulator.take_away()
        time.sleep(LIFTED_S)
        laid.lay()


@command.command()
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="File to write."
)
@click.option(
    "--kind",
    type=click.Choice([*get_args(card_file.Kind), *EMRTD_FORMS]),
    help="Which document it is.  [default: cn_resident, with --emrtd td1]",
)
@click.option("--emrtd", is_flag=True, help="For a simulated ICAO chip.")
@click.option(
    "--trust",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --emrtd: folder to write what a verifier of this chip trusts.",
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
def card(
    out: Path,
    kind: str | None,
    emrtd: bool,
    trust: Path | None,
    portrait: str,
    seed: int,
) -> None:
    """Write an invented person's card file, with right check digits.

    With --emrtd the keys of the state that signs are kept in the folder `authority`
    beside the card file; what opens the chip is printed behind the file's name.
    """
    kind = kind or ("td1" if emrtd else "cn_resident")
    if emrtd != (kind in EMRTD_FORMS):
        raise UsageError(f"--kind {kind} {'is not for' if emrtd else 'needs'} --emrtd")
    if trust is not None and not emrtd:
        raise UsageError("--trust is for --emrtd")
    if portrait:
        _refuse_unreadable(portrait, out.parent / portrait)
    if out.is_file():  # somebody may have written a portrait into it
        raise UsageError(f"{out}: is there already; give a new name")
    opens: list[str] = []
    try:
        if emrtd:
            opens = _emrtd().write(out, seed, kind, portrait, trust)
        else:
            invented = card_file.fictitious_card(
                seed, cast(card_file.Kind, kind), portrait
            )
            card_file.save(invented, out)
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror}") from problem
    click.echo(out)
    for line in opens:
        click.echo(line)


def _refuse_unreadable(portrait: str, picture: Path) -> None:
    try:
        with picture.open("rb"):
            pass
    except OSError as problem:
        raise UsageError(
            f"--portrait {portrait}: {picture} cannot be read: {problem.strerror}; its"
            " path is relative to the card file"
        ) from problem
