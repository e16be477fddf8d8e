"""The simulated chip in conversation: access, files, proofs, refusals."""

import hashlib
import os

import pytest
from asn1crypto import cms
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from chip_terminal import (
    SELECT_APPLICATION,
    Channel,
    basic_access,
    basic_attempt,
    mrz_secret,
    pace_attempt,
    pace_channel,
    size_of,
)
from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_card_file import (
    AccessPart,
    CardFile,
    Cipher,
    PaceCurve,
    ProofPart,
)
from likeness.simulators.emrtd_chip import TooLong
from likeness.simulators.emrtd_crypto import SUITES, TDES, Suite, suite_named
from likeness.simulators.emrtd_curves import CURVES, curve_of
from likeness.simulators.emrtd_der import find, oid, tlv
from likeness.simulators.emrtd_files import COM, DG1, DG2, DG14, DG15, SOD
from likeness.simulators.emrtd_personalise import personalise

OK = b"\x90\0"
STATE = CountryAuthority()
PLAIN = CardFile(proofs=ProofPart(active="none"), access=AccessPart(pace=()))


def powered(card: CardFile, *faults: str) -> EmrtdCard:
    made = EmrtdCard(personalise(card, STATE, more_faults=faults), faults=faults)
    made.power_on()
    return made


def with_access(**access: object) -> CardFile:
    return CardFile(
        can="123456",
        proofs=ProofPart(active="none"),
        access=AccessPart(**access),  # type: ignore[arg-type]
    )


def ask(card: EmrtdCard, command: str) -> str:
    return card.answer(bytes.fromhex(command)).hex().upper()


def test_files_read_by_basic_access_are_those_that_were_signed() -> None:
    card = powered(PLAIN)
    channel = basic_access(card)
    sod = channel.read_file(SOD)
    content = cms.ContentInfo.load(find(sod, 0x77) or b"")["content"]
    hashed = content["encap_content_info"]["content"].native
    for file in (DG1, DG2):
        group = channel.read_file(file)
        assert group == card.chip.files[file]
        assert hashlib.sha256(group).digest() in hashed
    assert channel.read_file(COM).endswith(bytes.fromhex("5C026175"))


@pytest.mark.parametrize("cipher", [suite.name for suite in SUITES])
def test_pace_with_each_cipher(cipher: Cipher) -> None:
    card = powered(with_access(pace=(cipher,), bac=False))
    assert pace_channel(card).read_file(DG1) == card.chip.files[DG1]


@pytest.mark.parametrize("curve", list(CURVES))
def test_pace_with_each_curve(curve: PaceCurve) -> None:
    card = powered(with_access(curve=curve))
    assert pace_channel(card).read_file(COM) == card.chip.files[COM]


def test_pace_with_the_zone() -> None:
    card = powered(with_access())
    answer, channel = pace_attempt(card, mrz_secret(card.chip.mrz_information), 1)
    assert channel is not None, answer


def test_card_access_is_for_everybody_and_lists_what_is_offered() -> None:
    card = powered(with_access(pace=("aes-128", "aes-256")))
    assert ask(card, "00A4020C02011C") == "9000"
    listed = card.answer(bytes.fromhex("00B0000000"))
    assert oid("0.4.0.127.0.7.2.2.4.2.2") in listed
    assert oid("0.4.0.127.0.7.2.2.4.2.4") in listed
    assert card.answer(bytes.fromhex("00B09C0000")) == listed
    assert ask(powered(PLAIN), "00A4020C02011C") == "6A82"


def test_nothing_personal_is_read_without_access() -> None:
    card = powered(with_access())
    card.answer(SELECT_APPLICATION)
    assert ask(card, "00A4020C020101") == "6982"
    assert ask(card, "00B0810000") == "6982"
    assert ask(card, "00B1000104540200000000") == "6700"
    assert ask(card, "00B1000104540100FF00") in ("6982", "6700")
    assert ask(card, "0088000008000000000000000000") in ("6982", "6D00")


def test_a_wrong_zone_opens_nothing_and_needs_a_new_challenge() -> None:
    card = powered(PLAIN)
    card.answer(SELECT_APPLICATION)
    wrong = card.chip.mrz_information.replace("X", "Y")
    assert basic_attempt(card, wrong)[0] == b"\x63\0"
    assert ask(card, "0082000028" + "00" * 40 + "28") == "6985"
    assert basic_attempt(card, card.chip.mrz_information)[1] is not None


def test_an_answer_to_another_challenge_opens_nothing() -> None:
    """Whoever has heard one opening cannot use it again."""
    card = powered(PLAIN)
    card.answer(SELECT_APPLICATION)
    seed = mrz_secret(card.chip.mrz_information)[:16]
    ask(card, "0084000008")
    cipher = TDES.encrypt(TDES.derive(seed, 1), bytes(32))
    proof = cipher + TDES.mac(TDES.derive(seed, 2), TDES.pad(cipher))
    assert ask(card, f"0082000028{proof.hex()}28") == "6300"


