"""Tells the terminal and the screen what the card readers say.

A card laid in idle begins a visit and is the consent (decision 4). Where there are two
readers, one for each family of cards, the visit belongs to the one that began it: the
other's removals and losses are not its. Leaves to others: the readers' protocols
(reading.py, chip_reading.py), the visit (terminal.py).
"""

from collections.abc import Callable, Sequence
from typing import assert_never

from likeness.core.card_events import ReaderReady, ReaderTrouble
from likeness.core.card_moments import (
    CardFound,
    CardRemoved,
    CardStillThere,
    CardTrouble,
)
from likeness.core.card_trouble import Trouble
from likeness.core.chip_moments import (
    ChipMoment,
    ChipProgress,
    KeyNotUnderstood,
    KeyUnfinished,
    KeyWanted,
    KeyWrong,
)
from likeness.core.glance import State
from likeness.core.visit_events import CardFailed, CardTaken, ConsentGiven
from likeness.core.vocabulary import CARD_LAID, Card, Consent, Health, Purpose, Reason
from likeness.service.chip_reading import ChipEvent
from likeness.service.ports import Screen
from likeness.service.reading import CardPresented
from likeness.service.terminal import Terminal

SDT = "sdt"
CHIP = "chip"

# What a visit that waits for its card ends with. A moved card is tried again by itself.
REASONS = {
    Trouble.CARD_REJECTED: Reason.CARD_REJECTED,
    Trouble.WRONG_CARD: Reason.CARD_UNSUPPORTED,
    Trouble.CARD_UNSUPPORTED: Reason.CARD_UNSUPPORTED,
    Trouble.CARD_INCONSISTENT: Reason.CARD_INCONSISTENT,
    Trouble.ACCESS_KEY_BLOCKED: Reason.ACCESS_KEY_WRONG,
    Trouble.CARD_COMM: Reason.CARD_NOT_READ,
    Trouble.DOWNGRADE: Reason.ACCESS_DOWNGRADED,
    Trouble.CARD_TAMPERED: Reason.CARD_TAMPERED,
}


# Where a visit waits for its card, and what is said there when nothing else is.
REST = {State.CONSENT: "consent", State.CARD: "lay_card"}


