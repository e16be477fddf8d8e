"""What the reader says becomes a visit, or words for whoever stands there."""

import logging
from collections.abc import Callable

import pytest

from likeness.core import visit_events as visits
from likeness.core.card_events import ReaderReady, ReaderTrouble
from likeness.core.card_moments import (
    CardFound,
    CardRemoved,
    CardStillThere,
    CardTrouble,
)
from likeness.core.card_trouble import Trouble
from likeness.core.chip_moments import (
    ChipProgress,
    KeyNotUnderstood,
    KeyUnfinished,
    KeyWanted,
    KeyWrong,
)
from likeness.core.glance import Glance, State
from likeness.core.key_lines import NotAKey
from likeness.core.vocabulary import (
    CARD_LAID,
    Card,
    CardKind,
    Consent,
    Health,
    Purpose,
    Reason,
)
from likeness.edges.screen_text import SENTENCES
from likeness.service.chip_reading import ChipEvent
from likeness.service.reading import CardPresented
from likeness.service.reception import CHIP, REASONS, SDT, Reception
from likeness.service.terminal import Terminal
from results import NAME, NUMBER

CARD = Card(kind=CardKind.RESIDENT, number=NUMBER, name=NAME)


class ListeningTerminal(Terminal):
    """Notes what it is told; a visit goes on or not, as the test says."""

    def __init__(self) -> None:
        self.serving = False
        self.state = State.ACTS
        self.visit = 0
        self.told: list[object] = []

    @property
    def idle(self) -> bool:
        return not self.serving

    @property
    def glance(self) -> Glance:
        if not self.serving:
            return Glance(State.IDLE)
        return Glance(self.state, visit=self.visit)

    def serves(self, visit: int, state: State) -> None:
        self.serving, self.visit, self.state = True, visit, state

    def card_laid(
        self, card: Card | Reason, purpose: Purpose, consent: str | Consent | None
    ) -> None:
        self.told.append((card, purpose, consent))

    def post(self, event: visits.Event) -> None:
        self.told.append(event)


class Counter:
    """A reception with its screen."""

    def __init__(
        self,
        *readers: str,
        by_card: bool = True,
        consent: Callable[[], Consent | None] | None = None,
    ) -> None:
        self.soon: list[str] = []
        self.terminal = ListeningTerminal()
        self.shown: list[tuple[str, str]] = []
        self.reception = Reception(
            terminal=lambda: self.terminal,
            screen=self,
            purpose=Purpose.REPLACE_SIM,
            consent_text="2026-11",
            card_found=self._card_found,
            readers=readers or (SDT,),
            by_card=by_card,
            consent=consent,
        )

    def _card_found(self, reader: str) -> None:
        self.soon.append(reader)

    def show(self, state: str, detail: str = "") -> None:
        self.shown.append((state, detail))

    def hears(self, *events: ChipEvent, reader: str = SDT) -> "Counter":
        for event in events:
            self.reception.hear(event, reader)
        return self


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_a_card_is_handed_over_with_purpose_and_consent(counter: Counter) -> None:
    counter.hears(CardFound(), CardPresented(CARD))
    assert counter.shown == [("hold_still", "")]
    assert counter.terminal.told == [
        (CARD, Purpose.REPLACE_SIM, Consent("2026-11", CARD_LAID))
    ]


def test_where_a_tap_is_the_consent_a_card_is_none_and_begins_nothing() -> None:
    counter = Counter(by_card=False)
    counter.hears(CardFound(), CardPresented(CARD), CardRemoved())
    counter.hears(CardTrouble(Trouble.CARD_TAMPERED, "DG1"))
    assert [one for one in counter.terminal.told if one != visits.CardTaken()] == [
        visits.CardFailed(Reason.CARD_TAMPERED)  # which no visit hears
    ]
    for state in (State.CONSENT, State.CARD):
        counter = Counter(by_card=False)
        counter.terminal.serving, counter.terminal.state = True, state
        counter.hears(CardFound(), CardPresented(CARD))
        assert counter.terminal.told == [(CARD, Purpose.REPLACE_SIM, None)]
    counter.terminal.state = State.ACTS
    assert counter.hears(CardPresented(CARD)).terminal.told[1:] == []


def test_where_no_text_stands_a_card_that_is_laid_agrees_to_none() -> None:
    counter = Counter(consent=lambda: None)
    counter.hears(CardFound(), CardPresented(CARD))
    assert counter.terminal.told == [(CARD, Purpose.REPLACE_SIM, None)]
    counter = Counter(consent=lambda: None)
    counter.terminal.serves(1, State.CONSENT)
    counter.hears(CardFound(), CardPresented(CARD))
    assert counter.terminal.told == [(CARD, Purpose.REPLACE_SIM, None)]


