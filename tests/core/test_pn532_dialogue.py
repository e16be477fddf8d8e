"""What a PN532 is told and what its answers mean, by hand and by generated events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.pn532_dialogue import (
    ACK_S,
    ANSWER_ELSE_S,
    ANSWER_S,
    EXCHANGE,
    FIRST_ACK_S,
    GAP_S,
    WAKE_UP,
    Answered,
    Broken,
    Bytes,
    CardFault,
    CardThere,
    Effect,
    Event,
    Exchange,
    Find,
    NoCard,
    Opened,
    OtherCard,
    Pn532Dialogue,
    Ready,
    Rest,
    Resting,
    TimePassed,
    Write,
)
from likeness.core.pn532_frames import ACK, NACK, encode
from likeness.core.wellness import LIMITS_S, Part

SELECT = bytes.fromhex("00A4040C07A0000002471001")
TYPE_A = bytes.fromhex("4B0101000420040811223305757781 02")
DOOR_KEY = bytes.fromhex("4B0101000408 04 08112233")
TYPE_B = bytes.fromhex("4B0101500811223300000000005181 0100")


def answer(body: bytes, acked: bool = True) -> Bytes:
    """A frame of the chip, with the acknowledgement of the command before it."""
    data = b"\xd5" + body
    frame = bytes([0, 0, 255, len(data), -len(data) & 255]) + data
    return Bytes((ACK if acked else b"") + frame + bytes([-sum(data) & 255, 0]))


class Talk:
    """A dialogue whose clock is in the test's hand."""

    def __init__(self) -> None:
        self.dialogue = Pn532Dialogue()
        self.now = 0.0

    def says(self, event: Event) -> list[Effect]:
        return self.dialogue.handle(event, self.now)

    def hears(self, body: bytes) -> list[Effect]:
        return self.says(answer(body))

    def waits(self) -> list[Effect]:
        """Let time pass until the dialogue wants to be called."""
        due = self.dialogue.deadline
        assert due is not None
        self.now = due
        return self.says(TimePassed())

    def answers(self, *bodies: bytes) -> list[Effect]:
        """Answer one command after the other; all but the last lead to another."""
        effects: list[Effect] = []
        for body in bodies:
            effects = self.hears(body)
        return effects


def awake() -> Talk:
    talk = Talk()
    talk.says(Opened())
    ready = talk.answers(b"\x03\x32\x01\x06\x07", b"\x15", b"\x33", b"\x33")
    assert ready == [Ready("PN532 firmware 1.6")]
    return talk


def with_card(listed: bytes = TYPE_A) -> Talk:
    talk = awake()
    talk.says(Find())
    assert talk.answers(b"\x33", listed) == [CardThere(listed[2:])]
    return talk


def test_it_is_woken_named_and_set_up() -> None:
    talk = Talk()
    assert talk.says(Opened()) == [Write(WAKE_UP), Write(encode(b"\x02"))]
    assert talk.dialogue.deadline == FIRST_ACK_S
    sam = talk.hears(b"\x03\x32\x01\x06\x07")
    assert sam == [Write(bytes.fromhex("0000FF05FBD4140100001700"))]


def test_a_card_is_looked_for_by_type_a_and_then_b() -> None:
    talk = awake()
    assert talk.says(Find()) == [Write(encode(b"\x32\x01\x01"))]
    assert talk.hears(b"\x33") == [Write(encode(b"\x4a\x01\x00"))]
    assert talk.hears(b"\x4b\x00") == [Write(encode(b"\x4a\x01\x03\x00"))]
    assert talk.hears(TYPE_B) == [CardThere(TYPE_B[2:])]


def test_no_card_and_one_that_takes_no_commands() -> None:
    talk = awake()
    talk.says(Find())
    assert talk.answers(b"\x33", b"\x4b\x00", b"\x4b\x00") == [NoCard()]
    talk.says(Find())
    assert talk.answers(b"\x33", DOOR_KEY) == [OtherCard()]


def test_a_card_that_is_sought_again_begins_fresh() -> None:
    talk = with_card()
    assert talk.says(Find()) == [Write(encode(b"\x52\x00"))]
    assert talk.hears(b"\x53\x00") == [Write(encode(b"\x32\x01\x00"))]
    assert talk.hears(b"\x33") == [Write(encode(b"\x32\x01\x01"))]
    assert talk.answers(b"\x33", TYPE_A) == [CardThere(TYPE_A[2:])]


def test_an_exchange_and_one_that_comes_in_parts() -> None:
    talk = with_card()
    assert talk.says(Exchange(SELECT)) == [Write(encode(b"\x40\x01" + SELECT))]
    assert talk.hears(b"\x41\x00\x90\x00") == [Answered(b"\x90\x00")]
    talk.says(Exchange(SELECT))
    assert talk.hears(b"\x41\x40abc") == [Write(encode(b"\x40\x01"))]
    assert talk.hears(b"\x41\x00def\x90\x00") == [Answered(b"abcdef\x90\x00")]


def test_an_answer_without_an_end_is_given_up() -> None:
    talk = with_card()
    effects = talk.says(Exchange(SELECT))
    for _ in range(400):
        effects = talk.hears(b"\x41\x40" + bytes(250))
        if not isinstance(effects[0], Write):
            break
    assert effects == [CardFault("an answer without an end")]


