"""Rates, tuning and id; the dialogue's transcripts show them in time."""

from likeness.core.card_answers import Answer, Command
from likeness.core.card_events import SetBaud
from likeness.core.card_exchange import Failure
from likeness.core.card_trouble import Trouble
from likeness.core.card_waking import BAUDS, WAKE_WITHIN_S, Asleep, Awake, Waking

OK = Answer(b"\0\0\x90", b"")
ID = Answer(
    b"\0\0\x90", bytes.fromhex("05 00 01 00 AF DC 32 01 87 D6 12 00 B1 68 DE 3A")
)
NO_ID = Answer(b"\0\0\x91", b"")
UNRECOGNISED = Answer(b"\0\0\x24", b"")
NAME = "05.01-20110511-0001234567-0987654321"


def begun(baud: int = 115200, rf_size: int = 0) -> Waking:
    waking = Waking(baud, rf_size)
    assert waking.begin(0.0) == []
    return waking


def test_every_rate_is_listened_at_and_the_usual_one_first() -> None:
    waking, now, tried = begun(), WAKE_WITHIN_S, [115200]
    while isinstance(other := waking.take(Failure.SILENT, now), SetBaud):
        tried.append(other.baud)
        assert waking.asks == (Command.STATUS, b"")
        now += 2.0
    assert other == Asleep(Trouble.READER_SILENT, "silent")
    assert tuple(tried) == BAUDS
    assert waking.begin(now) == [SetBaud(115200)]


def test_a_configured_rate_comes_first_and_is_not_tried_twice() -> None:
    waking, tried = begun(baud=9600), [9600]
    while isinstance(
        other := waking.take(Failure.DAMAGED, 1000.0 * len(tried)), SetBaud
    ):
        tried.append(other.baud)
    assert tried == [9600, 115200, 57600, 38400, 19200]


def test_the_rate_that_worked_comes_first_the_next_time() -> None:
    waking = begun()
    assert waking.take(Failure.SILENT, 6.0) == SetBaud(57600)
    assert waking.take(OK, 6.1) is None
    assert waking.take(ID, 6.2) == Awake(NAME)
    assert waking.begin(10.0) == []
    assert waking.baud == 57600


def test_a_line_lost_at_another_rate_is_set_back() -> None:
    waking = begun()
    waking.take(Failure.SILENT, 6.0)
    assert waking.begin(7.0) == [SetBaud(115200)]


def test_a_reader_that_answers_is_at_its_rate_whatever_it_says() -> None:
    waking = begun()
    assert waking.take(UNRECOGNISED, 1.0) is None
    assert waking.take(UNRECOGNISED, 6.0) == Asleep(Trouble.READER_FAULT, "00 00 24")


def test_an_id_of_another_size_is_a_fault() -> None:
    waking = begun()
    waking.take(OK, 0.1)
    assert waking.take(OK, 0.2) is None  # asked again
    assert waking.asks == (Command.READER_ID, b"")
    broken = waking.take(OK, 6.0)
    assert broken == Asleep(Trouble.READER_FAULT, "its id has no 16 bytes")


def test_a_kind_of_reader_without_an_id_has_none_invented() -> None:
    waking = begun()
    waking.take(OK, 0.1)
    assert waking.take(NO_ID, 0.2) == Awake("")


def test_tuning_is_a_try() -> None:
    for outcome in (OK, UNRECOGNISED, Failure.SILENT):
        waking = begun(rf_size=0x50)
        waking.take(OK, 0.1)
        assert waking.asks == (Command.RF_SIZE, b"\x50")
        assert waking.indifferent()
        assert waking.take(outcome, 0.2) is None
        assert waking.asks == (Command.READER_ID, b"")
        assert not waking.indifferent()


def test_after_a_fault_only_the_id_is_asked() -> None:
    waking = begun()
    waking.recovered(90.0)
    assert waking.asks == (Command.READER_ID, b"")
    assert waking.take(ID, 90.1) == Awake(NAME)
