"""`likeness record`: films a visit of one consenting person, sealed for a bench."""

import asyncio
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from likeness.core.vocabulary import Act
from likeness.errors import UsageError

if TYPE_CHECKING:
    from likeness import config
    from likeness.core.vocabulary import Consent
    from likeness.recording.keeping import Folder
    from likeness.recording.wish import Outcome, Wish
    from likeness.recording.words import Asking

NOT_KEPT = 1
MIB = 1 << 20
KEY = "bench-record"
ACTS = "blink,turn_left,turn_right"


@click.group("record", invoke_without_command=True)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The terminal's TOML file; needed to film.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="Folder for sealed recordings; needed to film.",
)
@click.option(
    "--acts",
    default=ACTS,
    show_default=True,
    help=f"What is asked, in this order; of {', '.join(Act)}.",
)
@click.option(
    "--seconds",
    default=20.0,
    show_default=True,
    type=click.FloatRange(min=1, max=300),
    help="The longest film.",
)
@click.option("--with-card", is_flag=True, help="Keep the card's portrait as well.")
@click.option("--note", default="", help="For the bench; name nobody in it.")
@click.pass_context
def command(
    context: click.Context,
    *,
    config_file: Path | None,
    to: Path | None,
    acts: str,
    seconds: float,
    with_card: bool,
    note: str,
) -> int:
    """Film a visit of one consenting person, sealed for a bench.

    The daemon must be stopped. The person is asked first, in words of their own; a no,
    then or later, leaves nothing. Exit 1: nothing was kept.
    """
    if context.invoked_subcommand is not None:
        return 0
    if config_file is None or to is None:
        raise UsageError(
            "record needs --config FILE and --to FOLDER; see record --help"
        )
    from likeness import config
    from likeness.recording.wish import Wish

    wish = Wish(acts=_acts(acts), seconds=seconds, with_card=with_card, note=note)
    return _record(config.load(config_file), wish, to)


def _acts(given: str) -> tuple[Act, ...]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    try:
        found = tuple(map(Act, names))
    except ValueError:
        found = ()
    if not found:
        raise UsageError(f"--acts '{given}': give one or more of {', '.join(Act)}")
    return found


def _record(settings: "config.Config", wish: "Wish", to: Path) -> int:
    from likeness.edges import directory_lock, process_memory
    from likeness.recording import words
    from likeness.recording.keeping import Folder

    process_memory.keep_from_others()
    process_memory.overwrite_freed()
    given = settings.record
    folder = Folder(
        to,
        bench_key=given.bench_key,
        keep_files=given.keep_files,
        keep_days=given.keep_days,
    )
    most = _most_bytes(settings, wish.seconds)
    lock = directory_lock.hold(Path(settings.terminal.state_dir))
    try:
        for gone in folder.tidy(datetime.now(UTC)):
            click.echo(f"deleted, past its {given.keep_days} days: {gone}")
        folder.refuse_full(most)
        _refuse_swap()
        asking = words.load(settings, with_card=wish.with_card)
        outcome = _film(settings, wish, folder, asking)
    finally:
        os.close(lock)
    if outcome.path is None:
        click.echo(f"nothing was kept: {outcome.why}")
        return NOT_KEPT
    end = outcome.conclusion
    click.echo(
        f"kept: {outcome.path}: {outcome.frames} frames, {outcome.length_s:.1f} s"
        f" ({end.verdict if end else ''} here); carry it to the bench, then delete it"
    )
    return 0


def _most_bytes(settings: "config.Config", seconds: float) -> int:
    """Say how much a film can take, and refuse more than this terminal may hold."""
    from likeness.recording.tape import MOST_BYTES_PER_PIXEL

    camera, room = settings.camera, settings.record.most_mib * MIB
    per_s = camera.fps * camera.width_px * camera.height_px * MOST_BYTES_PER_PIXEL
    if seconds * per_s > room:
        raise UsageError(
            f"--seconds {seconds:g} of {camera.width_px}x{camera.height_px} at"
            f" {camera.fps:g}/s may take {seconds * per_s / MIB:.0f} MiB of memory and"
            f" record.most_mib is {settings.record.most_mib}: take at most"
            f" --seconds {room // per_s:g}"
        )
    return round(seconds * per_s)