@pytest.mark.parametrize("part", [b"", b"x"])
def test_an_answer_in_endless_parts_ends_before_the_reader_seems_hung(
    part: bytes,
) -> None:
    talk = with_card()
    effects = talk.says(Exchange(SELECT))
    begun = talk.now
    while isinstance(effects[0], Write):
        talk.now += 1.0
        effects = talk.hears(b"\x41\x40" + part)
        assert talk.now - begun + ANSWER_S[EXCHANGE] < LIMITS_S[Part.READER]
    assert effects == [CardFault("an answer without an end")]
    assert talk.dialogue.deadline is None
    talk.says(Find())  # and it goes on
    assert talk.answers(b"\x53", b"\x33", b"\x33", TYPE_A) == [CardThere(TYPE_A[2:])]


@pytest.mark.parametrize("status", ["01", "27", "29", ""])
def test_an_exchange_that_failed(status: str) -> None:
    talk = with_card()
    talk.says(Exchange(SELECT))
    (fault,) = talk.hears(b"\x41" + bytes.fromhex(status))
    assert isinstance(fault, CardFault)


def test_a_command_too_long_never_leaves() -> None:
    assert with_card().says(Exchange(bytes(262))) == [
        CardFault("a command of 262 bytes is too long for it")
    ]


def test_the_field_is_switched_off() -> None:
    talk = with_card()
    assert talk.says(Rest()) == [Write(encode(b"\x52\x00"))]
    assert talk.hears(b"\x53\x00") == [Write(encode(b"\x32\x01\x00"))]
    assert talk.hears(b"\x33") == [Resting()]


def test_a_command_without_acknowledgement_is_sent_three_times() -> None:
    talk = awake()
    talk.says(Find())
    asked = [Write(encode(b"\x32\x01\x01"))]
    assert talk.dialogue.deadline == talk.now + ACK_S
    assert talk.waits() == asked
    assert talk.says(Bytes(NACK)) == asked
    assert talk.waits() == [Broken("it acknowledges no command")]
    assert talk.dialogue.deadline is None


def test_a_sleeping_reader_is_woken_again() -> None:
    talk = Talk()
    talk.says(Opened())
    assert talk.waits() == [Write(WAKE_UP), Write(encode(b"\x02"))]


def test_an_acknowledged_exchange_is_never_repeated() -> None:
    talk = with_card()
    talk.says(Exchange(SELECT))
    assert talk.says(Bytes(ACK)) == []
    assert talk.dialogue.deadline == talk.now + ANSWER_S[EXCHANGE]
    assert talk.waits() == [Write(ACK), CardFault("no whole answer in time")]


def test_half_an_answer_is_not_waited_for_long() -> None:
    for half in (answer(b"\x41\x00\x90\x00").data[:-4], ACK + b"\x00\x00\xff\x05"):
        talk = with_card()
        talk.says(Exchange(SELECT))
        talk.says(Bytes(half))
        assert talk.dialogue.deadline == talk.now + GAP_S
        assert isinstance(talk.waits()[1], CardFault)


def test_other_commands_without_an_answer_mean_a_broken_reader() -> None:
    talk = awake()
    talk.says(Find())
    talk.says(Bytes(ACK))
    assert talk.dialogue.deadline == talk.now + ANSWER_ELSE_S
    assert talk.waits() == [Broken("it acknowledges, but does not answer")]


def test_a_reader_that_does_not_know_a_command() -> None:
    talk = awake()
    talk.says(Find())
    error = bytes.fromhex("0000FF01FF7F8100")
    (broken,) = talk.says(Bytes(ACK + error))
    assert isinstance(broken, Broken)


def test_late_answers_of_other_commands_are_passed_over() -> None:
    talk = with_card()
    talk.says(Exchange(SELECT))
    assert talk.says(answer(b"\x4b\x00")) == []
    assert talk.says(answer(b"\x41\x00\x90\x00", acked=False)) == [
        Answered(b"\x90\x00")
    ]
    assert talk.says(answer(b"\x41\x00\x90\x00")) == []  # nobody waits


def test_time_that_has_not_come_changes_nothing() -> None:
    talk = awake()
    assert talk.says(TimePassed()) == []
    talk.says(Find())
    assert talk.says(TimePassed()) == []


def test_noise_is_counted() -> None:
    talk = awake()
    talk.says(Bytes(b"\x55\x13\x13"))
    assert talk.dialogue.noise_bytes == 3


EVENTS = st.one_of(
    st.builds(Bytes, st.binary(max_size=40)),
    st.sampled_from([answer(TYPE_A), answer(b"\x41\x00\x90\x00"), answer(b"\x33")]),
    st.just(TimePassed()),
)


@given(st.lists(st.tuples(EVENTS, st.floats(0.0, 5.0)), max_size=40))
def test_any_line_ends_in_an_outcome(events: list[tuple[Event, float]]) -> None:
    talk = with_card()
    effects = talk.says(Exchange(SELECT))
    for event, later in events:
        talk.now += later
        effects += talk.says(event)
    while talk.dialogue.deadline is not None:
        effects += talk.waits()
    assert not isinstance(effects[-1], Write)


def test_personal_data_shows_nowhere() -> None:
    said = repr((Answered(b"ERIKSSON"), Exchange(b"ERIKSSON"), Write(b"ERIKSSON")))
    assert "ERIKSSON" not in said
