"""The simulated multi-in-one module against the bytes of card-readers A.11."""

import pytest

from likeness.simulators.sdt_faults import parse
from likeness.simulators.sdt_reader import SdtCard
from likeness.simulators.sdt_stx import StxReader

CARD = SdtCard(b"t" * 256, b"p" * 1024)
WHOLE = "02 00 03 CA 01 00 CB 03"
NUMBER = "02 00 03 CA 01 02 C9 03"
NO_CARD = "02 00 02 80 00 80 03"


def ask(reader: StxReader, command: str, now: float = 1.0) -> str:
    pieces = reader.receive(bytes.fromhex(command), now)
    return b"".join(piece.data for piece in pieces).hex(" ").upper()


def test_the_printed_conversation() -> None:
    reader = StxReader()
    assert ask(reader, NUMBER) == NO_CARD
    assert ask(reader, WHOLE) == NO_CARD
    reader.lay(CARD)
    number = ask(reader, NUMBER)
    assert number.startswith("02 00 26 90 00 74 74")
    assert number.endswith(" 90 03")  # the XOR of 90 00 and of 36 times the same
    whole = bytes.fromhex(ask(reader, WHOLE))
    assert whole[:9] == bytes.fromhex("02 05 06 90 00 01 00 04 00")
    assert len(whole) == 1291
    assert list(reader.commands) == ["CA02", "CA00", "CA02", "CA00"]


@pytest.mark.parametrize(
    ("halts", "second"), [(False, "02 05 06 90 00"), (True, NO_CARD)]
)
def test_a_second_read_in_one_laying(halts: bool, second: str) -> None:
    reader = StxReader(halts=halts)
    reader.lay(CARD)
    ask(reader, WHOLE)
    assert ask(reader, WHOLE).startswith(second)
    reader.lay(CARD)
    assert ask(reader, WHOLE).startswith("02 05 06 90 00")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("02 00 03 CA 01 00 CC 03", "02 00 02 10 00 10 03"),  # check
        ("02 00 03 CA 01 00 CB 04", "02 00 02 10 00 10 03"),  # end
        ("02 00 03 CA 01 07 CC 03", "02 00 02 21 00 21 03"),  # command
        ("02 00 09 02 00 03 CA 01 02 C9 03", NO_CARD),  # a false start before it
        ("FF FF", ""),
        ("02 00 03 CA", ""),
    ],
)
def test_other_commands(command: str, answer: str) -> None:
    assert ask(StxReader(), command) == answer


def test_faults_are_the_same_switches() -> None:
    reader = StxReader([parse("status-41:1@CA00"), parse("len-small:1@CA02")])
    reader.lay(CARD)
    assert ask(reader, WHOLE) == "02 00 02 41 00 41 03"
    assert ask(reader, NUMBER).startswith("02 00 01 90")
    assert ask(reader, WHOLE).startswith("02 05 06 90 00")
