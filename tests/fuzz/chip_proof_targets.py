"""What a chip says and proves: zone, files, who signed them, what it signs itself."""

from datetime import date
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fuzz.engine import Subject, Target
from fuzz.mutate import Dice, any_bytes
from likeness.chip import active_auth, passive, trust_store
from likeness.chip.der import BadDer, Unsupported
from likeness.chip.record import ActiveProof
from likeness.chip.signatures import BadSignature
from likeness.core import data_groups, tlv
from likeness.core.card_fields import Unreadable
from likeness.core.chip_card import Examination, to_card
from likeness.core.data_groups import BadGroup
from likeness.core.mrz import AccessKey, BadMrz, read_typed
from likeness.core.tlv import BadTlv, write
from likeness.simulators.emrtd_authority import CountryAuthority, DocumentSigner
from likeness.simulators.emrtd_files import (
    ImageForm,
    active_authentication_info,
    common,
    group_1,
    group_2,
    group_2_of_2019,
    group_11,
    group_14,
    group_15,
)
from likeness.simulators.emrtd_keys import Scheme
from likeness.simulators.emrtd_proofs import active_signature
from likeness.simulators.emrtd_signed_data import security_object

TODAY = date(2026, 11, 22)
ZONES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    "I<UTOD23145890<7349<<<<<<<<<<<3407127M9507122UTO<<<<<<<<<<<2"
    "STEVENSON<<PETER<JOHN<<<<<<<<<",
    "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6",
)
JPEG = b"\xff\xd8\xff\xe0pixels"
# Ends, tags, lengths, OIDs: what files of a chip are made of.
PIECES = (
    *(bytes.fromhex(one) for one in ("30", "3000", "3080", "0000", "31", "A0", "02")),
    *(bytes.fromhex(one) for one in ("84FFFFFFFF", "82FFFF", "80", "7F", "00", "FF")),
    *(bytes.fromhex(one) for one in ("7F60", "7F61", "5F2E", "5F1F", "7F2E", "A1")),
    *(bytes.fromhex(one) for one in ("020100", "0500", "02020100", "0201FF", "1F8181")),
    *(bytes.fromhex(one) for one in ("170D", "180F", "3030303030303030303030305A")),
    bytes.fromhex("06092A864886F70D01010A"),
    bytes.fromhex("06072A8648CE3D0201"),
    bytes.fromhex("06082A864886F70D0205"),
)


def change_pieces(dice: Dice, data: bytes, other: bytes) -> bytes:
    """Change a few bytes, put pieces in, or take parts of another input.

    What is signed does not survive any of it, so some inputs stay as they are.
    """
    if dice.random() < 0.1:
        return data
    if dice.random() < 0.3:
        return any_bytes(dice, data, other)
    done = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4))):
        at, piece = dice.randint(0, len(done)), dice.choice(PIECES)
        match dice.randrange(4):
            case 0:
                done[at : at + len(piece)] = piece
            case 1:
                done[at:at] = piece
            case 2 if done:
                done[at % len(done)] ^= 1 << dice.randrange(8)
            case _:
                done[at : at + dice.choice((1, 2, 9))] = b""
    return bytes(done)


@cache
def _state() -> CountryAuthority:
    return CountryAuthority()


@cache
def _signers() -> tuple[DocumentSigner, ...]:
    return tuple(_state().signer(scheme) for scheme in Scheme)


# --- the zone -------------------------------------------------------------------------
def _typed(_folder: Path) -> Subject:
    seeds = [zone.encode() for zone in ZONES]
    seeds += [seed[:44] + b"\r\n" + seed[44:].lower() for seed in seeds[:1]]
    seeds += [seeds[0][44:], seeds[1][:60], b"123456"]
    return Subject(seeds, _signs, _read_typed)


def _signs(dice: Dice, data: bytes, other: bytes) -> bytes:
    """Keep most of it a zone, with its check digits wrong."""
    if dice.random() < 0.3 or not data:
        return any_bytes(dice, data, other)
    done = bytearray(data)
    for _ in range(dice.choice((1, 2, 5))):
        done[dice.randrange(len(done))] = dice.choice(b"AZO019< \n\xc3")
    return bytes(done)


def _read_typed(data: bytes) -> str:
    text = data.decode("utf-8", "surrogateescape")
    found = read_typed(text)
    if len(found.number) > 6 and found.number in repr(found):
        raise AssertionError("a zone shows its holder")
    AccessKey.from_mrz(text)
    return f"{found.form} {found.wrong}"


