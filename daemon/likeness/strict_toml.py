"""TOML into typed structs: an unknown key or a wrong type is one clear line.

A key that nobody reads is a typing error, so it stops the start and names the nearest
key that exists. Leaves to others: what the values mean.
"""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from likeness.errors import ConfigError

Settings = TypeVar("Settings", bound=msgspec.Struct)


def load(path: Path, kind: type[Settings]) -> Settings:
    """Read a TOML file into a struct.

    Raises:
        ConfigError: the file is missing, is not TOML, or does not fit the struct.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {why}") from problem
    return decode(text, kind, str(path))


def decode(text: str, kind: type[Settings], where: str) -> Settings:
    """Turn TOML text into a struct; `where` names it in errors."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError(f"{where}: not valid TOML: {problem}") from problem
    _refuse_unknown_keys(raw, kind, where, "")
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as problem:
        raise ConfigError(f"{where}: {_plain(str(problem))}") from problem


def _refuse_unknown_keys(
    raw: Mapping[str, Any], kind: type[msgspec.Struct], where: str, prefix: str
) -> None:
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in raw.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            hint = f"; the nearest known key is '{near[0]}'" if near else ""
            raise ConfigError(f"{where}: unknown key '{prefix}{key}'{hint}")
        inner = _struct_in(known[key].type)
        if inner is not None and isinstance(value, dict):
            _refuse_unknown_keys(value, inner, where, f"{prefix}{key}.")


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
    return None


def _plain(message: str) -> str:
    """`Expected `int`, got `str` - at `$.a.b`` → `a.b: expected int, got str`."""
    what, _, at = message.replace("`", "").partition(" - at $.")
    what = what[:1].lower() + what[1:]
    return f"{at}: {what}" if at else what