def test_pace_refuses_its_own_key() -> None:
    """A terminal that reflects what the chip says could else agree with nobody."""
    card = EmrtdCard(
        personalise(with_access(), STATE), random=lambda size: b"\5" * size
    )
    card.power_on()
    curve = card.chip.pace[0].curve
    same = curve.scalar(b"\5" * curve.field_size)
    ask(card, "0022C1A40F800A04007F00070202040202830102")
    ask(card, "10860000027C0000")
    point = curve.encode(curve.generator)
    assert ask(card, f"10860000457C438141{point.hex()}00")[-4:] == "9000"
    mapped = curve.generator * int.from_bytes(b"\5" * 16) + curve.generator * same
    point = curve.encode(mapped * same)
    assert ask(card, f"10860000457C438341{point.hex()}00") == "6A80"


def test_basic_access_only_where_it_is_offered() -> None:
    card = powered(with_access(bac=False))
    card.answer(SELECT_APPLICATION)
    assert ask(card, "0084000008") == "6D00"


def test_wrong_cans_are_counted_and_then_blocked_over_power_cuts() -> None:
    card = powered(with_access(can_tries=3, slow_s=1.0))
    statuses = []
    for _ in range(3):
        statuses.append(pace_attempt(card, b"000000", 2)[0].hex())
        card.power_off()
        card.power_on()
    assert statuses == ["63c2", "63c1", "63c0"]
    assert pace_attempt(card, b"123456", 2)[0].hex() == "6983"
    assert card.delay_s == 3.0
    secret = mrz_secret(card.chip.mrz_information)
    assert pace_attempt(card, secret, 1)[1] is not None


def test_a_right_can_sets_its_tries_back() -> None:
    card = powered(with_access(can_tries=2))
    assert pace_attempt(card, b"000000", 2)[0].hex() == "63c1"
    assert pace_attempt(card, b"123456", 2)[1] is not None
    card.power_on()
    assert pace_attempt(card, b"000000", 2)[0].hex() == "63c1"


def test_a_can_that_is_not_counted_is_only_wrong() -> None:
    card = powered(with_access())
    for _ in range(5):
        assert pace_attempt(card, b"000000", 2)[0].hex() == "6300"


def test_pace_refuses_points_off_the_curve_and_steps_out_of_order() -> None:
    card = powered(with_access())
    chosen = "0022C1A40F800A04007F00070202040202830102"
    assert ask(card, chosen) == "9000"
    assert ask(card, "10860000027C0000")[-4:] == "9000"
    assert ask(card, "10860000457C438141" + "04" + "11" * 64 + "00") == "6A80"
    assert ask(card, "10860000027C0000") == "6985"
    assert ask(card, chosen) == "9000"
    assert ask(card, "008600000C7C0A8508000000000000000000") == "6985"


def test_a_plain_command_ends_the_session() -> None:
    card = powered(PLAIN)
    channel = basic_access(card)
    assert ask(card, "00A4020C020101") == "6982"
    assert card.answer(channel.sealed("0CB00000", expected=4)).hex() == "6988"


def spoiled_mac(command: bytes) -> bytes:
    return command[:-2] + bytes([command[-2] ^ 1]) + command[-1:]


def test_a_wrong_mac_a_missing_one_and_an_old_counter_end_the_session() -> None:
    for spoil, status in ((spoiled_mac, "6988"), (without_mac, "6987")):
        channel = basic_access(powered(PLAIN))
        spoiled = spoil(channel.sealed("0CA4020C", b"\1\1"))
        assert channel.card.answer(spoiled).hex() == status
        again = channel.sealed("0CA4020C", b"\1\1")
        assert channel.card.answer(again).hex() == "6988"
    channel = basic_access(powered(PLAIN))
    command = channel.sealed("0CA4020C", b"\1\1")
    assert channel.card.answer(command)[-2:] == OK
    assert channel.card.answer(command).hex() == "6988"


def test_objects_of_another_form_or_order_end_the_session() -> None:
    """Each has a right MAC: only what is said is wrong."""
    for spoiled in (padding_not_said, swapped, content_of_the_odd_form, without_end):
        channel = basic_access(powered(PLAIN))
        assert channel.card.answer(spoiled(channel)).hex() == "6988"


def signed(channel: Channel, *objects: bytes) -> bytes:
    """Return SELECT with these objects and the MAC over them."""
    head = bytes.fromhex("0CA4020C")
    channel.counter += 1
    covered = channel.suite.pad(head) + b"".join(objects)
    counter = channel.counter.to_bytes(channel.suite.block)
    mac = channel.suite.mac(channel.mac, channel.suite.pad(counter + covered))
    body = b"".join(objects) + tlv(0x8E, mac)
    return head + bytes([len(body)]) + body + b"\0"