class Reception:
    """Give `hear`, or what `listener` returns, to the readings as their listener."""

    def __init__(
        self,
        *,
        terminal: Callable[[], Terminal],
        screen: Screen,
        purpose: Purpose,
        consent_text: str,
        card_found: Callable[[str], None] = lambda _reader: None,
        readers: Sequence[str] = (SDT,),
        consent: Callable[[], Consent | None] | None = None,
        by_card: bool = True,
    ) -> None:
        """Take whom to tell.

        Args:
            terminal: made later than this, so it is asked for.
            screen: says what the readers need.
            purpose: of a visit that a card begins.
            consent_text: version of the text that stands on the screen.
            card_found: a card will soon be read by this reader.
            readers: their names.
            consent: to what laying a card agrees, where a text stands on the screen
                now; None: to the text, and nothing more is known.
            by_card: laying the card is the consent; else it is given before.
        """
        self._terminal = terminal
        self._screen = screen
        self._purpose = purpose
        self._consent = consent or (lambda: Consent(consent_text, CARD_LAID))
        # When each card was laid: in which visit (0: at rest), and what that agreed to.
        self._laid: dict[str, tuple[int, Consent | None]] = {}
        self._card_found = card_found
        self._health = dict.fromkeys(readers, Health.STARTING)
        self._by_card = by_card
        self._ids: dict[str, str] = {}
        self._troubles: dict[str, Trouble] = {}
        self._holder = ""  # whose card the visit is about
        self._asks: dict[str, tuple[str, str]] = {}  # which key a reader waits for

    @property
    def reader(self) -> Health:
        """The health of the readers together: one that is lost is a loss."""
        states = set(self._health.values())
        for state in (Health.LOST, Health.STARTING):
            if state in states:
                return state
        return Health.WELL

    @property
    def lost(self) -> str:
        """Why no card can be read at all; empty: one can, or nobody knows yet."""
        troubles = [self._troubles.get(name) for name in self._health]
        return next((str(one) for one in troubles if one and all(troubles)), "")

    @property
    def reader_id(self) -> str:
        """What the readers are called, those that were there."""
        return " + ".join(self._ids[name] for name in self._health if name in self._ids)

    def listener(self, reader: str) -> Callable[[ChipEvent], None]:
        """Return whom one of several readers tells."""
        return lambda event: self.hear(event, reader)

    def hear(self, event: ChipEvent, reader: str = SDT) -> None:
        """Take in one event of a reader."""
        if not isinstance(event, ChipMoment):
            self._asks.pop(reader, None)
        match event:
            case CardPresented(card):
                if self._welcomes() and (self._terminal().idle or self._holds(reader)):
                    self._holder = reader
                    self._hand_over(card, reader)
            case CardFound():
                self._card_found(reader)
                self._agrees(reader)
                self._show_idle("hold_still")
            case CardTrouble(Trouble.CARD_TAMPERED) if (
                self._by_card and self._terminal().idle
            ):
                self._holder = reader
                self._hand_over(REASONS[Trouble.CARD_TAMPERED], reader)
            case CardTrouble(kind):
                self._show_idle("card_trouble", kind)
                if kind in REASONS and self._holds(reader):
                    self._terminal().post(CardFailed(REASONS[kind]))
            case CardStillThere():
                self._show_idle("take_card")
            case CardRemoved():
                self._taken(reader)
                self._show_rest()
            case ReaderReady() | ReaderTrouble():
                self._reader_is(event, reader)
            case _:
                self._speak_of_chip(event, reader)

    def _reader_is(self, event: ReaderReady | ReaderTrouble, reader: str) -> None:
        match event:
            case ReaderReady(reader_id):
                self._health[reader] = Health.WELL
                self._ids[reader] = reader_id
                self._troubles.pop(reader, None)
                self._show_rest()
            case ReaderTrouble(kind):
                if self._health[reader] is Health.WELL:
                    # Nobody can say any more that the card stays: as if it were taken.
                    self._taken(reader)
                self._health[reader] = Health.LOST
                self._troubles[reader] = kind
                if Health.WELL not in self._health.values():
                    self._show_idle("no_reader", kind)
            case _:
                assert_never(event)

    def _speak_of_chip(self, event: ChipMoment, reader: str) -> None:
        match event:
            case KeyWanted(mrz_only):
                self._ask(reader, "access_key_mrz" if mrz_only else "access_key")
            case KeyWrong(tries_left):
                self._ask(reader, "key_wrong", str(tries_left))
            case KeyNotUnderstood(why):
                self._show_idle("key_not_understood", why)
            case KeyUnfinished(waits=True):
                self._show_idle("key_next_line")
            case KeyUnfinished():
                self._show_rest()
            case ChipProgress(kib):
                if kib == 0:  # it is being read from now on
                    self._asks.pop(reader, None)
                    self._card_found(reader)
                self._show_idle("reading_chip", f"{kib} kB" if kib else "")
            case _:
                assert_never(event)

    def _welcomes(self) -> bool:
        """Say whether a card may be heard: it begins no visit where a tap must.

        One that is read while the text is shown waits in the visit until it is agreed
        to, and is forgotten if it is not.
        """
        return self._by_card or self._terminal().glance.state in REST

    def _hand_over(self, card: Card | Reason, reader: str) -> None:
        """Give a card to the visit, with the consent that it was laid with.

        Reading takes a while: what has begun or ended meanwhile was not agreed to.
        """
        visit = self._terminal().glance.visit
        laid_in, consent = self._laid.get(reader) or (visit, self._agreed())
        self._terminal().card_laid(
            card, self._purpose, consent if visit == laid_in else None
        )

    def _agreed(self) -> Consent | None:
        """What laying a card agrees to here and now."""
        return self._consent() if self._by_card else None

    def _agrees(self, reader: str) -> None:
        """A card that is laid where a visit shows the text is the consent."""
        glance, consent = self._terminal().glance, self._agreed()
        self._laid[reader] = glance.visit, consent
        if consent is not None and glance.state is State.CONSENT:
            self._terminal().post(ConsentGiven(consent, glance.visit or None))

    def _holds(self, reader: str) -> bool:
        """Say whether the visit is, or may be, about this reader's card."""
        return self._holder in ("", reader)

    def _taken(self, reader: str) -> None:
        self._laid.pop(reader, None)
        if self._holds(reader):
            self._holder = ""
            self._terminal().post(CardTaken())

    def _ask(self, reader: str, state: str, detail: str = "") -> None:
        self._asks[reader] = (state, detail)
        self._show_idle(state, detail)

    def _show_rest(self) -> None:
        """Say what is waited for: a card, or the key of one on the other reader."""
        rest = REST.get(self._terminal().glance.state, "idle")
        self._show_idle(*next(iter(self._asks.values()), (rest, "")))

    def _show_idle(self, state: str, detail: str = "") -> None:
        """Speak about the readers only while no visit has the screen, or it waits."""
        if self._terminal().idle or self._terminal().glance.state in REST:
            self._screen.show(state, detail)
