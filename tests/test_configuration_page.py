"""CONFIGURATION.md names every key of both files, each with its default."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from likeness.carrier.settings import Settings
from likeness.config import Config, Terminal

PAGE = Path(__file__).parent.parent / "daemon" / "CONFIGURATION.md"


def blocks() -> list[dict[str, Any]]:
    return [
        tomllib.loads(text)
        for text in re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(), re.S | re.M)
    ]


def as_toml(settings: msgspec.Struct) -> dict[str, Any]:
    """Every key with its value, in order; TOML has lists where we have tuples."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))
    return plain


def test_each_key_of_both_files_stands_there_with_its_default() -> None:
    terminal, carrier = blocks()
    assert terminal == as_toml(Config(terminal=Terminal(device="shop-1")))
    given = {name: carrier[name] for name in ("keys", "database")}
    assert carrier == as_toml(Settings(**given))


def test_they_stand_in_the_order_of_the_program() -> None:
    terminal, carrier = blocks()
    for page, program in ((terminal, Config), (carrier, Settings)):
        assert list(page) == [field.name for field in msgspec.structs.fields(program)]
