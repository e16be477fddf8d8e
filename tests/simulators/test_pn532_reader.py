"""The simulated PN532 against frames that its manual and other programs print."""

import pytest

from likeness.errors import UsageError
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.emrtd_files import CARD_ACCESS
from likeness.simulators.pn532_faults import Kind, parse
from likeness.simulators.pn532_reader import Pn532Reader, Radio

WAKE = "5555" + "00" * 14
ACK = "0000FF00FF00"
VERSION = "0000FF02FED4022A00"
VERSION_IS = "0000FF06FAD50332010607E800"
SAM = "0000FF05FBD4140100001700"
SAM_DONE = "0000FF02FED5151600"
CONTENT = bytes(range(256)) * 2
CHIP = Chip({CARD_ACCESS: CONTENT}, {}, "", extended=True, most_bytes=4096)


def ask(reader: Pn532Reader, frame: str) -> str:
    pieces = reader.receive(bytes.fromhex(frame), 0.0)
    return b"".join(piece.data for piece in pieces).hex().upper()


def framed(body: str, first: int = 0xD4) -> str:
    """Frame a body by the manual's clause 6.2.1.1."""
    data = bytes([first]) + bytes.fromhex(body)
    size = len(data)
    if size <= 254:
        length = bytes([size, -size & 0xFF])
    else:
        wide = size.to_bytes(2)
        length = b"\xff\xff" + wide + bytes([-sum(wide) & 0xFF])
    frame = b"\0\0\xff" + length + data + bytes([-sum(data) & 0xFF, 0])
    return frame.hex().upper()


def answered(body: str) -> str:
    return ACK + framed(body, 0xD5)


def awake(
    *faults: str, radio: Radio = "a", card: EmrtdCard | None = None
) -> Pn532Reader:
    reader = Pn532Reader(faults, radio=radio)
    if card is not None:
        reader.lay(card)
    assert ask(reader, WAKE) == ""
    return reader


def listed(*faults: str) -> Pn532Reader:
    reader = awake(*faults, card=EmrtdCard(CHIP))
    assert "D54B0101" in ask(reader, framed("4A0100"))
    return reader


def test_the_printed_frames() -> None:
    reader = awake()
    assert ask(reader, VERSION) == ACK + VERSION_IS
    assert ask(reader, SAM) == ACK + SAM_DONE


def test_it_sleeps_until_the_line_moves() -> None:
    reader = Pn532Reader()
    assert ask(reader, VERSION) == ""  # that was the alarm clock
    assert ask(reader, VERSION) == ACK + VERSION_IS
    assert ask(reader, framed("16F0")) == answered("1700")
    assert ask(reader, WAKE + VERSION) == ACK + VERSION_IS


def test_frames_in_slices_among_noise() -> None:
    reader = awake()
    said = [ask(reader, f"{byte:02X}") for byte in bytes.fromhex("AA00FF77" + VERSION)]
    assert said[-2:] == [ACK + VERSION_IS, ""]
    assert not any(said[:-2])


def test_what_is_wrong_in_itself_is_not_acknowledged() -> None:
    reader = awake()
    for wrong in ("0000FF02FFD4022A00", "0000FF02FED4022B00", "0000FF02FED5022900"):
        assert ask(reader, wrong) == ""
    assert ask(reader, VERSION) == ACK + VERSION_IS


def test_an_unknown_command_is_a_syntax_error() -> None:
    assert ask(awake(), framed("77")) == ACK + "0000FF01FF7F8100"


def test_a_nack_brings_the_last_answer_again() -> None:
    reader = awake()
    ask(reader, VERSION)
    assert ask(reader, "0000FFFF0000") == VERSION_IS


def test_a_card_of_each_type_is_found_in_its_own_way() -> None:
    for radio, other, target in (
        ("a", "4A010300", "0100042004081122330575778102"),
        ("b", "4A0100", "015008112233000000000051810100"),
    ):
        reader = awake(radio=radio, card=EmrtdCard(CHIP))  # type: ignore[arg-type]
        assert ask(reader, framed("3205FF0101")) == answered("33")
        assert ask(reader, framed(other)) == answered("4B00")
        own = "4A0100" if radio == "a" else "4A010300"
        assert ask(reader, framed(own)) == answered("4B01" + target)


def test_a_search_without_end_waits_for_a_card_or_for_the_host() -> None:
    reader = awake()
    assert ask(reader, framed("4A0100")) == ACK
    found = b"".join(piece.data for piece in reader.lay(EmrtdCard(CHIP)))
    assert b"\xd5\x4b\x01\x01" in found
    reader.take_away()
    assert ask(reader, framed("4A0100")) == ACK
    assert ask(reader, ACK) == ""
    assert reader.lay(EmrtdCard(CHIP)) == []


def test_exchange_with_a_card() -> None:
    reader = listed()
    assert ask(reader, framed("400100A4020C02011C")) == answered("41009000")
    read = CONTENT[:4].hex()
    assert ask(reader, framed("400100B0000004")) == answered(f"4100{read}9000")


def test_a_long_answer_comes_in_two_pieces_and_extended_frames() -> None:
    reader = listed()
    ask(reader, framed("400100A4020C02011C"))
    whole = CONTENT[:300].hex() + "9000"
    first = ask(reader, framed("400100B0000000012C"))
    assert first == answered("4140" + whole[: 262 * 2])
    assert ask(reader, framed("4001")) == answered("4100" + whole[262 * 2 :])


def test_a_command_may_come_in_pieces() -> None:
    reader = listed()
    assert ask(reader, framed("404100A402")) == answered("4100")
    assert ask(reader, framed("40010C02011C")) == answered("41009000")


