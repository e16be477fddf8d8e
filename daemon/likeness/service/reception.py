"""Tells the terminal and the screen what the card reader says.

A card laid in idle begins a visit and is the consent (decision 4). Leaves to others:
the reader's protocol (reading.py), the visit (terminal.py).
"""

from collections.abc import Callable
from typing import assert_never

from likeness.core.card_cycle import (
    CardFound,
    CardRemoved,
    CardStillThere,
    CardTrouble,
)
from likeness.core.card_dialogue import ReaderReady, ReaderTrouble
from likeness.core.card_trouble import Trouble
from likeness.core.visit_events import CardFailed, CardTaken
from likeness.core.vocabulary import Health, Purpose, Reason
from likeness.service.ports import Screen
from likeness.service.reading import CardEvent, CardPresented
from likeness.service.terminal import Terminal

# What a visit that waits for its card ends with. A moved card is tried again by itself.
REASONS = {
    Trouble.CARD_REJECTED: Reason.CARD_REJECTED,
    Trouble.WRONG_CARD: Reason.CARD_UNSUPPORTED,
    Trouble.CARD_UNSUPPORTED: Reason.CARD_UNSUPPORTED,
    Trouble.CARD_INCONSISTENT: Reason.CARD_INCONSISTENT,
    Trouble.CARD_TAMPERED: Reason.CARD_TAMPERED,
}


class Reception:
    """Give `hear` to the card reading as its listener."""

    def __init__(
        self,
        *,
        terminal: Callable[[], Terminal],
        screen: Screen,
        purpose: Purpose,
        consent_text: str,
        card_found: Callable[[], None] = lambda: None,
    ) -> None:
        """Take whom to tell; `card_found`: a card will soon be read."""
        self._terminal = terminal
        self._screen = screen
        self._purpose = purpose
        self._consent_text = consent_text
        self._card_found = card_found
        self.reader = Health.STARTING
        self.reader_id = ""

    def hear(self, event: CardEvent) -> None:
        """Take in one event of the reader."""
        terminal = self._terminal()
        match event:
            case CardPresented(card):
                terminal.card_laid(card, self._purpose, self._consent_text)
            case CardFound():
                self._card_found()
                self._show_idle("hold_still")
            case CardTrouble(kind):
                self._show_idle("card_trouble", kind)
                if kind in REASONS:
                    terminal.post(CardFailed(REASONS[kind]))
            case CardStillThere():
                self._show_idle("take_card")
            case CardRemoved():
                terminal.post(CardTaken())
            case ReaderReady(reader_id):
                self.reader, self.reader_id = Health.WELL, reader_id
                self._show_idle("idle")
            case ReaderTrouble(kind):
                if self.reader is Health.WELL:
                    # Nobody can say any more that the card stays: as if it were taken.
                    terminal.post(CardTaken())
                self.reader = Health.LOST
                self._show_idle("no_reader", kind)
            case _:
                assert_never(event)

    def _show_idle(self, state: str, detail: str = "") -> None:
        """Speak about the reader only while no visit has the screen."""
        if self._terminal().idle:
            self._screen.show(state, detail)
