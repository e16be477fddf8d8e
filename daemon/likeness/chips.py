"""Makes what reads chips; loaded only where a reader of chips is configured.

Leaves to others: which part knows which (`wiring`).
"""

import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from likeness import config
from likeness.chip import trust_store
from likeness.chip.access_policy import AccessPolicy, BacUse
from likeness.chip.examination import examine
from likeness.chip.reading import read_chip
from likeness.chip.record import ChipRecord
from likeness.chip.trust_store import TrustStore
from likeness.core.card_fields import Unreadable
from likeness.core.chip_card import to_card
from likeness.core.mrz import AccessKey
from likeness.core.vocabulary import Card, Reason, Today
from likeness.edges.key_entry import KeyEntry
from likeness.edges.reader_pcsc import PcscReader
from likeness.edges.reader_pn532 import Pn532Reader
from likeness.edges.trust_folder import TrustFolder
from likeness.service.chip_reading import ChipEvent, ChipReading, Talk
from likeness.service.ports import ChipLine, Clock

log = logging.getLogger(__name__)

# A PN532 hands a card's answer on in one frame of its own, 230 bytes to be safe.
PN532_BLOCK_BYTES = 192

Understand = Callable[[ChipRecord, str], Card | Unreadable]


def line_of(settings: config.Chip) -> ChipLine:
    """Return the configured reader; it is opened by its first use."""
    if settings.kind == "pn532":
        return Pn532Reader(settings.path)
    return PcscReader(settings.name)


def policy_of(settings: config.Chip) -> AccessPolicy:
    """Return what is allowed on the way into a chip."""
    bac = BacUse.PACE_UNSUPPORTED if settings.allow_bac else BacUse.NEVER
    if settings.allow_downgrade:
        bac = BacUse.PACE_FAILED
    if settings.kind == "pn532":
        return AccessPolicy(bac=bac, block_bytes=PN532_BLOCK_BYTES, long_lengths=False)
    return AccessPolicy(bac=bac)


def trust_of(settings: config.Trust) -> TrustFolder[TrustStore] | None:
    """Return the store, read once already; None: the operator has none.

    Raises:
        ConfigError: the folder cannot be read.
    """
    if not settings.dir:
        log.warning(
            "event=no_trust_store what_to_do=%r",
            "set trust.dir: no document's issuer can be verified",
        )
        return None
    folder = TrustFolder(Path(settings.dir), _logged_store)
    folder.current()
    return folder


def _logged_store(files: Iterable[tuple[str, bytes]]) -> TrustStore:
    """Make the store; each change of the folder is told."""
    store = trust_store.load(files)
    log.info(
        "event=trust_store issuers=%d lists=%d revocations=%d rejected=%d",
        len(store.issuers),
        len(store.lists),
        len(store.crls),
        len(store.rejected),
    )
    return store


def understanding(settings: config.Trust, today: Callable[[], Today]) -> Understand:
    """Return what makes a card of a record, by the operator's trust and policy."""
    folder = trust_of(settings)
    accept = settings.issuer_unverified == "accept"
    waived = frozenset({Reason.ISSUER_NOT_VERIFIED} if accept else ())

    def understand(record: ChipRecord, reader: str) -> Card | Unreadable:
        now = today()
        store = folder.current() if folder else None
        found = examine(record, store, now.day, is_known=now.is_known)
        card = to_card(found, now.day, reader, waived=waived)
        if isinstance(card, Card) and settings.issuer_unverified == "refuse":
            return replace(card, concerns=tuple(map(_refused, card.concerns)))
        return card

    return understand


def _refused(concern: Reason) -> Reason:
    if concern is Reason.ISSUER_NOT_VERIFIED:
        return Reason.ISSUER_REFUSED
    return concern


def reading_of(
    settings: config.Config,
    clock: Clock,
    on_event: Callable[[ChipEvent], None],
    today: Callable[[], Today],
) -> ChipReading:
    """Return the reading of chips.

    Raises:
        ConfigError: the trust folder cannot be read.
    """
    policy = policy_of(settings.chip)

    def read(key: AccessKey, *, block: int | None) -> Talk:
        now = policy if block is None else replace(policy, block_bytes=block)
        return read_chip(key, random=secrets.token_bytes, policy=now)

    return ChipReading(
        line_of(settings.chip),
        clock,
        on_event,
        read=read,
        understand=understanding(settings.trust, today),
    )


def entry_of(settings: config.Chip, reading: ChipReading) -> KeyEntry:
    """Return where keys are entered."""
    return KeyEntry(settings.scanner, settings.scanner_baud, reading.enter)
