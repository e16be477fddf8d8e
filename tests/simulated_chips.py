"""Simulated chips for tests of the reader: made from a few words, driven to the end."""

import os
from collections.abc import Iterable
from functools import cache
from typing import Any, Protocol

import msgspec

from chip_talks import hold
from likeness.chip.access_policy import AccessPolicy
from likeness.chip.channel import ReadingStats
from likeness.chip.reading import DEFAULT_POLICY, read_chip
from likeness.chip.record import ChipRecord
from likeness.core.mrz import AccessKey
from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_card_file import CardFile
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.emrtd_personalise import personalise

CAN = "123456"


class Answering(Protocol):
    """A card, or what stands between a card and its reader."""

    def answer(self, apdu: bytes, /) -> bytes:
        """Answer one command."""
        ...


@cache
def state() -> CountryAuthority:
    """Return the one state whose signer signs here."""
    return CountryAuthority()


def chip_of(*, faults: Iterable[str] = (), **words: Any) -> Chip:
    """Make a chip from the words of a card file; tables are dicts."""
    card = msgspec.convert({"can": CAN} | words, CardFile)
    return personalise(card, state(), more_faults=faults)


def powered(chip: Chip, *faults: str) -> EmrtdCard:
    """Return the card with this chip, in the field."""
    card = EmrtdCard(chip, faults=faults)
    card.power_on()
    return card


def mrz_of(chip: Chip) -> AccessKey:
    """Return the key that is printed in the MRZ."""
    return AccessKey(mrz_information=chip.mrz_information)


def read(
    card: Answering,
    key: AccessKey,
    policy: AccessPolicy = DEFAULT_POLICY,
    stats: ReadingStats | None = None,
) -> ChipRecord:
    """Read the card to the end."""
    talk = read_chip(key, random=os.urandom, policy=policy, stats=stats)
    return hold(talk, card.answer)
