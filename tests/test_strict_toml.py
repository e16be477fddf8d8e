"""One line that says what is wrong, where, and what would be right."""

from enum import StrEnum
from typing import Literal

import msgspec
import pytest

from likeness import strict_toml
from likeness.errors import ConfigError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    size: Literal[1, 2] = 1
    colour: Colour = Colour.RED
    colours: tuple[Colour, ...] | None = None


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the key 'name' is missing"),
        ("name = 'x'\n[inner]\nsize = 3", "invalid enum value 3; allowed: 1, 2"),
        ("name = 'x'\ninner.colour = 'green'", "'green'; allowed: red, blue"),
        ("name = 'x'\ninner.colours = ['red', 'green']", "allowed: red, blue"),
        ("nam = 'x'", "unknown key 'nam'; the nearest known key is 'name'"),
        ("zzzzzz = 'x'", "unknown key 'zzzzzz'; known here: name, inner"),
        ("name = 'x'\ninner.sise = 1", "unknown key 'inner.sise'; the nearest"),
        ("name = 3", "name: expected str, got int"),
    ],
)  # fmt: skip
def test_each_fault_names_its_place_and_what_would_do(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        strict_toml.decode(text, Outer, "file.toml")
    assert str(wrong.value).startswith("file.toml: ") and says in str(wrong.value)


@pytest.mark.parametrize("text", ["a." * 100_000 + "a = 1", "a = " + "[" * 3000])
def test_a_text_nested_without_end(text: str) -> None:
    # Keys with dots are read without recursion, gone through with it, and take the
    # square of their length.
    with pytest.raises(ConfigError, match="nested too deeply"):
        strict_toml.decode(text, Outer, "f")


def test_a_line_of_many_numbers_is_no_nest() -> None:
    text = f"name = '{'a.b ' * 60}'\nnumbers = [{'0.5, ' * 500}]"
    with pytest.raises(ConfigError, match="unknown key 'numbers'"):
        strict_toml.decode(text, Outer, "f")


def test_a_good_text() -> None:
    read = strict_toml.decode("name = 'x'\ninner.colour = 'blue'", Outer, "f")
    assert read == Outer("x", Inner(colour=Colour.BLUE))
