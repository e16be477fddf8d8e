"""A simulated card from a TOML file: fields → the chip's 256-byte text and portrait.

    kind = "cn_resident"        # or cn_hk_macao_taiwan, cn_foreigner_2017, …_2023
    name = "样本一"
    sex = 1                     # 0 unknown, 1 male, 2 female, 9 not stated
    birth = 1990-01-02
    number = "999999199001020016"
    valid_from = 2020-01-01
    valid_to = 2040-01-01       # left out: valid for ever
    portrait = "face.jpg"       # beside this file; left out: no portrait

Written from the layouts in card-readers A.9, without the driver's tables. The portrait
record is a stand-in (see wlt_decoder): real WLT was never exercised.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from likeness import strict_toml
from likeness.errors import ConfigError
from likeness.simulators.sdt_reader import SdtCard
from likeness.simulators.wlt_decoder import RECORD_SIZE, portrait_record

Kind = Literal[
    "cn_resident", "cn_hk_macao_taiwan", "cn_foreigner_2017", "cn_foreigner_2023"
]
MARKS = {
    "cn_resident": " ",
    "cn_hk_macao_taiwan": "J",
    "cn_foreigner_2017": "I",
    "cn_foreigner_2023": "Y",
}
UNALLOCATED_AREA = "999999"  # no place has it, so the number is nobody's
NAMES = "甲乙丙丁戊己庚辛壬癸"


class CardFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands on a simulated card."""

    kind: Kind = "cn_resident"
    name: str
    other_name: str = ""  # Chinese name of a foreigner's card
    sex: Literal[0, 1, 2, 9] = 0
    ethnic: str = "01"  # residents only
    birth: date
    address: str = "样本省样本市样本路1号"
    number: str
    issuer: str = "样本市公安局"
    nationality: str = ""
    valid_from: date
    valid_to: date | None = None  # None: 长期
    portrait: str = ""


def load(path: Path) -> SdtCard:
    """Read a card file.

    Raises:
        ConfigError: the file, a key, a value or the picture cannot be used.
    """
    card = strict_toml.load(path, CardFile)
    picture = b""
    if card.portrait:
        try:
            picture = (path.parent / card.portrait).read_bytes()
        except OSError as problem:
            raise ConfigError(
                f"{path}: portrait: {card.portrait} cannot be read: {problem.strerror}"
            ) from problem
    try:
        return simulated(card, picture)
    except ValueError as problem:
        raise ConfigError(f"{path}: {problem}") from problem


def to_toml(card: CardFile) -> str:
    """Write a card as `load` reads it."""
    lines = []
    for key, value in msgspec.structs.asdict(card).items():
        if isinstance(value, str):
            quoted = value.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'{key} = "{quoted}"')
        elif value is not None:
            lines.append(f"{key} = {value}")
    return "\n".join(lines) + "\n"


def save(card: CardFile, path: Path) -> None:
    """Write a card file."""
    path.write_text(to_toml(card), encoding="utf-8")


def simulated(card: CardFile, picture: bytes = b"") -> SdtCard:
    """Lay out a card; `picture` is an encoded image, or empty for no portrait.

    Raises:
        ValueError: a field is longer than its place; its name is in the text.
    """
    block = _Block()
    if card.kind == "cn_foreigner_2017":
        _lay_out_2017(block, card)
    elif card.kind == "cn_foreigner_2023":
        _lay_out_2023(block, card)
    else:
        _lay_out_resident(block, card)
    block.put("kind", 248, 2, MARKS[card.kind])
    record = portrait_record(picture) if picture else bytes(RECORD_SIZE)
    return SdtCard(bytes(block.text), record)


