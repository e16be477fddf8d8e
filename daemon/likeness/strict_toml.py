"""TOML into typed structs: an unknown key or a wrong type is one clear line.

A key that nobody reads is a typing error, so it stops the start and names the nearest
key that exists. Leaves to others: what the values mean.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from likeness.errors import ConfigError

# A key of so many parts; reading one takes the square of their number. Not a list of
# numbers: there are commas between those.
_ENDLESS_KEY = re.compile(r"(?:\.[^.,\n]+){64}")
ALIKE = 0.5  # below this a "nearest" key would only mislead

Settings = TypeVar("Settings", bound=msgspec.Struct)
Raw = dict[str, Any]  # TOML as it is read: any values


def load(
    path: Path, kind: type[Settings], fill: Callable[[Raw], Raw] | None = None
) -> Settings:
    """Read a TOML file into a struct.

    Args:
        path: the file.
        kind: the struct.
        fill: gives the file's tables other defaults than the struct has.

    Raises:
        ConfigError: the file is missing, is not TOML, or does not fit the struct.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {why}") from problem
    return decode(text, kind, str(path), fill)


def decode(
    text: str,
    kind: type[Settings],
    where: str,
    fill: Callable[[Raw], Raw] | None = None,
) -> Settings:
    """Turn TOML text into a struct; `where` names it in errors. See `load`."""
    if _ENDLESS_KEY.search(text):
        raise ConfigError(f"{where}: not valid TOML: nested too deeply")
    try:
        raw = tomllib.loads(text)
        _refuse_null_characters(raw, where)  # goes as deep as the text does
    except RecursionError as problem:
        raise ConfigError(f"{where}: not valid TOML: nested too deeply") from problem
    except ValueError as problem:  # also a whole number of thousands of digits
        raise ConfigError(f"{where}: not valid TOML: {problem}") from problem
    _refuse_unknown_keys(raw, kind, where, "")
    try:
        return msgspec.convert(fill(raw) if fill else raw, kind, strict=True)
    except msgspec.ValidationError as problem:
        raise ConfigError(f"{where}: {_plain(str(problem), kind)}") from problem


def _refuse_unknown_keys(
    raw: Mapping[str, Any], kind: type[msgspec.Struct], where: str, prefix: str
) -> None:
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in raw.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=ALIKE)
            hint = (
                f"the nearest known key is '{near[0]}'"
                if near
                else f"known here: {', '.join(known)}"
            )
            raise ConfigError(f"{where}: unknown key '{prefix}{key}'; {hint}")
        inner = _struct_in(known[key].type)
        if inner is not None and isinstance(value, dict):
            _refuse_unknown_keys(value, inner, where, f"{prefix}{key}.")


def _refuse_null_characters(value: object, where: str) -> None:
    """No path and no name may hold one, and each system call would say so its way."""
    if isinstance(value, str) and "\0" in value:
        raise ConfigError(f"{where}: a text holds a null character")
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            _refuse_null_characters(one, where)


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
    return None


def _plain(message: str, kind: type[msgspec.Struct]) -> str:
    """`Expected `int`, got `str` - at `$.a.b`` → `a.b: expected int, got str`."""
    what, _, at = message.replace("`", "").partition(" - at $.")
    missing = what.removeprefix("Object missing required field ")
    if missing != what:
        return f"the key '{f'{at}.' if at else ''}{missing}' is missing"
    what = what[:1].lower() + what[1:]
    if what.startswith("invalid enum value"):
        what += f"; allowed: {', '.join(_allowed(at, kind))}"
    return f"{at}: {what}" if at else what


def _allowed(at: str, kind: type[msgspec.Struct]) -> list[str]:
    """List the values that may stand at a place such as `card.kind` or `acts[0]`."""
    here: Any = kind
    for name in at.split("."):
        fields = msgspec.structs.fields(_struct_in(here) or kind)
        types = {field.encode_name: field.type for field in fields}
        here = types.get(name.partition("[")[0])
    return ['"" (none)' if value == "" else str(value) for value in _values(here)]


def _values(kind: Any) -> list[object]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [member.value for member in kind]
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [value for inner in get_args(kind) for value in _values(inner)]
