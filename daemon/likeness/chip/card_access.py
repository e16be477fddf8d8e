"""Reads what a chip says about its protocols: EF.CardAccess and DG14.

Both hold SecurityInfos, a SET OF { OID, required data, optional data } (ICAO 9303-11
clause 9.2). EF.CardAccess is not signed, DG14 is: what the first leaves out and the
second names was taken away on the way. Leaves to others: which protocol is used.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from likeness.chip.ciphers import Suite
from likeness.core import tlv
from likeness.core.tlv import BadTlv, Tlv

SET = 0x31
SEQUENCE = 0x30
OID = 0x06
INTEGER = 0x02
DG14 = 0x6E
MOST_INFOS = 64
NUMBER_MOST_BYTES = 8
# 0.4.0.127.0.7 (BSI) .2.2 (protocols) and their arms, as in DER.
PROTOCOLS = bytes.fromhex("04007F00070202")
PUBLIC_KEY = PROTOCOLS + b"\1"
CHIP_AUTHENTICATION = PROTOCOLS + b"\3"
PACE = PROTOCOLS + b"\4"


class Mapping(Enum):
    """How PACE comes to its generator, and over which group: the arm of its OID."""

    DH_GENERIC = 1
    ECDH_GENERIC = 2
    DH_INTEGRATED = 3
    ECDH_INTEGRATED = 4
    ECDH_CHIP_AUTHENTICATION = 6


class Agreement(Enum):
    """Over which group a secret is agreed upon: the arm of an OID."""

    DH = 1
    ECDH = 2


MAPPINGS = {mapping.value: mapping for mapping in Mapping}
AGREEMENTS = {agreement.value: agreement for agreement in Agreement}
SUITES = {suite.value: suite for suite in Suite}


@dataclass(frozen=True, slots=True)
class SecurityInfo:
    """One entry; `protocol` is the OID's bytes without tag and length."""

    protocol: bytes
    required: Tlv
    optional: Tlv | None


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """One way of PACE that a chip offers (clause 9.2.1)."""

    protocol: bytes
    mapping: Mapping
    suite: Suite
    parameters: int | None  # which group; None: the chip does not say


@dataclass(frozen=True, slots=True)
class ChipKey:
    """A public key of the chip for chip authentication (clause 9.2.5, 9.2.6)."""

    agreement: Agreement
    protocol: bytes  # of the authentication
    suite: Suite
    key_info: bytes = field(repr=False)  # SubjectPublicKeyInfo, DER
    key_id: int | None = None


def read_card_access(file: bytes) -> tuple[SecurityInfo, ...]:
    """Read EF.CardAccess.

    Raises:
        BadTlv: it holds no SecurityInfos.
    """
    return _infos(tlv.one(file, SET))


def read_dg14(file: bytes) -> tuple[SecurityInfo, ...]:
    """Read data group 14, with its tag.

    Raises:
        BadTlv: it holds no SecurityInfos.
    """
    return _infos(tlv.one(tlv.one(file, DG14).value, SET))


def pace_infos(infos: Sequence[SecurityInfo]) -> tuple[PaceInfo, ...]:
    """Return the ways of PACE among the infos, those we have no name for left out.

    Raises:
        BadTlv: one is not of the form.
    """
    found = []
    for info in infos:
        match tuple(_arms(info, PACE)):
            case (mapping, suite) if mapping in MAPPINGS and suite in SUITES:
                way = (info.protocol, MAPPINGS[mapping], SUITES[suite])
                found.append(PaceInfo(*way, _number(info.optional)))
            case _:  # domain parameters, or not about PACE
                pass
    return tuple(found)


def offers_pace(infos: Sequence[SecurityInfo]) -> bool:
    """Say whether any of the infos is about PACE, known to us or not."""
    return any(info.protocol.startswith(PACE) for info in infos)


def chip_keys(infos: Sequence[SecurityInfo]) -> tuple[ChipKey, ...]:
    """Return the chip's keys, each with every protocol that goes with it.

    A chip that names keys and no protocol has 3DES: so the first documents wrote it.

    Raises:
        BadTlv: an info is not of the form.
    """
    uses = tuple(_uses(infos))
    found = []
    for info in infos:
        match tuple(_arms(info, PUBLIC_KEY)):
            case (arm,) if arm in AGREEMENTS:
                agreement, key_id = AGREEMENTS[arm], _number(info.optional)
                key = tlv.write(info.required.tag, info.required.value)
                found += [
                    ChipKey(agreement, protocol, suite, key, key_id)
                    for wanted, suite, wanted_id, protocol in uses or (_oldest(arm),)
                    if wanted is agreement and wanted_id in (None, key_id)
                ]
            case _:
                pass
    return tuple(found)


Use = tuple[Agreement, Suite, int | None, bytes]  # of the key with this id; the OID


def _uses(infos: Sequence[SecurityInfo]) -> Iterator[Use]:
    for info in infos:
        match tuple(_arms(info, CHIP_AUTHENTICATION)):
            case (arm, suite) if arm in AGREEMENTS and suite in SUITES:
                key_id = _number(info.optional)
                yield AGREEMENTS[arm], SUITES[suite], key_id, info.protocol
            case _:
                pass


def _oldest(arm: int) -> Use:
    suite = Suite.TRIPLE_DES
    protocol = CHIP_AUTHENTICATION + bytes([arm, suite.value])
    return AGREEMENTS[arm], suite, None, protocol


def _infos(holder: Tlv) -> tuple[SecurityInfo, ...]:
    entries = holder.children()
    if len(entries) > MOST_INFOS:
        raise BadTlv(f"{len(entries)} security infos")
    return tuple(_info(entry) for entry in entries)


def _info(entry: Tlv) -> SecurityInfo:
    match entry.children() if entry.tag == SEQUENCE else ():
        case (protocol, required, *rest) if protocol.tag == OID and len(rest) <= 1:
            return SecurityInfo(protocol.value, required, rest[0] if rest else None)
        case _:
            raise BadTlv("a security info of another form")


def _arms(info: SecurityInfo, stem: bytes) -> bytes:
    """Return what follows the stem in the OID; each arm here is one byte."""
    protocol = info.protocol
    return protocol[len(stem) :] if protocol.startswith(stem) else b""


def _number(element: Tlv | None) -> int | None:
    if element is None:
        return None
    if element.tag != INTEGER or not 1 <= len(element.value) <= NUMBER_MOST_BYTES:
        raise BadTlv("not a small integer where one belongs")
    return int.from_bytes(element.value)