def test_the_text_counts_that_stood_when_the_card_was_laid() -> None:
    texts = iter((Consent("2026-11", CARD_LAID, "fr"), Consent("2026-11", CARD_LAID)))
    counter = Counter(consent=lambda: next(texts))
    counter.hears(CardFound(), CardPresented(CARD))
    assert counter.terminal.told == [
        (CARD, Purpose.REPLACE_SIM, Consent("2026-11", CARD_LAID, "fr"))
    ]


def test_a_visit_that_begins_while_a_card_is_read_is_not_agreed_to_by_it() -> None:
    counter = Counter()
    counter.hears(CardFound())
    counter.terminal.serves(7, State.CONSENT)  # a clerk, or the carrier from afar
    counter.hears(CardPresented(CARD))
    assert counter.terminal.told == [(CARD, Purpose.REPLACE_SIM, None)]


def test_a_card_of_a_visit_that_was_ended_does_not_agree_to_another() -> None:
    counter = Counter()
    counter.terminal.serves(7, State.CARD)
    counter.hears(CardFound())
    counter.terminal.serving = False  # "stop" was tapped, while a chip was read
    counter.hears(CardPresented(CARD))
    assert counter.terminal.told == [(CARD, Purpose.REPLACE_SIM, None)]
    counter.hears(CardRemoved(), CardFound(), CardPresented(CARD))
    assert counter.terminal.told[-1] == (
        CARD,
        Purpose.REPLACE_SIM,
        Consent("2026-11", CARD_LAID),
    )


def test_a_card_that_is_taken_is_told_to_the_visit(counter: Counter) -> None:
    counter.terminal.serving = True
    counter.hears(CardRemoved())
    assert counter.terminal.told == [visits.CardTaken()]
    assert counter.shown == []


def test_a_card_that_lies_is_a_visit_whose_end_is_signed(counter: Counter) -> None:
    counter.hears(CardTrouble(Trouble.CARD_TAMPERED, "DG1"))
    laid = (Reason.CARD_TAMPERED, Purpose.REPLACE_SIM, Consent("2026-11", CARD_LAID))
    assert counter.terminal.told == [laid]
    assert counter.shown == []  # the visit has the screen


def test_one_on_the_other_reader_changes_no_visit() -> None:
    counter = Counter(SDT, CHIP).hears(CardPresented(CARD))
    counter.terminal.serving = True
    counter.hears(CardTrouble(Trouble.CARD_TAMPERED, "DG1"), reader=CHIP)
    assert counter.terminal.told == [
        (CARD, Purpose.REPLACE_SIM, Consent("2026-11", CARD_LAID))
    ]


@pytest.mark.parametrize("kind", sorted(set(Trouble) - {Trouble.CARD_TAMPERED}))
def test_each_trouble_with_a_card_has_words_and_its_reason(
    counter: Counter, kind: Trouble
) -> None:
    counter.hears(CardTrouble(kind, "9f"))
    assert counter.shown == [("card_trouble", kind)]
    told = [visits.CardFailed(REASONS[kind])] if kind in REASONS else []
    assert counter.terminal.told == told


def test_troubles_that_come_by_a_card_end_the_visit_that_waits_for_it() -> None:
    assert set(REASONS.values()) == {
        Reason.CARD_REJECTED,
        Reason.CARD_UNSUPPORTED,
        Reason.CARD_INCONSISTENT,
        Reason.CARD_TAMPERED,
        Reason.ACCESS_KEY_WRONG,
        Reason.ACCESS_DOWNGRADED,
        Reason.CARD_NOT_READ,
    }
    assert Trouble.HOLD_STILL not in REASONS  # it is tried again by itself
    assert not [kind for kind in REASONS if kind.startswith("reader")]


def test_a_card_left_from_the_visit_before_is_asked_away(counter: Counter) -> None:
    counter.hears(CardStillThere())
    assert counter.shown == [("take_card", "")]
    assert counter.terminal.told == []


def test_the_readers_health_is_known(counter: Counter) -> None:
    def now() -> tuple[Health, str]:
        return counter.reception.reader, counter.reception.reader_id

    assert now() == (Health.STARTING, "")
    counter.hears(ReaderReady("0501-1"))
    assert now() == (Health.WELL, "0501-1")
    counter.hears(ReaderTrouble(Trouble.READER_ABSENT, "unplugged"))
    assert now() == (Health.LOST, "0501-1")  # the last one that was there
    counter.hears(ReaderReady("0501-2"))
    assert now() == (Health.WELL, "0501-2")
    assert counter.shown == [
        ("idle", ""),
        ("no_reader", "reader-absent"),
        ("idle", ""),
    ]


