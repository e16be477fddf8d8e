import pytest

from likeness.errors import UsageError
from likeness.simulators.sdt_faults import Kind, parse


def test_a_fault_strikes_so_often_and_so_chosen() -> None:
    fault = parse("bad-xor:2@3001")
    assert fault.kind is Kind.BAD_XOR
    struck = [fault.strikes(command) for command in ("2001", "3001", "3001", "3001")]
    assert struck == [False, True, True, False]


def test_without_a_count_a_fault_never_ends() -> None:
    fault = parse("silent")
    assert all(fault.strikes("11FF") for _ in range(1000))


def test_status_words_belong_to_their_commands() -> None:
    assert parse("status-81").command == "2002"
    assert parse("status-41").command == "3001"
    assert parse("status-66").command == ""
    assert parse("status-41@3003").command == "3003"
    assert parse("status-9f").status == 0x9F


@pytest.mark.parametrize("text", ["", "nonsense", "status", "status-zz", "silent-41@"])
def test_an_unknown_fault_names_those_there_are(text: str) -> None:
    with pytest.raises(UsageError, match=r"bad-xor, .*status-XX"):
        parse(text)


@pytest.mark.parametrize("text", ["silent:x", "noise@1"])
def test_a_wrong_count_or_command_is_not_the_names_fault(text: str) -> None:
    with pytest.raises(UsageError, match="TIMES is a whole number, COMMAND four hex"):
        parse(text)
