"""A simulated SDT reader behind a pty: what the driver opens is a real serial device.

A pty carries bytes at once and at any rate: `paced` spreads them as the module's rate
would, and `one_rate` makes the module deaf to a client that has set another. It has no
modem lines. Leaves to others: the pty (serial_pty), what is answered (sdt_reader,
sdt_stx).
"""

import termios
from collections.abc import Iterable
from pathlib import Path

from likeness.simulators.sdt_faults import Fault, parse
from likeness.simulators.sdt_reader import BAUDS, SdtCard, SdtReader
from likeness.simulators.sdt_stx import StxReader
from likeness.simulators.serial_pty import SerialPty

OUTPUT_SPEED = 5  # of what termios.tcgetattr returns


class SdtSimulator(SerialPty):
    """`with SdtSimulator(card) as sim:` then open `sim.path`."""

    def __init__(
        self,
        card: SdtCard | None = None,
        *,
        faults: Iterable[str | Fault] = (),
        link: Path | None = None,
        latency_s: float = 0.0,
        paced: bool = False,
        baud: int = 115200,
        power_up_s: float = 0.0,
        replug_after_s: float = 2.0,
        one_rate: bool = False,
        stx: bool = False,
    ) -> None:
        self.reader = (StxReader if stx else SdtReader)(
            [parse(fault) if isinstance(fault, str) else fault for fault in faults],
            latency_s=latency_s,
            paced=paced,
            baud=baud,
            power_up_s=power_up_s,
        )
        if card is not None:
            self.reader.lay(card)
        super().__init__(self.reader, link=link, replug_after_s=replug_after_s)
        self._one_rate = one_rate

    def lay(self, card: SdtCard) -> None:
        """Put a card on the reader."""
        self.call(lambda: self.reader.lay(card))

    def take_away(self) -> None:
        """Lift the card."""
        self.call(self.reader.take_away)

    def _hears(self) -> bool:
        """Say whether the module understands what comes: else it is noise to it."""
        return not self._one_rate or rate_of(self._slave) == self.reader.baud


def rate_of(device: int) -> int:
    """Tell which rate the client of a pty has set; 0 if it is none of a module's."""
    set_to = termios.tcgetattr(device)[OUTPUT_SPEED]
    rates = {getattr(termios, f"B{baud}"): baud for baud in BAUDS}
    return rates.get(set_to, 0)