def test_a_lifted_card_times_out_and_a_new_one_must_be_listed() -> None:
    reader = listed()
    ask(reader, framed("400100A4020C02011C"))
    reader.take_away()
    assert ask(reader, framed("400100B0000004")) == answered("4127")
    reader.lay(EmrtdCard(CHIP))
    assert ask(reader, framed("400100B0000004")) == answered("4127")
    ask(reader, framed("4A0100"))
    assert ask(reader, framed("400100B0000004")) == answered("41006985")


@pytest.mark.parametrize("command", ["5200", "4401", "320100", "16F0"])
def test_without_a_field_the_chip_forgets(command: str) -> None:
    reader = listed()
    ask(reader, framed("400100A4020C02011C"))
    ask(reader, framed(command))
    ask(reader, WAKE)
    assert ask(reader, framed("400100B0000004")) == answered("4127")
    ask(reader, framed("4A0100"))
    assert ask(reader, framed("400100B0000004")) == answered("41006985")


def test_a_mute_or_late_chip() -> None:
    reader = awake(card=EmrtdCard(CHIP, faults=["silent:1"]))
    ask(reader, framed("4A0100"))
    assert ask(reader, framed("400100A4020C02011C")) == answered("4101")
    reader = awake(card=EmrtdCard(CHIP, faults=["late:1"]))
    ask(reader, framed("4A0100"))
    pieces = reader.receive(bytes.fromhex(framed("400100A4020C02011C")), 0.0)
    assert [piece.after_s for piece in pieces] == [0.0, 1.0]


def test_a_chip_that_removes_itself_is_found_again_after_a_while() -> None:
    card = EmrtdCard(CHIP, faults=["removed:1@CardAccess"])
    reader = awake(card=card)
    ask(reader, framed("3205FF0101"))
    ask(reader, framed("4A0100"))
    ask(reader, framed("400100A4020C02011C"))
    ask(reader, framed("400100B0000004"))
    assert ask(reader, framed("400100B0000404")) == answered("4101")
    search = bytes.fromhex(framed("4A0100"))
    found = [
        b"".join(piece.data for piece in reader.receive(search, now))
        for now in (10.0, 11.9, 12.0)
    ]
    assert [b"\xd5\x4b\x01\x01" in one for one in found] == [False, False, True]


def test_a_paced_answer_takes_as_long_as_its_bytes() -> None:
    reader = Pn532Reader(paced=True)
    reader.lay(EmrtdCard(CHIP))
    for frame in (WAKE, framed("4A0100"), framed("400100A4020C02011C")):
        ask(reader, frame)
    before = reader.seconds
    pieces = reader.receive(bytes.fromhex(framed("400100B00000C8")), 0.0)
    assert pieces[-1].after_s == pytest.approx(reader.seconds - before)
    assert 0.03 < pieces[-1].after_s < 0.06  # some 210 bytes over UART and air


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("unpowered:1", ""),
        ("no-ack:1", ""),
        ("silent:1", ACK),
        ("torn:1", ACK + VERSION_IS[:12]),
        ("glued:1", ACK + SAM_DONE + VERSION_IS),
        ("bad-sum:1", ACK + VERSION_IS[:-4] + "BD00"),
        ("bad-length:1", ACK + "0000FF06AF" + VERSION_IS[10:]),
        ("error-frame:1", ACK + "0000FF01FF7F8100"),
        ("split:1", ACK + VERSION_IS),
        ("late:1", ACK + VERSION_IS),
        ("slow-drip:1", ACK + VERSION_IS),
    ],
)
def test_faults_of_the_line(fault: str, said: str) -> None:
    reader = awake(fault)
    assert ask(reader, VERSION) == said
    assert ask(reader, VERSION) == ACK + VERSION_IS


def test_noise_garbage_and_sleep() -> None:
    said = ask(awake("noise"), VERSION)
    assert said.startswith(ACK)
    assert said.endswith(VERSION_IS)
    assert said != ACK + VERSION_IS
    assert VERSION_IS not in ask(awake("garbage"), VERSION)
    reader = awake("asleep:1")
    assert ask(reader, VERSION) == ""
    assert ask(reader, VERSION) == ""
    assert ask(reader, VERSION) == ACK + VERSION_IS


def test_slow_and_unplugging_pieces() -> None:
    pieces = awake("slow-drip").receive(bytes.fromhex(VERSION), 0.0)
    assert pieces[-1].after_s == pytest.approx(0.02 * (len(VERSION_IS) // 2 - 1))
    pieces = awake("unplug").receive(bytes.fromhex(VERSION), 0.0)
    assert pieces[-1].then_unplug


def test_a_fault_of_one_command() -> None:
    reader = listed("card-lost:1")
    assert ask(reader, framed("400100A4020C02011C")) == answered("4101")
    assert ask(reader, framed("400100A4020C02011C")) == answered("41009000")


@pytest.mark.parametrize("text", ["", "nonsense"])
def test_an_unknown_fault_names_those_there_are(text: str) -> None:
    with pytest.raises(UsageError, match=r"unpowered, .*card-lost"):
        parse(text)


@pytest.mark.parametrize("text", ["silent:x", "noise@1"])
def test_a_wrong_count_or_command_is_not_the_names_fault(text: str) -> None:
    with pytest.raises(UsageError, match="TIMES is a whole number, COMMAND two hex"):
        parse(text)


def test_every_fault_has_a_test() -> None:
    """The lists above name them all."""
    tested = "unpowered no-ack silent torn glued bad-sum bad-length error-frame split"
    tested += " late slow-drip noise garbage asleep unplug card-lost"
    assert {kind.value for kind in Kind} == set(tested.split())