def test_while_a_visit_has_the_screen_the_reader_is_silent(counter: Counter) -> None:
    counter.terminal.serving = True
    counter.hears(
        ReaderTrouble(Trouble.READER_ABSENT, "not there yet"),
        ReaderReady("0501-1"),
        CardFound(),
        CardStillThere(),
        CardTrouble(Trouble.CARD_REJECTED, "9f"),
        ReaderTrouble(Trouble.READER_SILENT, "no answer"),
        ReaderReady("0501-1"),
    )
    assert counter.shown == []
    assert counter.reception.reader is Health.WELL
    # A reader that is lost cannot say that the card stays: as if it were taken.
    rejected = visits.CardFailed(Reason.CARD_REJECTED)
    assert counter.terminal.told == [rejected, visits.CardTaken()]


def test_who_it_is_stands_in_no_repr_and_no_log(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    counter.hears(CardPresented(CARD))
    said = repr((CardPresented(CARD), counter.terminal.told)) + caplog.text
    assert "CardPresented()" in said
    assert NAME not in said
    assert NUMBER not in said


def test_after_a_card_was_taken_away_the_next_visitor_is_welcome(
    counter: Counter,
) -> None:
    counter.hears(CardStillThere(), CardRemoved())
    assert counter.shown == [("take_card", ""), ("idle", "")]


def test_a_chip_asks_for_its_key_and_says_how_far_it_is() -> None:
    counter = Counter(CHIP)
    counter.hears(
        KeyWanted(),
        KeyNotUnderstood(NotAKey.UNKNOWN),
        KeyWanted(mrz_only=True),
        KeyUnfinished(waits=True),
        KeyUnfinished(waits=False),
        KeyWrong(2),
        ChipProgress(0),
        ChipProgress(4),
        reader=CHIP,
    )
    assert counter.shown == [
        ("access_key", ""),
        ("key_not_understood", "unknown"),
        ("access_key_mrz", ""),
        ("key_next_line", ""),
        ("access_key_mrz", ""),
        ("key_wrong", "2"),
        ("reading_chip", ""),
        ("reading_chip", "4 kB"),
    ]
    assert counter.soon == [CHIP]  # the portrait will come soon
    for state, _ in counter.shown:
        assert state in SENTENCES


def test_a_card_on_the_other_reader_does_not_disturb_a_visit() -> None:
    counter = Counter(SDT, CHIP)
    counter.hears(ReaderReady("0501-1"), CardPresented(CARD))
    counter.hears(ReaderReady("ACS 00"), reader=CHIP)
    counter.terminal.serving = True
    counter.hears(
        CardPresented(CARD),
        CardRemoved(),
        CardTrouble(Trouble.CARD_REJECTED, ""),
        ReaderTrouble(Trouble.READER_ABSENT, "gone"),
        reader=CHIP,
    )
    assert counter.terminal.told == [
        (CARD, Purpose.REPLACE_SIM, Consent("2026-11", CARD_LAID))
    ]
    counter.hears(CardRemoved())
    assert counter.terminal.told[1:] == [visits.CardTaken()]


def test_the_other_reader_does_not_wipe_away_which_key_is_wanted() -> None:
    counter = Counter(SDT, CHIP)
    counter.hears(CardFound(), KeyWanted(), KeyWrong(2), reader=CHIP)
    counter.shown.clear()
    counter.hears(ReaderReady("1"))
    counter.hears(CardTrouble(Trouble.WRONG_CARD, ""), CardRemoved())
    assert counter.shown == [
        ("key_wrong", "2"),
        ("card_trouble", Trouble.WRONG_CARD),
        ("key_wrong", "2"),
    ]


@pytest.mark.parametrize(
    "after",
    [
        CardRemoved(),
        CardPresented(CARD),
        CardTrouble(Trouble.CARD_COMM, ""),
        ReaderTrouble(Trouble.READER_ABSENT, ""),
        ChipProgress(0),
    ],
)
def test_no_key_is_asked_for_that_is_not_waited_for(after: ChipEvent) -> None:
    counter = Counter(SDT, CHIP)
    counter.hears(CardFound(), KeyWanted(), after, reader=CHIP)
    counter.hears(CardRemoved())
    assert counter.shown[-1] == ("idle", "")


def test_one_of_two_readers_is_enough_to_serve_but_not_to_be_well() -> None:
    counter = Counter(SDT, CHIP)

    def now() -> Health:
        return counter.reception.reader

    counter.hears(ReaderReady("0501-1"))
    assert now() is Health.STARTING
    counter.hears(ReaderReady("ACS 00"), reader=CHIP)
    assert now() is Health.WELL
    assert counter.reception.reader_id == "0501-1 + ACS 00"
    counter.shown.clear()
    counter.hears(ReaderTrouble(Trouble.READER_ABSENT, "gone"))
    assert now() is Health.LOST
    assert counter.shown == []
    counter.hears(ReaderTrouble(Trouble.READER_ABSENT, "gone"), reader=CHIP)
    assert counter.shown == [("no_reader", "reader-absent")]
