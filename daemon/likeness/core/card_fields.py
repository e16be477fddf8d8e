"""A card's 256-byte text → Card, or why not; and whether a card is valid on a day.

Four layouts (card-readers A.9), told apart by the character at byte 248. Text is
UTF-16LE and space padded; inner spaces and rare characters are kept as they are.
What does not fit (A.10) becomes a doubt: reported, never mended. The address and the
ethnic group stay unread; addresses added later are read only when asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from unicodedata import category

from likeness.core import card_codes as codes
from likeness.core.card_trouble import Trouble
from likeness.core.vocabulary import Card, CardDoubt, CardKind, Reason, Sex

TEXT_SIZE = 256
ADDRESS_SIZE = 70  # four of them at most
LAYOUT_MARK = slice(248, 250)
LONG_TERM = "长期"
PADDING = " \0"

KINDS = {
    " ": CardKind.RESIDENT,
    "\0": CardKind.RESIDENT,  # seen in synthetic data only
    "J": CardKind.HK_MACAO_TAIWAN,
    "I": CardKind.FOREIGNER_2017,
    "Y": CardKind.FOREIGNER_2023,
}

# Field → (offset, size) in bytes.
RESIDENT = {
    "name": (0, 30),
    "sex": (30, 2),
    "birth": (36, 16),
    "number": (122, 36),
    "issuer": (158, 30),
    "valid_from": (188, 16),
    "valid_to": (204, 16),
}
LAYOUTS = {
    CardKind.RESIDENT: RESIDENT,
    CardKind.HK_MACAO_TAIWAN: RESIDENT,
    CardKind.FOREIGNER_2017: {
        "name": (0, 120),
        "sex": (120, 2),
        "number": (122, 30),
        "nationality": (152, 6),
        "other_name": (158, 30),
        "valid_from": (188, 16),
        "valid_to": (204, 16),
        "birth": (220, 16),
        "issuer": (240, 8),
    },
    CardKind.FOREIGNER_2023: {
        "other_name": (0, 30),
        "sex": (30, 2),
        "birth": (36, 16),
        "name": (52, 70),
        "number": (122, 36),
        "valid_from": (188, 16),
        "valid_to": (204, 16),
        "name_rest": (220, 22),
        "nationality": (242, 6),
    },
}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a record gives no card; names the field, never its content."""

    kind: Trouble
    field: str


class _FieldError(Exception):
    """A field cannot be decoded; the text is the field's name."""


def read_card(
    text: bytes, portrait_record: bytes, reader_id: str, appended: bytes = b""
) -> Card | Unreadable:
    """Decode one record; `text` is as the reader gives it, 256 bytes.

    `appended` is what 30 03 answered, if it was asked for.
    """
    kind = _kind(text)
    if kind is None:
        return Unreadable(Trouble.CARD_UNSUPPORTED, "layout")
    try:
        card = _decode(kind, text, portrait_record, reader_id)
    except _FieldError as wrong:
        return Unreadable(Trouble.CARD_INCONSISTENT, str(wrong))
    return replace(card, addresses=read_addresses(appended))


def read_addresses(appended: bytes) -> tuple[str, ...]:
    """Decode what 30 03 answered, the fields that are not empty; personal data.

    Text that cannot be decoded gives none: the card is as good without them.
    """
    fields = range(0, len(appended), ADDRESS_SIZE)
    try:
        texts = [appended[at : at + ADDRESS_SIZE].decode("utf-16-le") for at in fields]
    except UnicodeDecodeError:
        return ()
    return tuple(text.rstrip(PADDING) for text in texts if text.rstrip(PADDING))


def validity(card: Card, today: date, *, is_known: bool = True) -> Reason | None:
    """Say why a card is not valid today; both its days belong to its time.

    Args:
        card: what was read.
        today: the day; the earliest that it can be, if `is_known` is false: then a card
            may have expired for sure, but cannot be called not yet valid.
        is_known: whether the clock can be believed.
    """
    if is_known and card.valid_from is not None and today < card.valid_from:
        return Reason.CARD_NOT_YET_VALID
    if card.valid_to is not None and today > card.valid_to:
        return Reason.CARD_EXPIRED
    return None


