"""The simulated reader against the bytes that the documents print (A.4 to A.6)."""

import pytest

from likeness.simulators.sdt_faults import parse
from likeness.simulators.sdt_reader import MOST_COMMANDS, SdtCard, SdtReader

CARD = SdtCard(b"t" * 256, b"p" * 1024)

RESET = "AA AA AA 96 69 00 03 10 FF EC"
STATUS = "AA AA AA 96 69 00 03 11 FF ED"
MODULE = "AA AA AA 96 69 00 03 12 FF EE"
FIND = "AA AA AA 96 69 00 03 20 01 22"
SELECT = "AA AA AA 96 69 00 03 20 02 21"
READ = "AA AA AA 96 69 00 03 30 01 32"
READ_FINGER = "AA AA AA 96 69 00 03 30 10 23"
APPENDED = "AA AA AA 96 69 00 03 30 03 30"
CHIP = "AA AA AA 96 69 00 03 30 05 36"

OK = "AA AA AA 96 69 00 04 00 00 90 94"
FOUND = "AA AA AA 96 69 00 08 00 00 9F 00 00 00 00 97"
NO_CARD = "AA AA AA 96 69 00 04 00 00 80 84"
SELECTED = "AA AA AA 96 69 00 0C 00 00 90 00 00 00 00 00 00 00 00 9C"
SELECT_FAILED = "AA AA AA 96 69 00 04 00 00 81 85"
READ_FAILED = "AA AA AA 96 69 00 04 00 00 41 45"
NO_ITEM = "AA AA AA 96 69 00 04 00 00 91 95"


def ask(reader: SdtReader, command: str, now: float = 1.0) -> str:
    pieces = reader.receive(bytes.fromhex(command), now)
    return b"".join(piece.data for piece in pieces).hex(" ").upper()


def with_card(*faults: str) -> SdtReader:
    reader = SdtReader([parse(fault) for fault in faults])
    reader.lay(CARD)
    return reader


def test_the_printed_conversation() -> None:
    reader = SdtReader()
    assert ask(reader, STATUS) == OK
    assert ask(reader, MODULE) == (
        "AA AA AA 96 69 00 14 00 00 90 05 00 01 00 AF DC 32 01"
        " 87 D6 12 00 B1 68 DE 3A BE"
    )
    assert ask(reader, FIND) == NO_CARD
    reader.lay(CARD)
    assert ask(reader, FIND) == FOUND
    assert ask(reader, SELECT) == SELECTED
    record = ask(reader, READ)
    assert record.startswith("AA AA AA 96 69 05 08 00 00 90 01 00 04 00 74 74")
    assert len(bytes.fromhex(record)) == 1295
    assert ask(reader, APPENDED) == NO_ITEM


def test_a_card_that_was_read_is_halted_until_it_is_lifted_or_the_field_drops() -> None:
    reader = with_card()
    for command in (FIND, SELECT, READ):
        ask(reader, command)
    assert ask(reader, FIND) == NO_CARD
    assert ask(reader, SELECT) == SELECT_FAILED
    assert ask(reader, READ) == READ_FAILED
    assert ask(reader, RESET) == OK
    assert ask(reader, FIND) == FOUND
    reader.take_away()
    assert ask(reader, FIND) == NO_CARD
    assert ask(reader, APPENDED) == READ_FAILED
    reader.lay(CARD)
    assert ask(reader, FIND) == FOUND


def test_nothing_is_read_out_of_order() -> None:
    reader = with_card()
    assert ask(reader, SELECT) == SELECT_FAILED
    assert ask(reader, READ) == READ_FAILED
    ask(reader, FIND)
    assert ask(reader, READ) == READ_FAILED
    assert ask(reader, SELECT) == SELECT_FAILED


