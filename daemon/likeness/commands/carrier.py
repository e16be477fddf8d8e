"""`likeness carrier`: take in results, list alarms, verify a result file."""

import gc
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from joserfc.jwk import ECKey

from likeness import strict_toml
from likeness.carrier.audit import inspect as inspection
from likeness.carrier.serve import serve
from likeness.carrier.settings import Settings
from likeness.carrier.store import CarrierStore
from likeness.commands import (
    carrier_api,
    carrier_common,
    carrier_devices,
    carrier_discovery,
    carrier_export,
    carrier_fleet,
    carrier_migrate,
    carrier_orders,
    carrier_report,
    carrier_rollout,
    carrier_schemas,
    carrier_visits,
)
from likeness.edges import key_files
from likeness.errors import UsageError, one_line

EXIT_BAD = 1
PORTS = 65535
CIRCLES_AFTER = 200_000  # objects that were made and not let go


@click.group(help="The carrier's side: ingest, verify, order.")
def command() -> None:
    """Choose what the carrier does."""


command.add_command(carrier_orders.command)
command.add_command(carrier_orders.desire)
command.add_command(carrier_devices.devices)
command.add_command(carrier_rollout.command)
command.add_command(carrier_visits.start)
command.add_command(carrier_visits.cancel)
command.add_command(carrier_api.api)
command.add_command(carrier_report.command, "report")
command.add_command(carrier_export.command, "export")
command.add_command(carrier_export.verify_export)
command.add_command(carrier_fleet.command)
command.add_command(carrier_migrate.command)
command.add_command(carrier_schemas.command)
command.add_command(carrier_discovery.command)


@command.command()
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The carrier's TOML file.",
)
@click.option("--broker", help="HOST:PORT, without TLS: for a test.")
@click.option("--keys", type=click.Path(path_type=Path), help="Folder of keys.")
@click.option("--database", help="A file, or postgresql://user@host/name.")
@click.option(
    "--environment",
    type=click.Choice(["production", "test"]),
    help="Whose results are taken.",
)
@click.option(
    "--numbers",
    type=click.Path(path_type=Path),
    help="TOML: who holds which number, to answer check_numbers; for a test;"
    " or 'register', see 'likeness carrier api'.",
)
def run(
    config_file: Path | None,
    broker: str | None,
    keys: Path | None,
    database: str | None,
    environment: str | None,
    numbers: Path | None,
) -> None:
    """Take in results until stopped. Either --config, or all the other options.

    --numbers may be left out: check_numbers has no answer then.
    """
    plain = {
        "broker": broker,
        "keys": keys,
        "database": database,
        "environment": environment,
    }
    if config_file is not None:
        if any(plain.values()) or numbers:
            raise UsageError("give either --config FILE, or options, not both")
        settings = strict_toml.load(config_file, Settings)
    else:
        missing = [f"--{name}" for name, value in plain.items() if value is None]
        if missing:
            raise UsageError(f"without --config these are needed: {', '.join(missing)}")
        settings = _settings({**plain, "numbers": numbers or ""})
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    _serve(settings)


@command.command()
@click.option(
    "--database",
    required=True,
    help="What 'carrier run' keeps: a file, or postgresql://…",
)
@click.option("--device", default="", help="Of this terminal only.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def alarms(database: str, device: str, *, as_json: bool) -> None:
    """List what needs a person: forks, new epochs, changed keys."""
    if "://" not in database and not Path(database).is_file():
        raise UsageError(f"{database}: no database here; 'carrier run' makes it")
    store = CarrierStore(database)
    try:
        found = [one for one in store.alarms() if device in ("", one.device)]
    finally:
        store.close()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for one in found:
        raised = datetime.fromtimestamp(one.raised_utc_s, UTC)
        place = f"{one.device} epoch {one.epoch} seq {one.seq}"
        said = f"{raised:%Y-%m-%dT%H:%M:%SZ} {one.kind}: {place}: {one.detail}"
        click.echo(one_line(said))
    if not found:
        click.echo("no alarm")


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--key",
    "keys",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="A public key of the device, JWK or PEM; give each that it had.",
)
def verify(files: tuple[Path, ...], keys: tuple[Path, ...]) -> int:
    """Check result files. One line for each record; exit 1 if any is bad.

    A key change among the records brings its new key itself.
    """
    jwks = [key_files.public_jwk(key_files.load_public(key)) for key in keys]
    bad = 0
    for finding in inspection.inspect(files, *(ECKey.import_key({**j}) for j in jwks)):
        said = inspection.describe(finding.record) if finding.record else ""
        bad += bool(finding.problem)
        parts = ("BAD" if finding.problem else "ok", finding.problem, said)
        click.echo(one_line(f"{finding.where}: {'; '.join(filter(None, parts))}"))
    return EXIT_BAD if bad else 0


def _settings(plain: Mapping[str, object]) -> Settings:
    host, _, port = str(plain["broker"]).rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) <= PORTS:
        raise UsageError(
            f"--broker '{plain['broker']}': write HOST:PORT, a port from 1 to {PORTS}"
        )
    names = ("keys", "database", "environment", "numbers")
    text = {name: str(plain[name]) for name in names}
    return msgspec.convert({**text, "host": host, "port": int(port)}, Settings)


def _serve(settings: Settings) -> None:
    # A batch makes many objects, none of them in a circle: to look for circles in the
    # keys of a whole fleet each time would cost a quarter as much as the batch.
    gc.freeze()
    gc.set_threshold(CIRCLES_AFTER, 20, 20)
    carrier_common.serve(serve(settings))
