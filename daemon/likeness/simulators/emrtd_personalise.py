"""Makes a simulated chip: a card file and a state that signs → files and keys.

Faults of what is on the chip are made in here, after signing or instead of it. Leaves
to others: each file's form (emrtd_files), the chip's talk (emrtd_card).
"""

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from likeness.simulators import emrtd_faults, emrtd_files, emrtd_pictures
from likeness.simulators.emrtd_authority import (
    LONG_PAST,
    CountryAuthority,
    DocumentSigner,
)
from likeness.simulators.emrtd_card_file import CODES, CardFile
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.emrtd_crypto import AES_128, suite_named
from likeness.simulators.emrtd_curves import CURVES
from likeness.simulators.emrtd_faults import Fault, Kind
from likeness.simulators.emrtd_files import COM, SOD
from likeness.simulators.emrtd_keys import RSA_EXPONENT, PrivateKey
from likeness.simulators.emrtd_mrz import Document, mrz, mrz_information, six_digits
from likeness.simulators.emrtd_pace import PaceOffer
from likeness.simulators.emrtd_signed_data import security_object

REVOKED_SERIAL = 666  # each state's list names it
ACTIVE_BITS = 1024  # of RSA: a signature must fit into one short answer
NO_PICTURE = b"this is no picture"
ENDLESS = bytes.fromhex("847FFFFFFF")  # a length of 2 GiB


def personalise(
    card: CardFile,
    state: CountryAuthority,
    picture: bytes = b"",
    *,
    more_faults: Iterable[str] = (),
) -> Chip:
    """Make a chip.

    Args:
        card: what is on it; its `portrait` is not read.
        state: whose signer signs.
        picture: an encoded picture, or empty for a drawing.
        more_faults: besides those of the card file.

    Raises:
        ValueError: a field does not fit, or `picture` is none.
        UsageError: an unknown fault.
    """
    faults = [emrtd_faults.parse(text) for text in (*card.faults, *more_faults)]
    kinds = emrtd_faults.on_the_chip(faults)
    document = document_of(card)
    offers = tuple(
        PaceOffer(suite_named(name), CURVES[card.access.curve])
        for name in card.access.pace
    )
    active_key, chip_key = _active_key(card), _chip_key(card)
    groups = {
        1: emrtd_files.group_1(mrz(document)),
        2: _portrait_group(card, picture, kinds),
        **_other_groups(card, active_key, chip_key),
    }
    sod = _signed(card, state, groups, kinds)
    files = {0x0100 + number: group for number, group in groups.items()}
    files |= {COM: emrtd_files.common(list(groups)), SOD: sod}
    cloned = Kind.CLONED in kinds
    return Chip(
        master=_master(card, offers),
        files=_spoiled(files, faults),
        mrz_information=mrz_information(document),
        can=card.can,
        pace=offers,
        bac=card.access.bac,
        can_tries=card.access.can_tries,
        slow_s=card.access.slow_s,
        active_key=_active_key(card) if cloned else active_key,
        active_digest=card.proofs.active_digest,
        chip_key=_chip_key(card) if cloned else chip_key,
        chip_suite=AES_128 if chip_key is None else suite_named(card.proofs.chip),
        most_bytes=card.access.most_bytes,
        too_long=card.access.too_long,
        extended=card.access.extended,
    )


def document_of(card: CardFile) -> Document:
    """Return what is printed on the card of a card file."""
    return Document(
        form=card.form,
        code=card.code or CODES[card.form],
        issuer=card.issuer,
        number=card.number,
        surname=card.surname,
        given=card.given,
        nationality=card.nationality,
        birth=six_digits(card.birth),
        sex=card.sex,
        expiry=six_digits(card.expiry),
        optional=card.optional,
    )


def _portrait_group(card: CardFile, picture: bytes, kinds: frozenset[Kind]) -> bytes:
    if Kind.BOMB in kinds:
        image = emrtd_pictures.bomb(card.image)
    elif Kind.NO_IMAGE in kinds:
        image = NO_PICTURE
    else:
        image = emrtd_pictures.portrait(picture, card.image)
    if Kind.IMAGE_2019 in kinds:
        return emrtd_files.group_2_of_2019(image)
    return emrtd_files.group_2(image, card.image, emrtd_pictures.SIZE)


