"""Each switch of the simulated chip does what its name says, and only that."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from PIL import Image, UnidentifiedImageError

from chip_terminal import Channel, basic_access, pace_attempt, pace_channel, size_of
from likeness.errors import UsageError
from likeness.simulators.emrtd_authority import LONG_PAST, CountryAuthority
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_card_file import AccessPart, CardFile, ProofPart
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.emrtd_der import find
from likeness.simulators.emrtd_faults import ON_THE_CHIP, Kind, parse
from likeness.simulators.emrtd_files import DG1, DG2, SOD
from likeness.simulators.emrtd_personalise import REVOKED_SERIAL, personalise
from openssl_cms import openssl_complaint

STATE = CountryAuthority()
PLAIN = CardFile(can="123456", proofs=ProofPart(active="none"), access=AccessPart())
OK = b"\x90\0"


def misbehaving(*faults: str) -> EmrtdCard:
    card = EmrtdCard(personalise(PLAIN, STATE, more_faults=faults), faults=faults)
    card.power_on()
    return card


def reading(*faults: str) -> Channel:
    """Open a chip and select its DG2."""
    channel = basic_access(misbehaving(*faults))
    answer = channel.card.answer(channel.sealed("0CA4020C", b"\1\2"))
    assert answer[-2:] == OK
    channel.counter += 1
    return channel


def read_at(channel: Channel, offset: int) -> bytes:
    return channel.card.answer(channel.sealed(f"0CB0{offset:04X}", expected=100))


def test_a_wrong_mac_strikes_as_often_as_asked() -> None:
    channel = reading("sm-bad-mac:1@DG2")
    with pytest.raises(AssertionError, match="another MAC"):
        channel.opened(read_at(channel, 0))
    assert channel.opened(read_at(channel, 0))[-2:] == OK


@pytest.mark.parametrize("fault", ["sm-bad-mac", "sm-no-status", "sm-other-status"])
def test_a_fault_of_protection_waits_for_a_protected_command(fault: str) -> None:
    channel = basic_access(misbehaving(f"{fault}:1"))
    with pytest.raises((AssertionError, KeyError)):
        channel.send("0CA4020C", b"\1\2")
    assert channel.send("0CA4020C", b"\1\2") == OK


def test_a_missing_or_another_status_has_a_right_mac() -> None:
    channel = reading("sm-no-status@DG2")
    with pytest.raises(KeyError):
        channel.opened(read_at(channel, 0))
    channel = reading("sm-other-status@DG2")
    with pytest.raises(AssertionError, match="another status"):
        channel.opened(read_at(channel, 0))


@pytest.mark.parametrize("status", ["6987", "6988"])
def test_a_refused_message_ends_the_session(status: str) -> None:
    channel = reading(f"sm-{status}:1@DG2")
    assert read_at(channel, 0).hex() == status
    assert read_at(channel, 0).hex() == "6988"


def test_a_session_is_lost_in_the_middle_of_a_file() -> None:
    channel = reading("session-lost:1")
    assert channel.opened(read_at(channel, 0))[-2:] == OK
    assert read_at(channel, 100).hex() == "6982"
    assert basic_access(channel.card).read_file(DG2)


def test_a_card_is_removed_in_the_middle_of_a_file() -> None:
    channel = reading("removed:1")
    assert channel.opened(read_at(channel, 0))[-2:] == OK
    assert read_at(channel, 100) == b""
    assert channel.card.gone
    channel.card.power_on()
    assert basic_access(channel.card).read_file(DG2)


def test_short_answers_are_half_of_what_was_asked() -> None:
    channel = reading("short-answers@DG2")
    assert len(channel.opened(read_at(channel, 0))) == 50 + 2


def test_late_and_silent() -> None:
    card = misbehaving("late:1")
    card.answer(b"\0\xb0\x9c\0\0")
    assert card.delay_s == 1.0
    card.answer(b"\0\xb0\x9c\0\0")
    assert card.delay_s == 0.0
    assert misbehaving("silent").answer(b"\0\xb0\x9c\0\0") == b""


def test_pace_fails_but_basic_access_is_there() -> None:
    card = misbehaving("pace-fails:1")
    assert card.answer(b"\0\xb0\x9c\0\0")[-2:] == OK
    with pytest.raises(AssertionError, match="6a80"):
        pace_attempt(card, b"123456", 2)
    assert basic_access(card).read_file(DG1)


def test_oversize_and_truncated_files() -> None:
    chip = misbehaving("oversize").chip
    assert size_of(chip.files[DG2][:6]) > 2**31 - 1
    assert size_of(misbehaving("oversize@SOD").chip.files[SOD]) > 2**31 - 1
    chip = misbehaving("truncated@DG1").chip
    assert size_of(chip.files[DG1]) > len(chip.files[DG1])
    assert size_of(chip.files[DG2]) == len(chip.files[DG2])


def signed_digests(chip: Chip) -> bytes:
    content = security(chip)["encap_content_info"]["content"].native
    assert isinstance(content, bytes)
    return content


def security(chip: Chip) -> cms.SignedData:
    return cms.ContentInfo.load(find(chip.files[SOD], 0x77) or b"")["content"]


def signer_of(chip: Chip) -> x509.Certificate:
    certificate = security(chip)["certificates"][0].chosen.dump()
    return x509.load_der_x509_certificate(certificate)


def digest_fits(chip: Chip, file: int) -> bool:
    return hashlib.sha256(chip.files[file]).digest() in signed_digests(chip)


@pytest.mark.parametrize(
    ("fault", "file"), [("tampered-dg1", DG1), ("tampered-dg2", DG2)]
)
def test_a_tampered_group_does_not_fit_its_digest(fault: str, file: int) -> None:
    chip = misbehaving(fault).chip
    assert [digest_fits(chip, one) for one in (DG1, DG2)] == [
        one != file for one in (DG1, DG2)
    ]
    assert size_of(chip.files[file]) == len(chip.files[file])


def test_signers() -> None:
    root = x509.load_der_x509_certificate(STATE.certificate)
    good = signer_of(misbehaving().chip)
    good.verify_directly_issued_by(root)
    expired = signer_of(misbehaving("expired-signer").chip)
    expired.verify_directly_issued_by(root)
    assert expired.not_valid_after_utc == LONG_PAST
    revoked = signer_of(misbehaving("revoked-signer").chip)
    revoked.verify_directly_issued_by(root)
    assert revoked.serial_number == REVOKED_SERIAL
    wrong = signer_of(misbehaving("wrong-signer").chip)
    assert wrong.issuer == root.subject
    with pytest.raises(InvalidSignature):
        wrong.verify_directly_issued_by(root)


def test_a_bad_signature_is_bad_only_in_itself(tmp_path: Path) -> None:
    chip = misbehaving("bad-signature").chip
    assert digest_fits(chip, DG1)
    message = find(chip.files[SOD], 0x77) or b""
    said = openssl_complaint(tmp_path, STATE.certificate, message)
    assert "verification failure" in said
    message = find(misbehaving().chip.files[SOD], 0x77) or b""
    assert openssl_complaint(tmp_path, STATE.certificate, message) == ""


@pytest.mark.parametrize(
    ("fault", "opens"),
    [
        ("bomb-image", Image.DecompressionBombError),
        ("no-image", UnidentifiedImageError),
    ],
)
def test_pictures_that_cannot_be_opened(fault: str, opens: type[Exception]) -> None:
    chip = misbehaving(fault).chip
    assert digest_fits(chip, DG2)
    record = chip.files[DG2].index(b"FAC\0")
    image = chip.files[DG2][record + 14 + 32 :]
    with pytest.raises(opens):
        Image.open(io.BytesIO(image))


def test_the_newer_record() -> None:
    chip = misbehaving("image-39794").chip
    assert digest_fits(chip, DG2)
    assert b"FAC\0" not in chip.files[DG2]


TALKING = [kind.value for kind in Kind if kind not in ON_THE_CHIP]


@pytest.mark.parametrize("fault", TALKING)
@pytest.mark.parametrize("opened", [basic_access, pace_channel])
def test_once_over_a_fault_the_chip_is_as_before(
    fault: str, opened: Callable[[EmrtdCard], Channel]
) -> None:
    card = misbehaving(f"{fault}:1")
    for _ in range(3):
        card.power_on()
        try:
            channel = opened(card)
            if channel.read_file(DG2) == card.chip.files[DG2]:
                return
        except (AssertionError, KeyError, IndexError, ValueError, StopIteration):
            continue  # the terminal of the tests has no patience
    pytest.fail("it never came right again")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "sm-bad-mac, "),
        ("", "sm-bad-mac, "),
        ("late:x", "TIMES is a whole number"),
        ("late@DG9", "no file 'DG9'; there are CardAccess"),
        ("cloned:2", "has no count"),
    ],
)
def test_an_unknown_fault_names_what_there_is(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(text)