def test_with_fingerprint_and_chip_number() -> None:
    reader = with_card()
    assert ask(reader, CHIP) == READ_FAILED
    for command in (FIND, SELECT):
        ask(reader, command)
    record = ask(reader, READ_FINGER)
    start = "AA AA AA 96 69 09 0A 00 00 90 01 00 04 00 04 00"
    assert record.startswith(start)
    assert len(bytes.fromhex(record)) == 2321
    assert ask(reader, CHIP).startswith("AA AA AA 96 69 00 20 00 00 90")


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("AA AA AA 96 69 00 03 20 01 23", "10"),  # check
        ("AA AA AA 96 69 00 01 20", "11"),  # length
        ("AA AA AA 96 69 00 03 77 01 75", "21"),  # command
    ],
)
def test_bad_commands_are_refused(command: str, status: str) -> None:
    assert ask(SdtReader(), command)[30:32] != "90"
    assert bytes.fromhex(ask(SdtReader(), command))[9] == int(status, 16)


def test_commands_may_come_in_slices_with_noise_before_them() -> None:
    reader = SdtReader()
    frame = bytes.fromhex("FF AA " + STATUS)
    answers = [reader.receive(bytes([byte]), 1.0) for byte in frame]
    assert [len(pieces) for pieces in answers] == [0] * (len(frame) - 1) + [1]


def test_a_half_command_is_forgotten_after_a_while() -> None:
    reader = SdtReader()
    reader.receive(bytes.fromhex(STATUS)[:-1], 1.0)
    assert ask(reader, STATUS, 2.0) == OK


def test_deaf_while_it_powers_up() -> None:
    reader = SdtReader(power_up_s=2.0)
    reader.power_up(10.0)
    assert ask(reader, STATUS, 11.9) == ""
    assert ask(reader, STATUS, 12.1) == OK


def test_pace_of_a_slow_line() -> None:
    reader = SdtReader(paced=True, baud=9600)
    reader.lay(CARD)
    for command in (FIND, SELECT):
        ask(reader, command)
    pieces = reader.receive(bytes.fromhex(READ), 1.0)
    assert pieces[-1].after_s == pytest.approx(1295 * 10 / 9600)
    assert sum(len(piece.data) for piece in pieces) == 1295


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("silent", ""),
        ("bad-xor", "AA AA AA 96 69 00 04 00 00 90 C1"),
        ("len-big", "AA AA AA 96 69 0E EE 00 00 90 94"),
        ("len-small", "AA AA AA 96 69 00 01 00 00 90 94"),
        ("cut", "AA AA AA 96 69"),
        ("glued", f"{OK} {NO_CARD}"),
        ("status-66", "AA AA AA 96 69 00 04 00 00 66 62"),
        ("split", OK),
    ],
)
def test_faults_change_the_answer_as_named(fault: str, expected: str) -> None:
    assert ask(with_card(fault), STATUS) == expected


def test_faults_that_change_time_or_noise() -> None:
    frame = bytes.fromhex(STATUS)
    drops = with_card("slow-drip").receive(frame, 1.0)
    assert [len(piece.data) for piece in drops] == [1] * 11
    assert drops[-1].after_s == pytest.approx(0.5)
    assert len(with_card("split").receive(frame, 1.0)) == 11
    assert with_card("unplug").receive(frame, 1.0)[0].then_unplug
    noisy = ask(with_card("noise"), STATUS)
    assert noisy.endswith(OK)
    assert len(noisy) > len(OK)
    garbage = ask(with_card("garbage"), STATUS)
    assert len(garbage) == len(OK)
    assert garbage != OK


def test_a_moved_card_must_be_found_again() -> None:
    reader = with_card("moved:1")
    for command in (FIND, SELECT):
        ask(reader, command)
    assert ask(reader, READ) == READ_FAILED
    assert ask(reader, SELECT) == SELECT_FAILED
    assert ask(reader, FIND) == FOUND


def test_a_reader_that_is_asked_for_days_remembers_no_more_than_some_commands() -> None:
    """A list of all of them was the one thing that grew in a soak."""
    reader = SdtReader()
    for turn in range(MOST_COMMANDS + 10):
        ask(reader, FIND, turn)
    assert len(reader.commands) == MOST_COMMANDS
