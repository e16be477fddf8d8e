"""How long a chip takes to read: commands, bytes, and simulated seconds.

No wall time is looked at. Over a PN532 the simulator counts what bytes take on UART and
air and the chip to think; over PC/SC the same chip is counted at the rates that readers
commonly agree on. Run with `--log-cli-level=INFO` for the figures.
"""

import logging
from dataclasses import dataclass

import pytest

from chip_talks import hold
from likeness.chip.access_policy import BLOCK_BYTES, AccessPolicy
from likeness.chip.channel import ReadingStats
from likeness.chip.reading import read_chip
from likeness.chips import PN532_BLOCK_BYTES
from likeness.core.mrz import AccessKey
from likeness.core.pn532_dialogue import (
    Answered,
    Broken,
    Bytes,
    CardFault,
    CardThere,
    Effect,
    Event,
    Exchange,
    Find,
    Opened,
    Pn532Dialogue,
    Ready,
    Write,
)
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.pn532_reader import Pn532Reader
from simulated_chips import CAN, chip_of

log = logging.getLogger(__name__)

DG2 = 0x0102
CHIP_S = 0.004  # that a chip thinks about a command, as pn532_reader has it
AIR_BITS_PER_BYTE = 9
KINDS = (Ready, CardThere, Answered, CardFault, Broken)


class Counted:
    """Random bytes that are none: the same talk each time."""

    def __init__(self) -> None:
        self._next = 0

    def __call__(self, size: int) -> bytes:
        self._next += 1
        return self._next.to_bytes(size)


@dataclass
class Virtual:
    """Dialogue and simulated reader face to face; time is a number."""

    reader: Pn532Reader
    now: float = 0.0

    def __post_init__(self) -> None:
        self._dialogue = Pn532Dialogue()

    def ask(self, event: Event) -> Effect:
        effects = self._dialogue.handle(event, self.now)
        while True:
            for effect in effects:
                if isinstance(effect, KINDS):
                    return effect
            sent = b"".join(one.data for one in effects if isinstance(one, Write))
            effects = []
            for piece in self.reader.receive(sent, self.now):
                self.now += piece.after_s
                effects += self._dialogue.handle(Bytes(piece.data), self.now)
            assert effects, "the talk stands still"

    def answer(self, apdu: bytes) -> bytes:
        answered = self.ask(Exchange(apdu))
        assert isinstance(answered, Answered), answered
        return answered.response


def stats_over_pn532(block: int) -> tuple[ReadingStats, float, int]:
    chip = chip_of(proofs={"active": "none"})
    reader = Pn532Reader(paced=True)
    reader.lay(EmrtdCard(chip))
    virtual = Virtual(reader)
    virtual.ask(Opened())
    assert isinstance(virtual.ask(Find()), CardThere)
    before, stats = reader.seconds, ReadingStats()
    policy = AccessPolicy(block_bytes=block, long_lengths=False)
    talk = read_chip(AccessKey(can=CAN), random=Counted(), policy=policy, stats=stats)
    record = hold(talk, virtual.answer)
    assert record.files["DG2"] == chip.files[DG2]
    return stats, reader.seconds - before, len(chip.files[DG2])


@pytest.mark.parametrize("block", [PN532_BLOCK_BYTES, BLOCK_BYTES])
def test_a_portrait_of_15_kb_over_a_pn532(block: int) -> None:
    stats, seconds, size = stats_over_pn532(block)
    log.info(
        "PN532, blocks of %d: DG2 %d bytes, %d commands, %d bytes, %.2f s",
        *(
            block,
            size,
            stats.commands,
            stats.bytes_sent + stats.bytes_received,
            seconds,
        ),
    )
    assert 14_000 < size < 17_000
    assert stats.commands < 130
    assert seconds < 10.0


@pytest.mark.parametrize("kbits", [106, 424, 848])
def test_the_same_over_pcsc(kbits: int) -> None:
    chip, stats = chip_of(proofs={"active": "none"}), ReadingStats()
    card = EmrtdCard(chip)
    card.power_on()
    talk = read_chip(AccessKey(can=CAN), random=Counted(), stats=stats)
    hold(talk, card.answer)
    moved = stats.bytes_sent + stats.bytes_received
    seconds = moved * AIR_BITS_PER_BYTE / (kbits * 1000) + stats.commands * CHIP_S
    log.info("PC/SC at %d kbit/s: %d commands, %.2f s", kbits, stats.commands, seconds)
    assert seconds < 5.0
