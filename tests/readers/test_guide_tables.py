"""The tables of the readers' guide, row by row: each is run here, or names its tests.

The rows are card-readers A.4 (commands), A.5 (answers), A.7 (status words), A.8 (times
and retries) and B.7 (what is told), the serial part. A row that is run elsewhere names
the tests; that they are there, with that case, is checked. That no row is missing is
checked against what the code knows.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import likeness
from likeness.core.card_answers import MEANINGS, Answer, Command, Meaning, parse_answer
from likeness.core.card_cycle import ASKS as CARD_ASKS
from likeness.core.card_cycle import CYCLES, CYCLES_WITHIN_S, HUNG_CHIP_S, Step
from likeness.core.card_dialogue import ASKS, DEAD_COMMANDS, FIRST_ANSWER_S, State
from likeness.core.card_exchange import GAP_S, PATIENCE_S, SILENCE_S, Exchange, Failure
from likeness.core.card_frames import START, Frame, FrameCutter
from likeness.core.card_trouble import Trouble
from likeness.core.card_waking import BAUDS, WAKE_WITHIN_S
from likeness.service.reopening import REOPEN_AFTER_S
from readers.guide_rows import (
    ANSWERS,
    COMMANDS,
    ELSEWHERE,
    STATUSES,
    TIMES,
    TROUBLES,
)

TESTS = Path(__file__).parent.parent


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row[0])
def test_a4_commands(row: tuple[str, Command, bytes, str]) -> None:
    _, command, more, frame = row
    assert command.frame(more) == bytes.fromhex(frame)


def test_a4_is_whole_and_the_rate_is_never_set() -> None:
    assert {command for _, command, *_ in COMMANDS} == set(Command)
    assert all(command.value[0] != 0x60 for command in Command)


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: row[0])
def test_a5_answers(row: tuple[str, str, Meaning, int]) -> None:
    _, frame, meaning, size = row
    (found,) = FrameCutter().feed(bytes.fromhex(frame))
    assert isinstance(found, Frame)
    answer = parse_answer(found.body)
    assert (answer.meaning, len(answer.data)) == (meaning, size)


def test_a7_is_whole_and_only_the_third_byte_decides() -> None:
    assert {word: meaning for word, (meaning, _) in STATUSES.items()} == MEANINGS
    for word in range(256):
        expected = STATUSES[word][0] if word in STATUSES else Meaning.UNKNOWN
        assert Answer(bytes([0x12, 0x90, word]), b"").meaning is expected


@pytest.mark.parametrize(("command", "times"), TIMES.items(), ids=str)
def test_a8_times(command: Command, times: tuple[float, float]) -> None:
    first_s, whole_s = times
    silent = Exchange()
    silent.begin(command, 0.0)
    assert silent.check(first_s - 0.01) is None
    assert silent.check(first_s) is Failure.SILENT
    dripping, now = Exchange(), 0.0
    dripping.begin(command, now)
    dripping.take(START + b"\x0f\x00", now)
    while (outcome := dripping.check(now)) is None and now < whole_s + 1.0:
        now += 0.15
        dripping.take(b"\0", now)
    assert outcome is Failure.SLOW
    assert whole_s < now < whole_s + 2.0


def test_a8_is_whole() -> None:
    assert set(TIMES) == set(PATIENCE_S) - {Command.RF_SIZE}
    assert (GAP_S, SILENCE_S, FIRST_ANSWER_S) == (0.2, 0.05, 1.5)
    assert 0.2 <= CARD_ASKS[Step.FIND][1] <= 0.3
    assert CARD_ASKS[Step.HELD][1] == 0.3
    assert (CYCLES, CYCLES_WITHIN_S, HUNG_CHIP_S, DEAD_COMMANDS) == (3, 4.0, 10.0, 3)
    assert REOPEN_AFTER_S == (1.0, 2.0, 4.0, 8.0, 15.0)
    assert (WAKE_WITHIN_S, ASKS[State.FAULTY][1]) == (5.0, 30.0)
    assert BAUDS == (115200, 57600, 38400, 19200, 9600)


# Where the code of serial readers says what is wrong.
SOURCES = (
    "core/card_cycle.py",
    "core/card_dialogue.py",
    "core/card_fields.py",
    "core/card_waking.py",
    "service/reading.py",
    "service/reopening.py",
)


@cache
def functions(path: str) -> dict[str, str]:
    """Return the tests of a file by name, with their source and decorators."""
    source = (TESTS / path).read_text(encoding="utf-8")
    return {
        node.name: "\n".join(
            source.splitlines()[
                min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1 : (
                    node.end_lineno
                )
            ]
        )
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE)))
def test_the_named_test_is_there_with_its_case(test: str) -> None:
    path, _, name = test.partition("::")
    name, _, case = name.removesuffix("]").partition("[")
    assert name in functions(path), f"{path} has no {name}"
    assert case in functions(path)[name], f"{name} has no case {case}"


def test_b7_names_every_trouble_of_a_serial_reader() -> None:
    code = Path(likeness.__file__).parent
    told = [
        name
        for path in SOURCES
        for name in re.findall(
            r"\bTrouble\.([A-Z_]+)", (code / path).read_text(encoding="utf-8")
        )
    ]
    named = {kind for kind, _ in TROUBLES.values() if kind is not None}
    assert named == {Trouble[name] for name in told}
