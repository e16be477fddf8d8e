"""`likeness publish`: what the carrier's engineer does to offer models and policy."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import ParamSpec, get_args

import click

from likeness.errors import UsageError
from likeness.vision.manifest import Variant

Given = ParamSpec("Given")
FOLDER = click.Path(file_okay=False, path_type=Path)
repository = click.option(
    "--repository",
    "folder",
    required=True,
    type=FOLDER,
    help="The folder that is served, or carried on a stick.",
)
keys = click.option(
    "--keys", required=True, type=FOLDER, help="The signing keys; never on a terminal."
)


def _says_disk_faults(wrapped: Callable[Given, None]) -> Callable[Given, None]:
    @functools.wraps(wrapped)
    def said(*args: Given.args, **named: Given.kwargs) -> None:
        try:
            wrapped(*args, **named)
        except OSError as problem:
            what = problem.filename or "the disk"
            raise UsageError(f"{what}: {problem.strerror}") from problem

    return said


@click.group(help="The publisher's side: sign and offer updates.")
def command() -> None:
    """Choose what to do."""


@command.command()
@repository
@keys
@click.option(
    "--root-keys", default=3, show_default=True, help="So many root keys are made."
)
@click.option(
    "--root-needed", default=2, show_default=True, help="So many of them must sign."
)
@_says_disk_faults
def init(folder: Path, keys: Path, root_keys: int, root_needed: int) -> None:
    """Make keys and an empty repository."""
    publisher = _publisher()
    wanted = publisher.Thresholds(root_keys=root_keys, root_needed=root_needed)
    made = publisher.UpdateRepository.create(folder, keys, wanted)
    click.echo(f"made; give each terminal as update.root_file: {made.root_file}")


@command.command()
@repository
@keys
@click.option("--models", type=FOLDER, help="A models folder; else the program's.")
@click.option(
    "--variant",
    "variants",
    multiple=True,
    type=click.Choice(get_args(Variant)),
    default=("w8",),
    show_default=True,
    help="Which weights are in it; may be given more than once.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    help="A policy.toml to put into the bundle, too.",
)
@click.option(
    "--number",
    required=True,
    type=click.IntRange(1, 2**53 - 1),
    help="Greater than that of every bundle before.",
)
@click.option("--min-daemon", help="The oldest likeness that can use it; else this.")
@click.option("--machine", "machines", multiple=True, help="As `uname -m`; else any.")
@click.option(
    "--target",
    default="models.tar",
    show_default=True,
    help="Its name; a terminal's update.target.",
)
@_says_disk_faults
def bundle(
    *,
    folder: Path,
    keys: Path,
    models: Path | None,
    variants: tuple[Variant, ...],
    policy: Path | None,
    number: int,
    min_daemon: str | None,
    machines: tuple[str, ...],
    target: str,
) -> None:
    """Pack a set of models and offer it to the terminals."""
    import msgspec

    from likeness import __version__
    from likeness.core.update import Bundle
    from likeness.edges.bundle_file import pack

    try:
        says = msgspec.convert(
            {
                "number": number,
                "min_daemon": min_daemon or __version__,
                "variants": variants,
                "machines": machines,
            },
            Bundle,
        )
    except msgspec.ValidationError as problem:
        raise UsageError(f"this cannot be published: {problem}") from problem
    files = _files(models, variants, policy)
    there = _publisher().UpdateRepository(folder, keys)
    before = there.offered(target)
    if before is not None and number <= before.number:
        raise UsageError(
            f"--number {number}: bundle {before.number} is offered already; a terminal"
            " takes only a higher one"
        )
    with tempfile.TemporaryDirectory() as scratch:
        packed = Path(scratch) / target
        pack(files, packed)
        digest = there.publish(packed, says, target)
    click.echo(f"offered: bundle {number}, sha256 {digest}")


@command.command()
@repository
@keys
@_says_disk_faults
def renew(folder: Path, keys: Path) -> None:
    """Sign what is offered for another 30 days; do it every week."""
    _publisher().UpdateRepository(folder, keys).renew()
    click.echo("renewed")


@command.command("replace-key")
@repository
@keys
@click.argument("role", type=click.Choice(["root", "targets", "snapshot", "timestamp"]))
@_says_disk_faults
def replace_key(folder: Path, keys: Path, role: str) -> None:
    """Give a role a new key; terminals follow by themselves."""
    _publisher().UpdateRepository(folder, keys).replace_key(role)
    click.echo(f"{role} has a new key; remove its oldest from {keys}")


def _publisher() -> ModuleType:
    try:
        from likeness.carrier import update_repository
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"{missing.name} is missing: this needs pip install 'likeness[update]'"
        ) from missing
    return update_repository


def _files(
    models: Path | None, variants: tuple[Variant, ...], policy: Path | None
) -> dict[str, Path]:
    """Return name in the bundle → path; every file is the one of its manifest."""
    from likeness import strict_toml
    from likeness.core.policy_values import PolicyFile
    from likeness.edges.bundle_file import BUILT, MANIFEST, POLICY
    from likeness.vision.manifest import models_dir, read_manifest
    from likeness.vision.models import verify

    folder = models or models_dir()
    files = {MANIFEST: folder / MANIFEST}
    for entry in read_manifest(folder).model:
        for built in map(entry.variant, variants):
            verify(folder, built)
            files[f"{BUILT}/{built.file}"] = folder / BUILT / built.file
    if policy is not None:
        strict_toml.load(policy, PolicyFile)
        files[POLICY] = policy
    return files
