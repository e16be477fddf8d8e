"""Reads the catalogues of sentences: one JSON file for each language.

A catalogue is an object of texts, of plural forms ({"one": …, "other": …}) and of
groups of these. A file of the same name in the operator's own folder overlays it, text
by text. The consent is the group `consent`:

    {"consent": {"version": "2026-11", "text": ["One paragraph.", "Another."], …}, …}

Its digest is the SHA-256 (base64url, no padding) of the paragraphs, joined by an empty
line, as UTF-8; nothing else of the text is recorded. Leaves to others: which sentence
is shown (service/stage.py), and how (the page).
"""

import base64
import difflib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from likeness.core.scenery import ConsentText
from likeness.errors import ConfigError

SHIPPED = Path(__file__).parent.parent / "page" / "languages"
CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?")
MOST_BYTES = 256 << 10
BETWEEN_PARAGRAPHS = "\n\n"
PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})  # of CLDR

Texts = dict[str, Any]  # of texts and of groups of them, as JSON gives it


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: its sentences as the page gets them, and its consent text."""

    language: str
    json: bytes
    consent: ConsentText


def load(
    languages: Sequence[str], *, own: Path | None = None, shipped: Path = SHIPPED
) -> dict[str, Catalogue]:
    """Read the catalogues of these languages, in this order.

    Args:
        languages: codes such as "en" or "zh-Hans"; the first is the default.
        own: the operator's folder, which overlays texts or adds whole languages.
        shipped: the program's own folder.

    Raises:
        ConfigError: one is missing or wrong; it names the file and what to do.
    """
    if own is not None and not own.is_dir():
        raise ConfigError(f"screen.texts_dir: {own}: there is no such folder")
    first = next(iter(languages), None)
    if first is None:
        raise ConfigError("screen.languages is empty; give at least one, e.g. 'en'")
    catalogues: dict[str, Catalogue] = {}
    for language in languages:
        if language in catalogues:
            raise ConfigError(f"screen.languages names '{language}' twice")
        catalogues[language] = _load_one(language, own, shipped)
    if own is not None:
        _refuse_idle_files(own, languages)
    return catalogues


def overlaid(catalogue: Catalogue, texts: Texts, where: str) -> Catalogue:
    """Return a catalogue with other texts in the place of its own.

    Args:
        catalogue: a language's.
        texts: what stands over it; a consent's text and version too.
        where: the texts come from, for the message.

    Raises:
        ConfigError: a text is not of the kind that the catalogue's own is.
    """
    own = msgspec.json.decode(catalogue.json, type=Texts)
    whole = _overlaid(own, texts, where, "")
    consent = _consent(whole, where)
    return Catalogue(catalogue.language, msgspec.json.encode(whole), consent)


def _refuse_idle_files(own: Path, languages: Sequence[str]) -> None:
    """Refuse a file that nobody would read: its writer believes that it counts."""
    for file in sorted(own.glob("*.json")):
        if file.stem not in languages:
            raise ConfigError(
                f"{file}: screen.languages does not name '{file.stem}'; name it there,"
                " or name the file after one of its languages"
            )


def _load_one(language: str, own: Path | None, shipped: Path) -> Catalogue:
    if CODE.fullmatch(language) is None:
        raise ConfigError(
            f"screen.languages: '{language}' is no language code, as 'en' or 'zh-Hans'"
        )
    name = f"{language}.json"
    files = [folder / name for folder in (shipped, own) if folder is not None]
    texts: Texts = {}
    found = [file for file in files if file.is_file()]
    if not found:
        known = ", ".join(sorted(file.stem for file in shipped.glob("*.json")))
        raise ConfigError(
            f"screen.languages: there are no sentences in '{language}'; known: {known};"
            f" or put {name} into screen.texts_dir"
        )
    for file in found:
        over = _read(file)
        if texts:
            _refuse_unknown(over, texts, str(file), "")
        texts = _overlaid(texts, over, str(file), "")
    consent = _consent(texts, str(found[-1]))
    return Catalogue(language, msgspec.json.encode(texts), consent)


def _read(file: Path) -> Texts:
    try:
        with file.open("rb") as source:
            data = source.read(MOST_BYTES + 1)
    except OSError as problem:
        raise ConfigError(f"{file}: cannot be read: {problem.strerror}") from problem
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{file}: is larger than {MOST_BYTES >> 10} KiB")
    try:
        return msgspec.json.decode(data, type=Texts)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise ConfigError(f"{file}: no JSON object as it should be: {fault}") from fault


def _refuse_unknown(over: Texts, known: Texts, where: str, group: str) -> None:
    """Refuse a text that no page shows: a misspelt name would change nothing."""
    for key, value in over.items():
        if key not in known and not known.keys() <= PLURALS:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; the nearest name is '{group}{near[0]}'" if near else ""
            raise ConfigError(f"{where}: there is no text '{group}{key}'{hint}")
        if isinstance(value, dict) and isinstance(known.get(key), dict):
            _refuse_unknown(value, known[key], where, f"{group}{key}.")


def _overlaid(under: Texts, over: Texts, where: str, group: str) -> Texts:
    """Return `under` with the texts of `over`; a text stays a text, a group a group."""
    texts = dict(under)
    for key, value in over.items():
        name = f"{group}{key}"
        before = texts.get(key)
        if before is not None and type(before) is not type(value):
            raise ConfigError(
                f"{where}: '{name}' is not of the kind that the program's own is"
            )
        match value:
            case dict():
                texts[key] = _overlaid(before or {}, value, where, f"{name}.")
            case str():
                texts[key] = value
            case list() if all(isinstance(one, str) for one in value):
                texts[key] = value
            case _:
                raise ConfigError(
                    f"{where}: '{name}' is neither a text, a list of texts nor a group"
                )
    return texts


def _consent(texts: Texts, file: str) -> ConsentText:
    match texts.get("consent"):
        case {"version": str(version), "text": [str(), *_] as text} if version and all(
            isinstance(one, str) and one.strip() for one in text
        ):
            whole = BETWEEN_PARAGRAPHS.join(text).encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(whole).digest())
            return ConsentText(version, digest.decode().rstrip("="))
        case _:
            raise ConfigError(
                f"{file}: 'consent' needs 'version', a text, and 'text', a list of"
                " paragraphs"
            )