def fictitious_card(
    seed: int = 0, kind: Kind = "cn_resident", portrait: str = ""
) -> CardFile:
    """Invent a card that nobody holds, with right check digits; `seed` 0 to 999."""
    sex: Literal[1, 2] = 1 if seed % 2 == 0 else 2
    birth = date(1960 + seed % 45, 1 + seed % 12, 1 + seed % 28)
    order = f"{seed // 2 * 2 % 998 + sex % 2:03}"
    common = _Invented(sex, birth, order, portrait)
    name = "样本" + NAMES[seed % 10]
    if kind == "cn_foreigner_2017":
        number = f"XXA9999{birth:%y%m%d}{seed % 10}0"
        return common.card(kind, "SPECIMEN, SAMPLE", number, name, "XXA")
    if kind == "cn_foreigner_2023":
        number = _with_check(f"999999{birth:%Y%m%d}{order}")
        return common.card(kind, "SPECIMEN, SAMPLE", number, name, "XXA")
    area = UNALLOCATED_AREA if kind == "cn_resident" else "810000"
    return common.card(kind, name, _with_check(f"{area}{birth:%Y%m%d}{order}"), "", "")


@dataclass(frozen=True, slots=True)
class _Invented:
    sex: Literal[1, 2]
    birth: date
    order: str
    portrait: str

    def card(
        self, kind: Kind, name: str, number: str, other_name: str, nationality: str
    ) -> CardFile:
        return CardFile(
            kind=kind,
            name=name,
            other_name=other_name,
            number=number,
            sex=self.sex,
            birth=self.birth,
            nationality=nationality,
            valid_from=date(2020, 1, 1),
            valid_to=date(2039, 12, 31),
            portrait=self.portrait,
        )


def _with_check(first: str) -> str:
    """Append the check character of ISO 7064 MOD 11-2, by its recursive form."""
    rest = 0
    for digit in first:
        rest = (rest + int(digit)) * 2 % 11
    return first + "0123456789X"[(12 - rest) % 11]


class _Block:
    """256 bytes of UTF-16LE spaces to be filled in."""

    def __init__(self) -> None:
        self.text = bytearray(" ".encode("utf-16-le") * 128)

    def put(self, name: str, offset: int, size: int, value: str) -> None:
        raw = value.encode("utf-16-le")
        if len(raw) > size:
            raise ValueError(f"{name} is longer than {size // 2} characters")
        self.text[offset : offset + len(raw)] = raw

    def put_validity(self, card: CardFile) -> None:
        end = "长期" if card.valid_to is None else f"{card.valid_to:%Y%m%d}"
        self.put("valid_from", 188, 16, f"{card.valid_from:%Y%m%d}")
        self.put("valid_to", 204, 16, end)


def _lay_out_resident(block: _Block, card: CardFile) -> None:
    block.put("name", 0, 30, card.name)
    block.put("sex", 30, 2, str(card.sex))
    if card.kind == "cn_resident":
        block.put("ethnic", 32, 4, card.ethnic)
    else:
        block.put("permit", 220, 18, "H99999999")
        block.put("issued", 238, 4, "01")
    block.put("birth", 36, 16, f"{card.birth:%Y%m%d}")
    block.put("address", 52, 70, card.address)
    block.put("number", 122, 36, card.number)
    block.put("issuer", 158, 30, card.issuer)
    block.put_validity(card)


def _lay_out_2017(block: _Block, card: CardFile) -> None:
    block.put("name", 0, 120, card.name)
    block.put("sex", 120, 2, str(card.sex))
    block.put("number", 122, 30, card.number)
    block.put("nationality", 152, 6, card.nationality)
    block.put("other_name", 158, 30, card.other_name)
    block.put_validity(card)
    block.put("birth", 220, 16, f"{card.birth:%Y%m%d}")
    block.put("version", 236, 4, "01")
    block.put("authority", 240, 8, "9999")


def _lay_out_2023(block: _Block, card: CardFile) -> None:
    block.put("other_name", 0, 30, card.other_name)
    block.put("sex", 30, 2, str(card.sex))
    block.put("renewals", 32, 4, "00")
    block.put("birth", 36, 16, f"{card.birth:%Y%m%d}")
    block.put("name", 52, 70, card.name[:35])
    block.put("name", 220, 22, card.name[35:])
    block.put("number", 122, 36, card.number)
    block.put_validity(card)
    block.put("nationality", 242, 6, card.nationality)
    block.put("association", 250, 6, "990")
