"""What somebody is told and asked before being recorded, in each language.

A text of its own, and no line of the visit's: by whom, what for, how long it is kept,
that no is an answer. It stands over the page's own sentences while a recording runs.
The operator's folder may hold `record/LANGUAGE.json`, with the same names, over ours.
Leaves to others: showing it (the page, commands/record.py), what follows from it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from likeness import config, front
from likeness.edges import sentences
from likeness.edges.sentences import Catalogue
from likeness.errors import ConfigError

SHIPPED = Path(__file__).parent / "languages"
OWN = "record"  # below screen.texts_dir


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language, as its file says it."""

    version: str
    title: str
    short: str
    read: str
    label: str
    text: tuple[str, ...]  # {by}, {purpose} and {days} are filled in
    card: str  # one more paragraph where the card is read too
    purposes: dict[str, str]
    answer: str  # what is typed where there is no page
    ask: str
    say: dict[str, str]
    offer: dict[str, str]
    page: dict[str, str]


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked in all languages; the first is the terminal's own."""

    version: str
    words: dict[str, Words]  # as they are filled in
    catalogues: dict[str, Catalogue]

    @property
    def language(self) -> str:
        """The language that is spoken where none can be chosen."""
        return next(iter(self.words))


def load(settings: config.Config, *, with_card: bool) -> Asking:
    """Read and fill in the words, over the terminal's own sentences.

    Raises:
        ConfigError: a language is missing or wrong, or their versions differ.
    """
    given = settings.screen
    own = Path(given.texts_dir) if given.texts_dir else None
    plain = front.catalogues_of(settings)
    words = {
        code: _filled(_read(code, own), settings.record, with_card=with_card)
        for code in plain
    }
    versions = {one.version for one in words.values()}
    if len(versions) != 1:
        raise ConfigError(
            "the texts for recordings have different versions in different languages:"
            f" {', '.join(sorted(versions))}; make them one"
        )
    catalogues = {
        code: sentences.overlaid(one, _over(words[code]), f"{OWN}/{code}.json")
        for code, one in plain.items()
    }
    return Asking(versions.pop(), words, catalogues)


def _read(code: str, own: Path | None) -> Words:
    name = f"{code}.json"
    files = [SHIPPED / name, *([own / OWN / name] if own else [])]
    found = [file for file in files if file.is_file()]
    if not found:
        raise ConfigError(
            f"screen.languages: nobody can be asked in '{code}' to be recorded; put"
            f" {name} into the folder '{OWN}' of screen.texts_dir, or leave it out"
        )
    whole: dict[str, Any] = {}
    try:
        for file in found:
            for key, value in msgspec.json.decode(file.read_bytes(), type=dict).items():
                both = isinstance(value, dict) and isinstance(whole.get(key), dict)
                whole[key] = {**whole[key], **value} if both else value
        return msgspec.convert(whole, Words)
    except OSError as problem:
        raise ConfigError(
            f"{found[-1]}: cannot be read: {problem.strerror}"
        ) from problem
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise ConfigError(f"{found[-1]}: not as it should be: {fault}") from fault


def _filled(words: Words, record: config.Record, *, with_card: bool) -> Words:
    purpose = words.purposes.get(record.purpose)
    if not purpose:
        raise ConfigError(f"record.purpose: no text says what '{record.purpose}' means")
    facts = {"{by}": record.by, "{purpose}": purpose, "{days}": str(record.keep_days)}

    def fill(text: str) -> str:
        for name, fact in facts.items():
            text = text.replace(name, fact)
        return text

    paragraphs = [
        *words.text[:2],
        *([words.card] if with_card else []),
        *words.text[2:],
    ]
    return msgspec.structs.replace(
        words,
        title=fill(words.title),
        short=fill(words.short),
        text=tuple(map(fill, paragraphs)),
        ask=words.ask.replace("{answer}", words.answer),
    )


def _over(words: Words) -> dict[str, Any]:
    """Return what stands over the page's own sentences."""
    return {
        "consent": {
            "version": words.version,
            "title": words.title,
            "short": words.short,
            "read": words.read,
            "label": words.label,
            "text": list(words.text),
        },
        "say": words.say,
        "offer": words.offer,
        "page": words.page,
    }