def encrypted(channel: Channel, data: bytes) -> bytes:
    return channel.suite.encrypt(channel.encryption, data)


def padding_not_said(channel: Channel) -> bytes:
    cipher = encrypted(channel, channel.suite.pad(b"\1\1"))
    return signed(channel, tlv(0x87, b"\2", cipher))


def swapped(channel: Channel) -> bytes:
    cipher = encrypted(channel, channel.suite.pad(b"\1\1"))
    return signed(channel, tlv(0x97, b"\0"), tlv(0x87, b"\1", cipher))


def content_of_the_odd_form(channel: Channel) -> bytes:
    return signed(channel, tlv(0x85, encrypted(channel, channel.suite.pad(b"\1\1"))))


def without_end(channel: Channel) -> bytes:
    return signed(channel, tlv(0x87, b"\1", encrypted(channel, bytes(8))))


def without_mac(command: bytes) -> bytes:
    body = command[5:-1][:-10]
    return command[:4] + bytes([len(body)]) + body + b"\0"


def test_a_refusal_within_a_session_is_protected_and_ends_nothing() -> None:
    channel = basic_access(powered(PLAIN))
    assert channel.send("0CA4020C", b"\1\3").hex() == "6a82"
    assert channel.send("0CA4020C", b"\1\1") == OK
    assert channel.send("0CB07000", expected=4).hex() == "6b00"
    assert channel.send("0CB00000", expected=200)[-2:].hex() == "6282"


def test_reading_by_short_identifier_and_by_the_odd_form() -> None:
    channel = basic_access(powered(PLAIN))
    group = channel.card.chip.files[DG2]
    assert channel.send("0CB08200", expected=16)[:-2] == group[:16]
    answer = channel.send("0CB10000", tlv(0x54, (4000).to_bytes(2)), 100)
    part = find(answer[:-2], 0x53)
    assert part is not None
    assert len(part) >= 96
    assert part == group[4000 : 4000 + len(part)]
    assert channel.send("0CB10001", tlv(0x54, b"\0"), 7)[:-2] == tlv(
        0x53, channel.card.chip.files[DG1][:5]
    )


@pytest.mark.parametrize(
    ("too_long", "status"),
    [(TooLong.RIGHT_LENGTH, "6c40"), (TooLong.WRONG_LENGTH, "6700")],
)
def test_a_block_that_is_too_long_is_refused(too_long: TooLong, status: str) -> None:
    access = AccessPart(pace=(), most_bytes=64, too_long=too_long)
    channel = basic_access(powered(CardFile(access=access)))
    channel.send("0CA4020C", b"\1\2")
    assert channel.send("0CB00000", expected=0xDF).hex() == status
    assert len(channel.send("0CB00000", expected=64)) == 66


def test_a_block_that_is_too_long_is_cut() -> None:
    channel = basic_access(powered(CardFile(access=AccessPart(pace=(), most_bytes=64))))
    channel.send("0CA4020C", b"\1\2")
    assert len(channel.send("0CB00000", expected=0xDF)) == 66


def test_an_answer_always_fits_where_lengths_are_short() -> None:
    for card in (powered(PLAIN), powered(with_access())):
        channel = basic_access(card) if not card.chip.pace else pace_channel(card)
        channel.send("0CA4020C", b"\1\2")
        raw = card.answer(channel.sealed("0CB00000", expected=256))
        assert 240 < len(raw) <= 258


