"""The dialogue by transcripts, over six kinds of line, and by generated events."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likeness.core import card_dialogue
from likeness.core.card_cycle import CardRead, CardTrouble, Step, Wishes
from likeness.core.card_dialogue import (
    Bytes,
    Dialogue,
    Event,
    Lost,
    Opened,
    ReaderReady,
    ReaderTrouble,
    Reopen,
    Rest,
    Seek,
    State,
    TimePassed,
)
from likeness.core.card_frames import encode
from likeness.core.card_trouble import Trouble
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt_faults import parse
from likeness.simulators.sdt_reader import SdtReader
from lines import (
    Conversation,
    Dripping,
    Late,
    Line,
    Lossy,
    Noisy,
    Perfect,
    Torn,
)
from playbook import play, transcripts

HERE = Path(__file__).parent
CARD = simulated(fictitious_card(3), b"picture")
ID_DATA = bytes.fromhex("05 00 01 00 AF DC 32 01 87 D6 12 00 B1 68 DE 3A")
RECORD_DATA = bytes.fromhex("01 00 04 00") + CARD.text + CARD.portrait


def answer(status: str, data: bytes = b"") -> Bytes:
    """For transcripts: `answer('90')`."""
    return Bytes(encode(bytes([0, 0, *bytes.fromhex(status)]) + data))


NAMES = vars(card_dialogue) | {
    "OK": answer("90"),
    "NO_CARD": answer("80"),
    "FOUND": answer("9F", bytes(4)),
    "SELECTED": answer("90", bytes(8)),
    "READER_ID": answer("90", ID_DATA),
    "RECORD": answer("90", RECORD_DATA),
    "NO_ITEM": answer("91"),
    "MOVED": answer("41"),
    "answer": answer,
}


@pytest.mark.parametrize(
    "path",
    transcripts(HERE / "transcripts", "card_dialogue"),
    ids=lambda path: path.stem,
)
def test_transcript(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert play(text, Dialogue(), NAMES) == text


# Over lines ---------------------------------------------------------------------------


def conversation(line: Line, *faults: str, baud: int = 115200) -> Conversation:
    reader = SdtReader([parse(fault) for fault in faults], latency_s=0.02)
    talk = Conversation(reader, line, baud=baud)
    talk.happens(Opened())
    talk.happens(Seek())
    talk.run_for(0.2)
    reader.lay(CARD)
    return talk


def cards(talk: Conversation) -> list[CardRead]:
    return [effect for _, effect in talk.told if isinstance(effect, CardRead)]


@pytest.mark.parametrize(
    "line",
    [Perfect(), Dripping(), Late(), *map(Noisy, range(5)), *map(Torn, range(4, 13))],
    ids=lambda line: type(line).__name__,
)
def test_the_card_is_read_once_and_whole_on_every_line(line: Line) -> None:
    talk = conversation(line, baud=9600)
    talk.run_for(10.0)
    assert [card.text for card in cards(talk)] == [CARD.text]
    assert [card.portrait_record for card in cards(talk)] == [CARD.portrait]
    assert talk.dialogue.step is Step.HELD


@pytest.mark.parametrize("seed", range(12))
def test_a_lossy_line_needs_patience_but_reads_the_card(seed: int) -> None:
    talk = conversation(Lossy(seed))
    for _ in range(20):  # the visitor lays the card again from time to time
        talk.run_for(15.0)
        if cards(talk):
            break
        talk.reader.take_away()
        talk.run_for(2.0)
        talk.reader.lay(CARD)
    assert [card.text for card in cards(talk)] == [CARD.text]
    talk.run_for(60.0)
    assert len(cards(talk)) == 1


@pytest.mark.parametrize("at_write", range(1, 13))
def test_a_torn_line_alone_ends_with_a_request_to_reopen(at_write: int) -> None:
    reader = SdtReader(latency_s=0.02)
    reader.lay(CARD)
    talk = Conversation(reader, Torn(at_write), reopens=False)
    talk.happens(Opened())
    talk.happens(Seek())
    talk.run_for(10.0)
    assert talk.dialogue.state is State.CLOSED
    assert talk.told[-1][1] == ReaderTrouble(Trouble.READER_ABSENT, "torn")
    assert talk.dialogue.deadline is None


@pytest.mark.parametrize(
    "fault",
    [
        *("noise", "split", "glued", "bad-xor:2", "len-big:1", "len-small:1"),
        *("silent:2", "cut:1", "garbage:2", "moved:2", "no-removal-test"),
        *("bad-xor:1@3001", "cut:1@3001", "silent:1@3001", "silent:1@2001"),
        *("silent:2@2002", "slow-drip:1@3001", "glued@3001", "silent@3003"),
        *("status-41:2", "status-47:2", "status-33:2", "status-31:1", "status-81:2"),
        *("status-10:1@3001", "status-11:1@2001", "status-21:1@2002", "status-24:1"),
        *("status-55:1@3001", "status-91:1@2002", "status-60:1", "status-66:1@2001"),
    ],
)
def test_a_passing_fault_costs_time_but_no_card(fault: str) -> None:
    talk = conversation(Perfect(), fault)
    talk.run_for(40.0)
    assert [card.text for card in cards(talk)] == [CARD.text]
    talk.reader.take_away()
    talk.run_for(3.0)
    talk.reader.lay(CARD)
    talk.run_for(3.0)
    assert len(cards(talk)) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("status-31", Trouble.CARD_REJECTED),
        ("status-32", Trouble.CARD_REJECTED),
        ("status-33", Trouble.CARD_REJECTED),
        ("status-40", Trouble.WRONG_CARD),
        ("status-41", Trouble.HOLD_STILL),
        ("status-47", Trouble.HOLD_STILL),
        ("status-81", Trouble.HOLD_STILL),
        ("status-55@3001", Trouble.HOLD_STILL),
        ("moved", Trouble.HOLD_STILL),
        ("bad-xor@3001", Trouble.HOLD_STILL),
    ],
)
def test_a_lasting_card_fault_is_named(fault: str, kind: Trouble) -> None:
    talk = conversation(Perfect(), fault)
    talk.run_for(12.0)
    troubles = [effect for _, effect in talk.told if isinstance(effect, CardTrouble)]
    assert {trouble.kind for trouble in troubles} == {kind}
    if kind is not Trouble.HOLD_STILL:
        assert len(troubles) == 1  # until the card is lifted
        assert talk.dialogue.step is Step.SPENT
    assert cards(talk) == []


@pytest.mark.parametrize(
    ("fault", "kind", "detail"),
    [
        ("silent", Trouble.READER_SILENT, "silent"),
        ("garbage", Trouble.READER_SILENT, "silent"),
        ("bad-xor", Trouble.READER_SILENT, "damaged"),
        ("status-24", Trouble.READER_FAULT, "00 00 24"),
        ("status-60", Trouble.READER_FAULT, "00 00 60"),
        ("status-66", Trouble.READER_FAULT, "00 00 66"),
        ("cut@12FF", Trouble.READER_SILENT, "damaged"),
        ("silent@2001", Trouble.READER_SILENT, "silent"),
    ],
)
def test_a_lasting_reader_fault_is_named(
    fault: str, kind: Trouble, detail: str
) -> None:
    talk = conversation(Perfect(), fault)
    talk.run_for(40.0)
    troubles = [effect for _, effect in talk.told if isinstance(effect, ReaderTrouble)]
    assert set(troubles) == {ReaderTrouble(kind, detail)}
    assert cards(talk) == []


def test_a_reader_that_drips_too_slowly_is_given_up() -> None:
    talk = conversation(Perfect(), "slow-drip")
    talk.run_for(40.0)
    assert ReaderTrouble(Trouble.READER_SILENT, "slow") in [
        what for _, what in talk.told
    ]
    assert set(talk.kinds()) == {"ReaderTrouble"}


def test_a_broken_reader_is_asked_twice_a_minute_only() -> None:
    talk = conversation(Perfect(), "status-66")
    talk.run_for(120.0)
    assert talk.asked == ["status"] * 5


def test_a_hung_chip_is_freed_by_a_reset_after_ten_seconds() -> None:
    talk = conversation(Perfect(), "status-81")
    talk.run_for(9.0)
    assert "reset" not in talk.asked
    talk.run_for(4.0)
    assert talk.asked.count("reset") == 1


def test_a_command_that_arrived_damaged_is_asked_once_more() -> None:
    talk = conversation(Perfect(), "status-10:1@2002", "status-11:1@3001")
    talk.run_for(2.0)
    assert len(cards(talk)) == 1
    assert "reset" not in talk.asked
    asked = [one for one in talk.asked if one in ("select", "read")]
    assert asked == ["select", "select", "read", "read"]


def test_a_reader_that_reads_no_fingerprints_gives_the_card_all_the_same() -> None:
    reader = SdtReader([parse("status-21@3010")], latency_s=0.02)
    reader.lay(CARD)
    talk = Conversation(reader, Perfect(), wishes=Wishes(fingerprint=True))
    talk.happens(Opened())
    talk.happens(Seek())
    talk.run_for(2.0)
    assert [card.text for card in cards(talk)] == [CARD.text]
    # Twice: the first 21 may have been the line's.
    finger = "read_with_fingerprint"
    assert talk.asked[3:7] == ["select", finger, finger, "read"]


def test_a_transfer_size_is_told_once_and_may_be_refused() -> None:
    reader = SdtReader([parse("status-66:1@61FF")], latency_s=0.02)
    talk = Conversation(reader, Perfect(), rf_size=80)
    talk.happens(Opened())
    talk.run_for(10.0)
    assert talk.asked[:3] == ["status", "rf_size", "reader_id"]
    assert talk.asked.count("rf_size") == 1
    assert talk.kinds() == ["ReaderReady"]


def test_unknown_statuses_are_counted() -> None:
    talk = conversation(Perfect(), "status-55:2@3001")
    talk.run_for(3.0)
    assert talk.dialogue.exchange.tally.unknown_statuses == 2


def test_dead_commands_count_in_a_row_only() -> None:
    talk = conversation(Perfect())
    talk.reader.take_away()
    for _ in range(4):
        talk.reader.faults.append(parse("silent:2@2001"))
        talk.run_for(5.0)
    assert talk.dialogue.exchange.tally.failures == 8
    assert "reset" not in talk.asked


def test_a_reader_that_wakes_late_is_awaited() -> None:
    reader = SdtReader(power_up_s=3.5)
    reader.power_up(0.0)
    talk = Conversation(reader, Perfect())
    talk.happens(Opened())
    talk.run_for(5.0)
    assert talk.kinds() == ["ReaderReady"]


def test_no_card_is_read_that_nobody_wants() -> None:
    reader = SdtReader()
    reader.lay(CARD)
    talk = Conversation(reader, Perfect())
    talk.happens(Opened())
    talk.run_for(20.0)
    assert set(talk.asked) == {"status", "reader_id"}
    assert talk.kinds() == ["ReaderReady"]


def test_a_trace_has_no_data_and_does_not_grow() -> None:
    talk = conversation(Perfect())
    talk.run_for(60.0)
    trace = talk.dialogue.exchange.trace
    assert len(trace) == 64
    assert all(len(entry.digest) == 8 for entry in trace)
    assert trace[-1].outcome == "00 00 91"
    assert talk.dialogue.exchange.tally.failures == 0


# Generated ----------------------------------------------------------------------------

STATUSES = ["10", "11", "21", "24", "31", "32", "33", "40", "41", "47", "55", "60"]
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Opened),
    st.builds(Lost, st.just("unplugged")),
    st.builds(Seek),
    st.builds(Rest),
    st.builds(TimePassed),
    st.sampled_from([*STATUSES, "66", "80", "81", "90", "91", "9F"]).map(answer),
    st.sampled_from([ID_DATA, RECORD_DATA, bytes(8)]).map(
        lambda data: answer("90", data)
    ),
    st.builds(Bytes, st.binary(max_size=40)),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(EVENTS, st.floats(0, 6)), max_size=60))
def test_any_events_in_any_state_end_in_a_named_state(
    steps: list[tuple[Event, float]],
) -> None:
    machine, now, open_now = Dialogue(), 0.0, False
    for event, later in steps:
        now += later
        effects = machine.handle(event, now)
        open_now = open_now or isinstance(event, Opened)
        if any(isinstance(effect, Reopen) for effect in effects):
            open_now = False
            assert machine.state is State.CLOSED
        assert machine.state in State
        # An open line always has a next moment: the machine cannot fall asleep.
        assert (machine.deadline is not None) == open_now
        assert sum(isinstance(effect, card_dialogue.Write) for effect in effects) <= 1


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            [
                *("noise:1", "glued:1", "bad-xor:1", "len-big:1", "len-small:1"),
                *("silent:1", "cut:1", "garbage:1", "moved:1", "silent:3"),
                *("status-41:1", "status-33:1", "status-47:1", "status-81:1"),
            ]
        ),
        max_size=5,
    ),
    st.integers(0, 100),
)
def test_one_laying_gives_one_reading_whatever_goes_wrong(
    faults: list[str], seed: int
) -> None:
    talk = conversation(Noisy(seed), *faults)
    talk.run_for(60.0)
    assert len(cards(talk)) <= 1
    assert isinstance(talk.told[0][1], ReaderReady)
