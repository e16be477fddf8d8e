"""One command after the other: what is held back is fetched, and nothing is endless."""

import pytest

from chip_talks import Scripted, hold, in_turn
from likeness.chip.channel import Channel, ReadingStats
from likeness.chip.trouble import ChipTrouble
from likeness.core.apdu import Command, Response
from likeness.core.card_trouble import Trouble

READ = Command(0x00, 0xB0, 0x00, 0x00, expected=256)
SENT = READ.encode().hex()


def asked(*lines: tuple[str, str]) -> Response:
    chip = Scripted(*lines)
    answer = hold(Channel(ReadingStats(), most_commands=9).ask(READ), chip.answer)
    assert chip.done
    return answer


def test_what_is_held_back_is_fetched() -> None:
    answer = asked(
        (SENT, "01026103"),
        ("00C0000003", "03046100"),
        ("00C0000000", "05069000"),
    )
    assert answer == Response(bytes([1, 2, 3, 4, 5, 6]), 0x9000)


def test_a_first_answer_without_data_is_as_good() -> None:
    assert asked((SENT, "6102"), ("00C0000002", "01029000")).data == b"\1\2"


def broken(*answers: str, most_commands: int = 2000) -> str:
    channel = Channel(ReadingStats(), most_commands=most_commands)
    with pytest.raises(ChipTrouble) as caught:
        hold(channel.ask(READ), in_turn(bytes.fromhex(one) for one in answers))
    assert caught.value.kind is Trouble.CARD_COMM
    return caught.value.detail


def test_more_that_never_comes() -> None:
    assert "gives nothing" in broken("6105", "6105", "6105")


def test_more_without_an_end() -> None:
    assert "without an end" in broken(*["AA" * 256 + "6100"] * 300)


def test_a_talk_is_bounded() -> None:
    assert "no end after 5" in broken(*["AA6100"] * 9, most_commands=5)


@pytest.mark.parametrize("answer", ["", "90"])
def test_no_answer(answer: str) -> None:
    assert "an answer of" in broken(answer)


def test_costs_are_counted() -> None:
    stats = ReadingStats()
    answers = in_turn([bytes.fromhex("01026103"), bytes.fromhex("0304059000")])
    hold(Channel(stats, most_commands=9).ask(READ), answers)
    assert stats == ReadingStats(commands=2, bytes_sent=10, bytes_received=9)