def test_extended_lengths_only_if_the_chip_takes_them() -> None:
    extended = AccessPart(pace=(), extended=True, most_bytes=4000)
    card = powered(CardFile(access=extended))
    channel = basic_access(card)
    channel.send("0CA4020C", b"\1\2")
    answer = channel.send("0CB00000", expected=4000)
    assert answer[:-2] == card.chip.files[DG2][:4000]
    channel = basic_access(powered(PLAIN))
    channel.send("0CA4020C", b"\1\2")
    assert channel.send("0CB00000", expected=4000).hex() == "6700"


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_active_authentication_with_rsa_recovers_the_message(digest: str) -> None:
    proofs = ProofPart(active="rsa", active_digest=digest)  # type: ignore[arg-type]
    channel = basic_access(powered(CardFile(proofs=proofs)))
    challenge = os.urandom(8)
    signature = channel.send("0C880000", challenge, 256)[:-2]
    key = load_der_public_key(find(channel.read_file(DG15), 0x6F) or b"")
    assert isinstance(key, rsa.RSAPublicKey)
    numbers = key.public_numbers()
    message = pow(int.from_bytes(signature), numbers.e, numbers.n).to_bytes(128)
    trailer = {"sha1": "bc", "sha256": "34cc", "sha512": "35cc"}[digest]
    assert message[0] == 0x6A
    assert message.hex().endswith(trailer)
    size = hashlib.new(digest).digest_size
    body = message[1 : -len(trailer) // 2]
    recovered, hashed = body[:-size], body[-size:]
    assert hashlib.new(digest, recovered + challenge).digest() == hashed


def ecdsa_of(
    channel: Channel, challenge: bytes
) -> tuple[ec.EllipticCurvePublicKey, bytes]:
    raw = channel.send("0C880000", challenge, 256)[:-2]
    key = load_der_public_key(find(channel.read_file(DG15), 0x6F) or b"")
    assert isinstance(key, ec.EllipticCurvePublicKey)
    half = len(raw) // 2
    return key, encode_dss_signature(
        int.from_bytes(raw[:half]), int.from_bytes(raw[half:])
    )


def test_active_authentication_with_ecdsa_and_what_a_clone_cannot_do() -> None:
    card = CardFile(proofs=ProofPart(active="ecdsa", curve="secp384r1"))
    challenge = os.urandom(8)
    channel = basic_access(powered(card))
    key, signature = ecdsa_of(channel, challenge)
    key.verify(signature, challenge, ec.ECDSA(hashes.SHA256()))
    named = oid("0.4.0.127.0.7.1.1.4.1.3")
    assert named in channel.read_file(DG14)
    key, signature = ecdsa_of(basic_access(powered(card, "cloned")), challenge)
    with pytest.raises(InvalidSignature):
        key.verify(signature, challenge, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("cipher", ["3des", "aes-128", "aes-192", "aes-256"])
@pytest.mark.parametrize("cloned", [False, True])
def test_chip_authentication_renews_the_keys(cipher: Cipher, *, cloned: bool) -> None:
    proofs = ProofPart(active="none", chip=cipher)
    faults = ["cloned"] if cloned else []
    channel = basic_access(powered(CardFile(proofs=proofs), *faults))
    suite = suite_named(cipher)
    for renewed in authenticated_chips(channel, suite):
        answer = channel.card.answer(renewed.sealed("0CA4020C", b"\1\1"))
        assert (answer.hex() == "6988") == cloned
        if cloned:
            return
        assert renewed.opened(answer) == OK
        assert renewed.read_file(DG1) == channel.card.chip.files[DG1]


def authenticated_chips(channel: Channel, suite: Suite) -> list[Channel]:
    """Authenticate the chip as its way allows; the last channel is in force."""
    public = public_key_of(channel.read_file(DG14))
    curve = curve_of(public)
    ours = curve.scalar(os.urandom(64))
    point = curve.encode(curve.generator * ours)
    numbers = public.public_numbers()
    size = curve.field_size
    theirs = curve.decode(b"\4" + numbers.x.to_bytes(size) + numbers.y.to_bytes(size))
    if suite is TDES:
        assert channel.send("0C2241A6", tlv(0x91, point)) == OK
    else:
        number = SUITES.index(suite) + 1
        way = tlv(0x80, oid(f"0.4.0.127.0.7.2.2.3.2.{number}")[2:])
        assert channel.send("0C2241A4", way) == OK
        answer = channel.send("0C860000", tlv(0x7C, tlv(0x80, point)), 256)
        assert answer == tlv(0x7C) + OK
    return [Channel(channel.card, suite, curve.x(theirs * ours))]


def public_key_of(group_14: bytes) -> ec.EllipticCurvePublicKey:
    """Find the point of chip authentication: the only long BIT STRING."""
    at = group_14.index(b"\x03\x42\x00\x04") + 3
    point = group_14[at : at + 65]
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.BrainpoolP256R1(), point)


def test_without_power_it_says_nothing() -> None:
    card = powered(PLAIN)
    card.power_off()
    assert ask(card, "0084000008") == ""


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00", "6700"),
        ("00A4020C030101", "6700"),
        ("00A40F0C00", "6A86"),
        ("00FF000000", "6D00"),
        ("80A4020C020101", "6E00"),
        ("00A4040C06A00000024710", "6A82"),
        ("0CA4020C02010100", "6988"),
        ("00B0000000", "6985"),
        ("0022C1A40F800A04007F00070202040202830101", "6D00"),
    ],
)
def test_refusals(command: str, status: str) -> None:
    assert ask(powered(PLAIN), command) == status


def test_sizes_are_as_files_say() -> None:
    chip = powered(CardFile(full_name="Specimen Sample", form="td3")).chip
    assert all(len(content) == size_of(content) for content in chip.files.values())
    assert set(chip.files) == {COM, SOD, DG1, DG2, 0x010B, DG15}