def _refuse_swap() -> None:
    """What is in memory must not come to a disk by itself."""
    from likeness.edges import process_memory

    if not process_memory.stay_in_memory() and (swap := process_memory.disk_swap()):
        raise UsageError(
            f"{swap}: memory may be swapped to this disk, and faces with it; record"
            " as root, or turn it off with 'swapoff -a'"
        )


def _asked_in_text(asking: "Asking") -> "Consent | None":
    """Show the text and take an answer; None: it is a no."""
    from likeness.core.vocabulary import Consent

    language = asking.language
    words, text = asking.words[language], asking.catalogues[language].consent
    click.echo(f"\n{words.title}\n")
    for paragraph in words.text:
        click.echo(click.wrap_text(paragraph, 78))
        click.echo()
    click.echo(f"{words.ask} ", nl=False)
    if sys.stdin.readline().strip().casefold() != words.answer.casefold():
        return None
    return Consent(
        text=text.version,
        given="typed",
        language=language,
        digest=text.digest,
        at_s=int(time.time()),
    )


def _film(
    settings: "config.Config", wish: "Wish", folder: "Folder", asking: "Asking"
) -> "Outcome":
    """Ask and film; whoever stops it by a signal leaves nothing."""
    from likeness.recording.stand_ins import LinesOfText
    from likeness.recording.visit import Filming
    from likeness.recording.wish import Outcome

    consent = None
    if settings.screen.kind != "page" and (consent := _asked_in_text(asking)) is None:
        return Outcome(why="nobody agreed")

    async def until_stopped() -> Outcome:
        filming = Filming(
            settings,
            wish,
            asking=asking,
            folder=folder,
            screen=LinesOfText(sys.stdout, asking.words[asking.language].say),
            consent=consent,
            say=click.echo,
        )
        task = asyncio.ensure_future(filming.run())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        await asyncio.wait([task])
        return Outcome(why="it was stopped") if task.cancelled() else task.result()

    return asyncio.run(until_stopped())


@command.group("keys")
def keys() -> None:
    """Make the key that recordings are sealed for; at the bench."""


@keys.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help=f"Folder for {KEY}.key and {KEY}.jwk; made when it is not there.",
)
def make(out: Path) -> None:
    """Make a key pair. The private one stays at the bench, the public one goes out."""
    from likeness.edges import key_files, new_file

    private, public = out / f"{KEY}.key", out / f"{KEY}.jwk"
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        jwk = key_files.public_jwk(key_files.make_private(private).public_key())
        new_file.create(public, json.dumps(jwk).encode() + b"\n", mode=0o644)
    except FileExistsError:
        raise UsageError(
            f"{out}: holds such a key already; what was sealed for it opens with no"
            " other: give another folder"
        ) from None
    except OSError as problem:
        raise UsageError(f"{out}: {problem.strerror}") from problem
    click.echo(f"private, stays here: {private}")
    click.echo(f"public, for record.bench_key of terminals: {public}")


@command.command("open")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key",
    required=True,
    type=click.Path(path_type=Path),
    help=f"The bench's private key, {KEY}.key.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder to make; what is in it is in clear.",
)
def open_(file: Path, key: Path, out: Path) -> None:
    """Unpack one recording into a new folder, in clear: at the bench only."""
    from likeness.recording.opening import open_into

    names = open_into(file, key, out)
    click.echo(
        f"{len(names)} files in clear in {out}; delete them when they have served"
    )


@command.command("list")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--delete", multiple=True, help="Delete this one; may be given again.")
def list_(folder: Path, delete: tuple[str, ...]) -> None:
    """List the sealed recordings in a folder, or delete some of them."""
    from likeness.recording import keeping

    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    there = {path.name: path for path in keeping.recordings(folder)}
    for name in delete:
        if name not in there:
            raise UsageError(f"{folder}: holds no recording '{name}'")
    for name in delete:
        there.pop(name).unlink(missing_ok=True)
    for name, path in there.items():
        age = datetime.now(UTC) - keeping.made(path)
        click.echo(f"{name}  {path.stat().st_size / MIB:.1f} MiB  {age.days} days old")