# --- files ----------------------------------------------------------------------------
def _groups(_folder: Path) -> Subject:
    seeds = [group_1([zone]) for zone in ZONES]
    seeds += [group_2(JPEG, ImageForm.JPEG, (3, 4), count=n) for n in (1, 3)]
    seeds += [group_2_of_2019(JPEG), common([1, 2, 11, 14, 15])]
    seeds.append(group_11("Ériksson<<Änna", "4711", "19740812"))
    return Subject(seeds, change_pieces, _read_group)


def _read_group(data: bytes) -> str:
    readers = {
        0x60: data_groups.read_com,
        0x61: data_groups.read_dg1,
        0x75: data_groups.read_dg2,
    }
    found = readers.get(data[0] if data else 0, data_groups.read_dg11)(data)
    names = {0x61: "DG1", 0x75: "DG2", 0x6B: "DG11"}
    groups = {"SOD": b"", "DG1": group_1([ZONES[0]]), names.get(data[0], "DG3"): data}
    card = to_card(Examination((), (), (), groups), TODAY)
    if isinstance(card, Unreadable):
        return f"refused {card.field}"
    if len(card.portrait_record) > len(data):
        raise AssertionError("a portrait that is more than its file")
    return f"{type(found).__name__} {card.doubts}"


# --- proofs ---------------------------------------------------------------------------
def _objects(_folder: Path) -> Subject:
    groups = {1: group_1([ZONES[0]]), 2: group_2(JPEG, ImageForm.JPEG, (3, 4))}
    files = {f"DG{number}": file for number, file in groups.items()}
    store = trust_store.load([("csca", _state().certificate), ("crl", _state().crl(7))])
    seeds = [
        security_object(groups, signer, digest=digest, version=version)
        for signer in _signers()
        for digest, version in (("sha256", 0), ("sha1", 1))
    ]

    def judge(data: bytes) -> str:
        found = passive.authenticate(files | {"SOD": data}, store, TODAY)
        for name in found.groups.keys() - {"SOD"}:
            if found.groups[name] != files[name]:
                raise AssertionError("what is believed is not what was signed")
        if not found.groups:
            return f"refused {found.findings[-1].why}"
        return f"believed {[one.why for one in found.findings]}"

    return Subject(seeds, change_pieces, judge)


def _stores(_folder: Path) -> Subject:
    other = CountryAuthority("XO", Scheme.ECDSA_EXPLICIT)
    seeds = [_state().certificate, other.certificate, _state().crl(1, 2, 3)]
    seeds += [_state().master_list(other), _state().link_to(other)]
    mine = {one.fingerprint for one in trust_store.load(_named(seeds)).issuers}

    def load(data: bytes) -> str:
        found = trust_store.load(_named([data]))
        if not {one.fingerprint for one in found.issuers} <= mine:
            raise AssertionError("a changed certificate is trusted")
        kinds = (len(found.issuers), len(found.crls), len(found.lists))
        return f"{'refused ' if found.rejected else ''}{kinds}"

    return Subject(seeds, change_pieces, load)


def _named(seeds: list[bytes]) -> list[tuple[str, bytes]]:
    return [(str(number), seed) for number, seed in enumerate(seeds)]


def _answers(_folder: Path) -> Subject:
    keys = (
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.BrainpoolP256R1()),
    )
    dg14, challenge = group_14(active_authentication_info("sha256")), bytes(8)
    # In an input are the answer and both files: any of them may be changed.
    seeds = [
        b"".join(
            write(0x04, one)
            for one in (
                active_signature(key, challenge, "sha256", bytes),
                dg14,
                group_15(key),
            )
        )
        for key in keys
    ]

    def check(data: bytes) -> str:
        parts = [one.value for one in tlv.elements(data)]
        response, infos, key = (*parts, b"", b"", b"")[:3]
        active_auth.check(ActiveProof(challenge, response), key, infos)
        return "holds"

    return Subject(seeds, change_pieces, check)


TARGETS = (
    Target("typed zone", _typed, (BadMrz,), share=2),
    Target("chip groups", _groups, (BadGroup,), share=2),
    Target("security object", _objects, share=0.5),
    Target("trust store", _stores, share=0.5),
    Target(
        "active answer",
        _answers,
        (BadDer, BadSignature, Unsupported, BadTlv),
        share=0.5,
    ),
)