def _kind(text: bytes) -> CardKind | None:
    if len(text) != TEXT_SIZE:
        return None
    return KINDS.get(text[LAYOUT_MARK].decode("utf-16-le", errors="replace"))


class _Fields:
    """The text's fields by name; one that the layout lacks is empty."""

    def __init__(self, text: bytes, kind: CardKind) -> None:
        self._text = text
        self._layout = LAYOUTS[kind]

    def padded(self, name: str) -> str:
        offset, size = self._layout.get(name, (0, 0))
        try:
            return self._text[offset : offset + size].decode("utf-16-le")
        except UnicodeDecodeError as wrong:
            raise _FieldError(name) from wrong

    def plain(self, name: str) -> str:
        return self.padded(name).rstrip(PADDING)

    def required(self, name: str) -> str:
        value = self.plain(name)
        if not value:
            raise _FieldError(name)
        return value

    def full_name(self) -> str:
        """A long name goes on in a second field, wherever the first one is full."""
        name = (self.padded("name") + self.padded("name_rest")).rstrip(PADDING)
        if not name:
            raise _FieldError("name")
        return name

    def sex(self) -> Sex:
        sex = codes.SEXES.get(self.plain("sex"))
        if sex is None:
            raise _FieldError("sex")
        return sex

    def day(self, name: str) -> date:
        day = codes.parse_day(self.plain(name))
        if day is None:
            raise _FieldError(name)
        return day

    def ends_never(self) -> bool:
        return self.plain("valid_to") == LONG_TERM


def _decode(
    kind: CardKind, text: bytes, portrait_record: bytes, reader_id: str
) -> Card:
    fields = _Fields(text, kind)
    long_term = fields.ends_never()
    card = Card(
        kind=kind,
        number=fields.required("number").upper(),
        name=fields.full_name(),
        other_name=fields.plain("other_name"),
        sex=fields.sex(),
        birth=fields.day("birth"),
        valid_from=fields.day("valid_from"),
        valid_to=None if long_term else fields.day("valid_to"),
        long_term=long_term,
        issuer=fields.plain("issuer"),
        nationality=fields.plain("nationality"),
        checked=("sam_authenticated",),  # else the reader gives no record
        reader_id=reader_id,
        portrait_record=portrait_record,
        evidence_sha256=sha256(text + portrait_record).hexdigest(),
    )
    return replace(card, doubts=tuple(_doubts(card)))


def _doubts(card: Card) -> Iterator[CardDoubt]:
    if card.kind is CardKind.FOREIGNER_2017:
        yield from _foreigner_2017_doubts(card)
    else:
        yield from _citizen_doubts(card)
    if card.valid_from and card.valid_to and card.valid_from > card.valid_to:
        yield CardDoubt.VALIDITY_ORDER
    # Category Co: a character in private use, known to its issuer only.
    if any(category(char) == "Co" for char in card.name + card.other_name):
        yield CardDoubt.NAME_PRIVATE_USE


def _citizen_doubts(card: Card) -> Iterator[CardDoubt]:
    if not codes.citizen_number_holds(card.number):
        yield CardDoubt.CHECK_DIGIT
    if card.birth and codes.citizen_birth(card.number) != f"{card.birth:%Y%m%d}":
        yield CardDoubt.BIRTH
    stated = card.sex in (Sex.MALE, Sex.FEMALE)
    if stated and codes.citizen_sex(card.number) is not card.sex:
        yield CardDoubt.SEX


def _foreigner_2017_doubts(card: Card) -> Iterator[CardDoubt]:
    if not codes.foreigner_2017_number_holds(card.number):
        yield CardDoubt.CHECK_DIGIT
    if card.birth and codes.foreigner_2017_birth(card.number) != f"{card.birth:%y%m%d}":
        yield CardDoubt.BIRTH
