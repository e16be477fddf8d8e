"""A simulated ICAO chip from a TOML file: what is printed, how it opens, who signed.

    form = "td1"                # or td2, td3
    number = "X00000000"        # more than nine characters: a long number
    surname = "SPECIMEN"
    given = "SAMPLE"
    birth = 1990-01-02
    sex = "F"                   # or M, <
    expiry = 2039-12-31
    can = "123456"              # left out: no CAN
    portrait = "face.jpg"       # beside this file; left out: a drawing
    image = "jp2"               # or jpeg, j2k
    faults = ["late:3"]         # emrtd_faults names them
    [access]
    pace = ["aes-128"]          # 3des, aes-192, aes-256; [] for none
    bac = true
    [signer]
    scheme = "ecdsa"            # rsa, rsa-pss, ecdsa-explicit
    [proofs]
    active = "rsa"              # ecdsa, none
    chip = "aes-128"            # 3des, aes-192, aes-256, none

Every key may be left out. Leaves to others: making the chip (emrtd_personalise).
"""

import re
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from likeness import strict_toml
from likeness.errors import ConfigError
from likeness.simulators.emrtd_chip import TooLong
from likeness.simulators.emrtd_files import ImageForm
from likeness.simulators.emrtd_keys import Scheme
from likeness.simulators.emrtd_mrz import Form

Cipher = Literal["3des", "aes-128", "aes-192", "aes-256"]
PaceCurve = Literal[
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
]
SigningCurve = Literal[
    "secp192r1",
    "secp224r1",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "brainpoolP256r1",
    "brainpoolP384r1",
    "brainpoolP512r1",
]
Digest = Literal["sha1", "sha224", "sha256", "sha384", "sha512"]
CODES: dict[Form, str] = {"td1": "I", "td2": "I", "td3": "P"}


class AccessPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the chip opens, and how much it gives at once."""

    pace: tuple[Cipher, ...] = ("aes-128",)
    curve: PaceCurve = "brainpoolP256r1"
    bac: bool = True
    can_tries: int = 0  # 0: the CAN is never blocked
    slow_s: float = 0.0
    most_bytes: int = 256
    too_long: TooLong = TooLong.CUT
    extended: bool = False


class SignerPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who signs the security object, and how."""

    scheme: Scheme = Scheme.ECDSA
    digest: Digest = "sha256"
    curve: SigningCurve = "brainpoolP256r1"
    groups_digest: Digest = "sha256"
    version: Literal[0, 1] = 0  # of the LDS security object


class ProofPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the chip proves that it is no copy."""

    active: Literal["none", "rsa", "ecdsa"] = "rsa"
    active_digest: Digest = "sha256"
    chip: Literal["none", "3des", "aes-128", "aes-192", "aes-256"] = "none"
    curve: SigningCurve = "brainpoolP256r1"  # of ECDSA, and of chip authentication


class CardFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One document; without any key it is an invented person's."""

    form: Form = "td1"
    code: str = ""  # empty: what the form commonly has
    issuer: str = "UTO"
    nationality: str = "UTO"
    number: str = "X00000000"
    surname: str = "SPECIMEN"
    given: str = "SAMPLE"
    sex: Literal["M", "F", "<"] = "F"
    birth: date = date(1990, 1, 2)
    expiry: date = date(2039, 12, 31)
    optional: str = ""
    can: str = ""
    full_name: str = ""  # these three go into DG11, if any is there
    personal_number: str = ""
    full_birth: str = ""  # yyyymmdd
    portrait: str = ""
    image: ImageForm = ImageForm.JP2
    authority: str = ""  # folder of its keys, beside this file; empty: a fresh one
    faults: tuple[str, ...] = ()
    access: AccessPart = AccessPart()
    signer: SignerPart = SignerPart()
    proofs: ProofPart = ProofPart()


def load(path: Path) -> tuple[CardFile, bytes]:
    """Read a card file and its portrait's file (empty: it names none).

    Raises:
        ConfigError: the file, a key, a value or the picture cannot be used.
    """
    card = strict_toml.load(path, CardFile)
    if card.can and not re.fullmatch("[0-9]{6}", card.can):
        raise ConfigError(f"{path}: can: it has six digits, or is left out")
    if not card.portrait:
        return card, b""
    try:
        return card, (path.parent / card.portrait).read_bytes()
    except OSError as problem:
        raise ConfigError(
            f"{path}: portrait: {card.portrait} cannot be read: {problem.strerror}"
        ) from problem


def to_toml(card: CardFile) -> str:
    """Write a card as `load` reads it."""
    return _table(card, "")


def fictitious_card(
    seed: int = 0, form: Form = "td1", portrait: str = "", authority: str = ""
) -> CardFile:
    """Invent a document that nobody holds; `seed` 0 to 999."""
    return CardFile(
        form=form,
        number=f"X{seed:03}00000",
        given=f"SAMPLE {'ABCDEFGHIJ'[seed % 10]}",
        sex="F" if seed % 2 else "M",
        birth=date(1960 + seed % 45, 1 + seed % 12, 1 + seed % 28),
        can=f"{seed * 7919 % 1_000_000:06}",
        portrait=portrait,
        authority=authority,
    )


def _table(part: msgspec.Struct, name: str) -> str:
    lines, below = [f"[{name}]"] if name else [], ""
    for key, value in msgspec.structs.asdict(part).items():
        if isinstance(value, msgspec.Struct):
            below += _table(value, key)
        else:
            lines.append(f"{key} = {_written(value)}")
    return "\n".join(lines) + "\n" + below


def _written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            quoted = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{quoted}"'
        case tuple():
            return f"[{', '.join(_written(one) for one in value)}]"
        case _:
            return str(value)
