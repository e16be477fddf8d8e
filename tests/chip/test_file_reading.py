"""One file in blocks: what each kind of chip gives at once, and what none may."""

from collections.abc import Callable

import pytest

from chip_talks import hold
from likeness.chip.channel import Channel, ReadingStats
from likeness.chip.file_reading import ChipFile, FileReader
from likeness.chip.trouble import ChipTrouble
from likeness.core import tlv
from likeness.core.card_trouble import Trouble

FILE = ChipFile("DG2", 0x0102)
CONTENT = tlv.write(0x75, bytes(at % 251 for at in range(700)))


class PlainChip:
    """Has one file, needs no key; `give` decides over each answer to a read."""

    def __init__(self, give: Callable[[bytes, int], bytes], content: bytes) -> None:
        self._give = give
        self._content = content
        self.asked = list[tuple[int, int]]()  # from where, how many

    def answer(self, command: bytes) -> bytes:
        if command[1] == 0xA4:
            assert command == bytes.fromhex("00A4020C020102")
            return b"\x90\x00"
        at, size = int.from_bytes(command[2:4]), command[4]
        self.asked.append((at, size))
        return self._give(self._content[at:], size)


def read(
    give: Callable[[bytes, int], bytes], content: bytes = CONTENT, block: int = 223
) -> tuple[bytes | None, list[tuple[int, int]]]:
    chip = PlainChip(give, content)
    channel = Channel(ReadingStats(), most_commands=200)
    reader = FileReader(channel, block=block, most_bytes=1000)
    return hold(reader.read(FILE), chip.answer), chip.asked


def all_of_it(left: bytes, size: int) -> bytes:
    return left[:size] + b"\x90\x00"


def test_a_chip_that_gives_all_is_asked_no_more_than_needed() -> None:
    data, asked = read(all_of_it)
    assert data == CONTENT
    assert asked == [(0, 4), (4, 223), (227, 223), (450, 223), (673, 31)]


def test_a_chip_that_names_the_right_length_gets_it() -> None:
    def give(left: bytes, size: int) -> bytes:
        return b"\x6c\x64" if size > 100 else all_of_it(left, size)

    data, asked = read(give)
    assert data == CONTENT
    assert len(asked) < 12  # it is not asked for too much each time


@pytest.mark.parametrize("status", ["6700", "6C00", "6CFF", "9000"])
def test_a_chip_that_only_refuses_is_asked_for_half(status: str) -> None:
    def give(left: bytes, size: int) -> bytes:
        return bytes.fromhex(status) if size > 60 else all_of_it(left, size)

    data, asked = read(give)
    assert data == CONTENT
    assert [size for _, size in asked[1:4]] == [223, 111, 55]
    assert max(size for _, size in asked[4:]) == 55


def test_what_is_less_than_was_asked_for_is_taken() -> None:
    data, _ = read(lambda left, size: left[: min(size, 50)] + b"\x90\x00")
    assert data == CONTENT


def test_an_end_of_file_with_data_is_taken() -> None:
    def give(left: bytes, size: int) -> bytes:
        return left[:size] + (b"\x62\x82" if len(left) <= size else b"\x90\x00")

    assert read(give)[0] == CONTENT


def test_what_lies_behind_the_files_own_length_is_left() -> None:
    assert read(all_of_it, b"\x61\x00" + bytes(20))[0] == b"\x61\x00"


def test_a_head_is_read_as_far_as_it_goes() -> None:
    long = b"\x75\x83\x00\x00\x05hello"
    data, asked = read(all_of_it, long)
    assert data == long
    assert asked == [(0, 4), (4, 4), (8, 2)]


def trouble(
    give: Callable[[bytes, int], bytes], content: bytes = CONTENT
) -> ChipTrouble:
    with pytest.raises(ChipTrouble) as caught:
        read(give, content)
    return caught.value


def test_more_than_was_asked_for_is_no_answer() -> None:
    broken = trouble(lambda left, size: left[: size + 1] + b"\x90\x00")
    assert "more than was asked for" in broken.detail


@pytest.mark.parametrize("status", ["9000", "6700", "6C00", "6B00", "6282", "6F00"])
def test_a_chip_that_gives_nothing_is_given_up(status: str) -> None:
    broken = trouble(lambda _left, _size: bytes.fromhex(status))
    assert broken.kind is Trouble.CARD_COMM
    assert "breaks off" in broken.detail


def test_a_file_may_have_as_many_bytes_as_the_limit_and_no_more() -> None:
    most = tlv.write(0x75, bytes(996))
    assert len(most) == 1000
    assert read(all_of_it, most)[0] == most
    broken = trouble(all_of_it, tlv.write(0x75, bytes(997)))
    assert broken.kind is Trouble.CARD_UNSUPPORTED


@pytest.mark.parametrize("status", ["6A82", "6A88", "6982", "6985", "6D00"])
def test_a_file_that_is_not_there(status: str) -> None:
    assert selected(status) is None


def test_a_file_that_cannot_be_selected_for_another_reason() -> None:
    with pytest.raises(ChipTrouble, match="6F00"):
        selected("6F00")


def selected(status: str) -> bytes | None:
    channel = Channel(ReadingStats(), most_commands=9)
    reader = FileReader(channel, block=223, most_bytes=1000)
    return hold(reader.read(FILE), lambda _command: bytes.fromhex(status))
