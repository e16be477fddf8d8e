"""Whole readings of simulated chips: every way in, all sizes of blocks, both proofs."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from likeness.chip.access_policy import AccessPolicy
from likeness.chip.channel import ReadingStats
from likeness.chip.reading import GROUPS
from likeness.chip.record import Access, ChipProof, ChipRecord
from likeness.core import tlv
from likeness.core.mrz import AccessKey
from likeness.simulators import emrtd_files
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_chip import Chip
from simulated_chips import CAN, chip_of, mrz_of, powered, read

CIPHERS = ("3des", "aes-128", "aes-192", "aes-256")
NO_PROOFS = {"active": "none"}


def assert_whole(record: ChipRecord, chip: Chip) -> None:
    """All that is on the chip was read, and nothing else."""
    on_it = {**chip.files, **chip.master}
    names = emrtd_files.NAMES
    expected = {names[number]: file for number, file in on_it.items()}
    expected.pop("ATR", None)  # it says how to read, not who it is
    assert dict(record.files) == expected


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("by_can", [False, True], ids=["mrz", "can"])
def test_pace_with_every_cipher(cipher: str, *, by_can: bool) -> None:
    chip = chip_of(access={"pace": [cipher]})
    key = AccessKey.from_can(CAN) if by_can else mrz_of(chip)
    record = read(powered(chip), key)
    assert record.access is Access.PACE
    assert_whole(record, chip)


@pytest.mark.parametrize(
    "curve",
    [
        "secp192r1",
        "secp224r1",
        "secp256r1",
        "secp384r1",
        "secp521r1",
        "brainpoolP192r1",
        "brainpoolP224r1",
        "brainpoolP256r1",
        "brainpoolP320r1",
        "brainpoolP384r1",
        "brainpoolP512r1",
    ],
)
def test_pace_over_every_curve(curve: str) -> None:
    chip = chip_of(access={"curve": curve}, proofs=NO_PROOFS)
    assert_whole(read(powered(chip), mrz_of(chip)), chip)


def test_pace_with_the_strongest_of_several() -> None:
    chip = chip_of(access={"pace": list(CIPHERS)}, proofs=NO_PROOFS)
    assert_whole(read(powered(chip), mrz_of(chip)), chip)


@pytest.mark.parametrize("form", ["td1", "td2", "td3"])
def test_bac_where_there_is_nothing_else(form: str) -> None:
    chip = chip_of(form=form, access={"pace": []})
    record = read(powered(chip), mrz_of(chip))
    assert record.access is Access.BAC
    assert_whole(record, chip)


def test_a_long_document_number() -> None:
    chip = chip_of(number="D23145890734", access={"pace": []})
    assert_whole(read(powered(chip), mrz_of(chip)), chip)


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("pace", [[], ["aes-128"]], ids=["bac", "pace"])
def test_chip_authentication_is_proved_by_reading_on(
    cipher: str, pace: list[str]
) -> None:
    chip = chip_of(access={"pace": pace}, proofs={"chip": cipher, "active": "ecdsa"})
    record = read(powered(chip), mrz_of(chip))
    assert record.chip is ChipProof.PROVED
    assert record.active is not None  # signed under the new keys
    assert len(record.active.response) == 64
    assert_whole(record, chip)


@pytest.mark.parametrize("curve", ["secp256r1", "secp521r1", "brainpoolP384r1"])
def test_chip_authentication_over_other_curves(curve: str) -> None:
    chip = chip_of(proofs={"chip": "aes-256", "active": "none", "curve": curve})
    assert read(powered(chip), mrz_of(chip)).chip is ChipProof.PROVED


def test_a_chip_without_the_key_of_its_dg14_is_found_out() -> None:
    chip = chip_of(proofs={"chip": "aes-128"}, faults=["cloned"])
    record = read(powered(chip), mrz_of(chip))
    assert record.chip is ChipProof.FAILED
    assert record.active is None  # the talk ended with that
    assert_whole(record, chip)


def test_a_chip_that_refuses_the_proof_is_found_out() -> None:
    chip = chip_of(proofs={"chip": "aes-128", "active": "none"})
    record = read(powered(replace(chip, chip_key=None)), mrz_of(chip))
    assert record.chip is ChipProof.FAILED


def test_each_talk_has_its_own_challenge() -> None:
    chip = chip_of(proofs={"active": "rsa"})
    first, second = (read(powered(chip), mrz_of(chip)).active for _ in range(2))
    assert first is not None
    assert second is not None
    assert len(first.challenge) == 8
    assert first.challenge != second.challenge


def test_a_chip_that_refuses_to_sign_has_given_an_empty_signature() -> None:
    chip = chip_of(proofs={"active": "ecdsa"})
    record = read(powered(replace(chip, active_key=None)), mrz_of(chip))
    assert record.active is not None
    assert record.active.response == b""


def with_long_key(chip: Chip, *, extended: bool) -> Chip:
    """Give it an RSA key whose signatures fit no short protected answer."""
    key = rsa.generate_private_key(65537, 2048)
    files = dict(chip.files) | {emrtd_files.DG15: emrtd_files.group_15(key)}
    master = dict(chip.master)
    if extended:
        master[emrtd_files.ATR_INFO] = emrtd_files.atr_info(1000)
    return replace(chip, files=files, master=master, active_key=key, extended=extended)


class Heard:
    """Keeps what was sent."""

    def __init__(self, card: EmrtdCard) -> None:
        self._card = card
        self.commands = list[bytes]()

    def answer(self, command: bytes) -> bytes:
        self.commands.append(command)
        return self._card.answer(command)


@pytest.mark.parametrize("pace", [[], ["aes-128"]], ids=["bac", "pace"])
def test_a_long_signature_is_asked_for_with_long_lengths(pace: list[str]) -> None:
    made = chip_of(access={"pace": pace, "most_bytes": 300})
    chip = with_long_key(made, extended=True)
    heard = Heard(powered(chip))
    record = read(heard, mrz_of(chip))
    assert record.active is not None
    assert len(record.active.response) == 256
    assert_whole(record, chip)
    (asked,) = [one for one in heard.commands if one[1] == 0x88]
    assert asked[4] == 0  # lengths of more than one byte


def test_a_reader_of_short_lengths_is_not_given_long_ones() -> None:
    chip = with_long_key(chip_of(access={"most_bytes": 300}), extended=True)
    heard = Heard(powered(chip))
    read(heard, mrz_of(chip), AccessPolicy(long_lengths=False))
    assert all(one[4] for one in heard.commands if len(one) > 5)


def test_a_long_signature_that_may_not_have_fitted_says_nothing() -> None:
    chip = with_long_key(chip_of(), extended=False)
    record = read(powered(replace(chip, active_key=None)), mrz_of(chip))
    assert record.active is None


class InParts:
    """Gives at most so many bytes at once, and says how many more there are."""

    def __init__(self, card: EmrtdCard, most: int) -> None:
        self._card = card
        self._most = most
        self._held = b""

    def answer(self, command: bytes) -> bytes:
        if command[1] == 0xC0:
            assert command[:4] == bytes.fromhex("00C00000")
        else:
            self._held = self._card.answer(command)
        data, status = self._held[:-2], self._held[-2:]
        if len(data) <= self._most:
            return self._held
        self._held = data[self._most :] + status
        left = len(data) - self._most
        return data[: self._most] + bytes([0x61, left if left < 256 else 0])


@pytest.mark.parametrize("most", [20, 100, 255])
def test_what_a_chip_holds_back_is_fetched(most: int) -> None:
    chip = with_long_key(chip_of(), extended=False)
    card = powered(chip)
    record = read(InParts(card, most), mrz_of(chip))
    assert record.active is not None
    assert len(record.active.response) == 256
    assert_whole(record, chip)


@pytest.mark.parametrize("too_long", ["cut", "6c", "6700"])
@pytest.mark.parametrize("most_bytes", [17, 100, 222, 256])
@pytest.mark.parametrize("pace", [[], ["aes-256"]], ids=["bac", "pace"])
def test_blocks_get_smaller_until_the_chip_gives_them(
    too_long: str, most_bytes: int, pace: list[str]
) -> None:
    access = {"pace": pace, "most_bytes": most_bytes, "too_long": too_long}
    chip = chip_of(access=access, proofs=NO_PROOFS)
    stats = ReadingStats()
    assert_whole(read(powered(chip), mrz_of(chip), stats=stats), chip)
    size = sum(map(len, chip.files.values()))
    assert stats.commands < 40 + 2 * size / min(most_bytes, 223)


@pytest.mark.parametrize("block_bytes", [16, 64, 231])
def test_the_block_may_be_chosen(block_bytes: int) -> None:
    chip = chip_of(proofs=NO_PROOFS)
    policy = AccessPolicy(block_bytes=block_bytes)
    assert_whole(read(powered(chip), mrz_of(chip), policy), chip)


@pytest.mark.parametrize("size", [0x7FFF, 0x8000, 0x8001, 0x10000, 0x12345])
@pytest.mark.parametrize("pace", [[], ["aes-128"]], ids=["bac", "pace"])
def test_files_beyond_what_a_short_offset_reaches(size: int, pace: list[str]) -> None:
    made = chip_of(access={"pace": pace}, proofs=NO_PROOFS)
    content = bytes(at * at // 7 % 251 for at in range(size))
    files = dict(made.files) | {emrtd_files.DG2: tlv.write(0x75, content)}
    chip = replace(made, files=files)
    assert_whole(read(powered(chip), mrz_of(chip)), chip)


def test_long_offsets_in_small_blocks() -> None:
    made = chip_of(proofs=NO_PROOFS, access={"most_bytes": 90, "too_long": "6700"})
    content = bytes(at % 253 for at in range(40_000))
    files = dict(made.files) | {emrtd_files.DG2: tlv.write(0x75, content)}
    chip = replace(made, files=files)
    assert_whole(read(powered(chip), mrz_of(chip)), chip)


@pytest.mark.parametrize("missing", ["COM", "SOD", "DG1", "DG2", "DG15"])
def test_a_file_that_is_not_there_is_not_in_the_record(missing: str) -> None:
    made = chip_of(full_name="SPECIMEN, SAMPLE")
    numbers = {name: number for number, name in emrtd_files.NAMES.items()}
    files = dict(made.files)
    del files[numbers[missing]]
    chip = replace(made, files=files)
    assert_whole(read(powered(chip), mrz_of(chip)), chip)


def test_a_group_that_only_the_signed_list_names_is_read() -> None:
    """EF.COM is not signed: whoever takes DG15 out of it must not hide it."""
    made = chip_of()
    files = dict(made.files) | {emrtd_files.COM: emrtd_files.common([1, 2])}
    chip = replace(made, files=files)
    assert_whole(read(powered(chip), mrz_of(chip)), chip)


def test_fingers_and_irises_are_never_asked_for() -> None:
    made = chip_of()
    files = dict(made.files) | {
        0x0103: tlv.write(0x63, b"fingers"),
        0x0104: tlv.write(0x76, b"irises"),
        emrtd_files.COM: tlv.write(0x60, tlv.write(0x5C, bytes.fromhex("61756376"))),
    }
    record = read(powered(replace(made, files=files)), mrz_of(made))
    assert not {"DG3", "DG4"} & set(record.files)
    assert not {0x0103, 0x0104} & {group.identifier for group in GROUPS}


def test_what_a_reading_costs_is_counted() -> None:
    chip, stats = chip_of(), ReadingStats()
    card = powered(chip)
    read(card, mrz_of(chip), stats=stats)
    assert stats.commands == card.commands
    files = sum(map(len, chip.files.values()))
    assert files < stats.bytes_received < files * 1.3
    assert stats.bytes_sent < stats.commands * 30


def test_a_portrait_of_15_kb_takes_less_than_a_hundred_commands() -> None:
    made = chip_of(proofs={"chip": "aes-128", "active": "ecdsa"})
    files = dict(made.files) | {emrtd_files.DG2: tlv.write(0x75, bytes(15_000))}
    chip, stats = replace(made, files=files), ReadingStats()
    read(powered(chip), mrz_of(chip), stats=stats)
    assert stats.commands < 100 + 15


def test_nothing_is_sent_unprotected_after_the_way_in() -> None:
    chip = chip_of(proofs={"chip": "aes-128"})
    heard = Heard(powered(chip))
    read(heard, mrz_of(chip))
    sent = heard.commands
    token = max(at for at, one in enumerate(sent) if one[:2] == b"\x00\x86")
    assert all(one[0] == 0x0C for one in sent[token + 1 :])


def test_the_record_shows_nothing_in_a_repr() -> None:
    chip = chip_of(surname="SPECIMEN")
    assert "SPECIMEN" not in repr(read(powered(chip), mrz_of(chip)))
