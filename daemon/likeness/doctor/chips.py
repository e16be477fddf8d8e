"""Checks of the reader of chips, of its scanner and of the trust store.

Leaves to others: the SDT reader (`devices`), what a card's signer is checked for.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from likeness import config
from likeness.chip import trust_store
from likeness.doctor.finding import Finding, fail, fail_by, ok, warn
from likeness.edges.key_entry import STANDARD_INPUT, source_of
from likeness.edges.trust_folder import TrustFolder
from likeness.errors import CardMute, CardUnfit, ConfigError, DeviceLost
from likeness.service.ports import ChipLine

READER_TODO = "see its cable, and [chip] in the configuration"
SCANNER_TODO = "see its cable, and chip.scanner in the configuration"
TRUST_TODO = "renew the files in trust.dir, see 'likeness trust list'"
LIST_TODO = (
    "'likeness trust import' its issuer's list: without one a revoked signer passes;"
    " 'likeness trust list' names the issuers"
)
SOON = timedelta(days=90)


def reader(open_line: Callable[[], ChipLine], *, in_use: bool) -> Finding:
    """Ask the reader for its name, and whether a card lies on it."""
    if in_use:
        return ok("in use by the running daemon")
    try:
        return asyncio.run(_reader(open_line()))
    except DeviceLost as fault:
        return fail_by(str(fault), READER_TODO)


async def _reader(line: ChipLine) -> Finding:
    try:
        name = await line.open()
        try:
            card = "a card on it" if await line.connect() is not None else "no card"
        except (CardMute, CardUnfit):
            card = "a card on it that does not answer"
        return ok(f"{name}, {card}")
    finally:
        await line.close()


def scanner(settings: config.Chip, *, in_use: bool) -> Finding:
    """Open where keys are entered, and close it again; nothing is read."""
    if settings.scanner == STANDARD_INPUT:
        return ok("standard input, for a daemon that is started in a terminal")
    if in_use:
        return ok("in use by the running daemon")
    try:
        asyncio.run(_scanner(settings))
    except DeviceLost as fault:
        return fail_by(str(fault), SCANNER_TODO)
    return ok(settings.scanner)


async def _scanner(settings: config.Chip) -> None:
    source = source_of(settings.scanner, settings.scanner_baud)
    try:
        await source.open(_ignore, _ignore)
    finally:
        source.close()


def _ignore(_: object) -> None:
    """What is typed during a check is nobody's."""


def trust(settings: config.Trust, now: datetime | None = None) -> Finding:
    """Count who is trusted, and say when the first of them is over."""
    now = now or datetime.now(UTC)
    if not settings.dir:
        return warn("none: no issuer can be verified", "set trust.dir")
    try:
        store = TrustFolder(Path(settings.dir), trust_store.load).current()
    except ConfigError as fault:
        return fail_by(str(fault), TRUST_TODO)
    if not store.issuers:
        return fail(f"nobody in {settings.dir} can be trusted", TRUST_TODO)
    ends = sorted(one.end for one in store.issuers)
    lists = [crl.next_update for crl in store.crls if crl.next_update is not None]
    said = (
        f"{len(ends)} issuers, the first is over on {ends[0]:%Y-%m-%d};"
        f" {len(store.crls)} revocation lists, {len(store.rejected)} left out"
    )
    if any(due < now for due in lists):
        return warn(f"{said}; a revocation list is old", TRUST_TODO)
    if ends[0] < now + SOON:
        return warn(said, TRUST_TODO)
    bare = [one for one in store.issuers if not store.lists_of(one)]
    if bare:
        said = f"{said}; no revocation list of {len(bare)} of the issuers"
        return warn(said, LIST_TODO)
    return ok(said)