def _other_groups(
    card: CardFile,
    active_key: PrivateKey | None,
    chip_key: ec.EllipticCurvePrivateKey | None,
) -> dict[int, bytes]:
    groups: dict[int, bytes] = {}
    if card.full_name or card.personal_number or card.full_birth:
        groups[11] = emrtd_files.group_11(
            card.full_name, card.personal_number, card.full_birth
        )
    infos: tuple[bytes, ...] = ()
    if chip_key is not None:
        suite = suite_named(card.proofs.chip)
        infos += emrtd_files.chip_authentication_infos(suite, chip_key)
    if active_key is not None:
        groups[15] = emrtd_files.group_15(active_key)
    if isinstance(active_key, ec.EllipticCurvePrivateKey):
        infos += (emrtd_files.active_authentication_info(card.proofs.active_digest),)
    if infos:
        groups[14] = emrtd_files.group_14(*infos)
    return groups


def _active_key(card: CardFile) -> PrivateKey | None:
    match card.proofs.active:
        case "none":
            return None
        case "rsa":
            return rsa.generate_private_key(RSA_EXPONENT, ACTIVE_BITS)
        case "ecdsa":
            return _ec_key(card.proofs.curve)


def _chip_key(card: CardFile) -> ec.EllipticCurvePrivateKey | None:
    return None if card.proofs.chip == "none" else _ec_key(card.proofs.curve)


def _ec_key(curve: str) -> ec.EllipticCurvePrivateKey:
    signing = CURVES[curve].signing
    assert signing is not None  # noqa: S101 - card files name no other
    return ec.generate_private_key(signing())


def _signed(
    card: CardFile,
    state: CountryAuthority,
    groups: dict[int, bytes],
    kinds: frozenset[Kind],
) -> bytes:
    sod = security_object(
        groups,
        _signer(card, state, kinds),
        digest=card.signer.groups_digest,
        version=card.signer.version,
    )
    if Kind.BAD_SIGNATURE in kinds:
        sod = sod[:-1] + bytes([sod[-1] ^ 1])  # the signature is its end
    return sod


def _signer(
    card: CardFile, state: CountryAuthority, kinds: frozenset[Kind]
) -> DocumentSigner:
    how = (card.signer.scheme, card.signer.digest, card.signer.curve)
    if Kind.WRONG_SIGNER in kinds:
        return CountryAuthority().signer(*how)
    if Kind.EXPIRED_SIGNER in kinds:
        return state.signer(*how, end=LONG_PAST)
    if Kind.REVOKED_SIGNER in kinds:
        return state.signer(*how, serial=REVOKED_SERIAL)
    return state.signer(*how)


def _master(card: CardFile, offers: tuple[PaceOffer, ...]) -> dict[int, bytes]:
    master: dict[int, bytes] = {}
    if offers:
        infos = [emrtd_files.pace_info(one.suite, one.curve.name) for one in offers]
        master[emrtd_files.CARD_ACCESS] = emrtd_files.card_access(*infos)
    if card.access.extended:
        most = card.access.most_bytes
        master[emrtd_files.ATR_INFO] = emrtd_files.atr_info(most)
    return master


def _spoiled(files: dict[int, bytes], faults: list[Fault]) -> dict[int, bytes]:
    """Do to the files what is done after signing."""
    numbers = {name: number for number, name in emrtd_files.NAMES.items()}
    for fault in faults:
        file = numbers.get(fault.file, 0)
        match fault.kind:
            case Kind.TAMPERED_DG1:
                # Another sex would be seen at once; another name is not.
                files[emrtd_files.DG1] = _changed(files[emrtd_files.DG1], -20)
            case Kind.TAMPERED_DG2:
                # Behind the image: what opens it is not disturbed.
                files[emrtd_files.DG2] = _changed(files[emrtd_files.DG2], -1)
            case Kind.OVERSIZE if file in files:
                tag = files[file][:1]
                files[file] = tag + ENDLESS + files[file][2:]
            case Kind.TRUNCATED if file in files:
                files[file] = files[file][: len(files[file]) // 2]
            case _:
                pass
    return files


def _changed(data: bytes, at: int) -> bytes:
    spoiled = bytearray(data)
    spoiled[at] = ord("B") if spoiled[at] == ord("A") else ord("A")
    return bytes(spoiled)
