"""A simulated PN532 behind a pty, with a chip that is laid before it.

    with Pn532Simulator(card) as sim:   # then open sim.path

`lay`, `take_away`, `unplug` and `replug` may be called from any thread. A chip whose
fault takes it away returns after a while. Leaves to others: what is answered
(pn532_reader), the pty (serial_pty).
"""

from collections.abc import Iterable
from pathlib import Path

from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.pn532_faults import Fault
from likeness.simulators.pn532_reader import Pn532Reader, Radio
from likeness.simulators.serial_pty import SerialPty


class Pn532Simulator(SerialPty):
    """One reader, with its chip if one is given."""

    def __init__(
        self,
        card: EmrtdCard | None = None,
        *,
        faults: Iterable[str | Fault] = (),
        radio: Radio = "a",
        paced: bool = False,
        link: Path | None = None,
        replug_after_s: float = 2.0,
    ) -> None:
        """Make one; `faults` are of the reader, the card brings its own."""
        self.reader = Pn532Reader(faults, radio=radio, paced=paced)
        if card is not None:
            self.reader.lay(card)
        super().__init__(self.reader, link=link, replug_after_s=replug_after_s)

    def lay(self, card: EmrtdCard) -> None:
        """Put a chip before the reader."""
        self.call(lambda: self.reader.lay(card))

    def take_away(self) -> None:
        """Lift the chip."""
        self.call(self.reader.take_away)
