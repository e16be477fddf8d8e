"""The desk's token file: what is a token, whose it is, and who may read it."""

import stat
from pathlib import Path

import pytest

from likeness.edges import desk_token
from likeness.errors import ConfigError


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "token"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "text", ["", "\n\n", "too-short", "a " * 40, "a b " + "c" * 40, "ä" * 40, "x!" * 20]
)
def test_what_is_no_token_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="likeness desk token") as refused:
        desk_token.read(written(tmp_path, text))
    assert "too-short" not in str(refused.value)


def test_a_token_that_everybody_can_read_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        desk_token.read(written(tmp_path, "t" * 40, 0o644))
    with pytest.raises(ConfigError, match="cannot be read"):
        desk_token.read(tmp_path / "none")


def test_new_tokens_take_the_place_of_their_holders_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "token"
    desk_token.put_new(path, "a-1")
    desk_token.put_new(path, "a-2")
    first, second = path.read_text().splitlines()
    desk_token.put_new(path, "a-1")
    lines = path.read_text().splitlines()
    assert second in lines and first not in lines and len(lines) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {one.attendant for one in desk_token.read(path)} == {"a-1", "a-2"}


def test_a_token_names_its_holder_until_the_file_is_another(tmp_path: Path) -> None:
    now = [0.0]
    path = written(tmp_path, f"a-1 {'t' * 40}\n{'u' * 40}\n")
    tokens = desk_token.TokenFile(path, lambda: now[0])
    holder = tokens.holder("t" * 40)
    assert holder is not None and holder.attendant == "a-1"
    other = tokens.holder("u" * 40)
    assert other is not None and other.attendant == "" and tokens.names_attendants
    assert tokens.holder("") is None and tokens.holder("t" * 39) is None
    assert "ttt" not in repr(holder)
    path.write_text("u" * 40)
    now[0] = 2.0
    assert not tokens.is_good(holder) and tokens.is_good(other)
    assert not tokens.names_attendants
    path.write_text("rubbish")
    now[0] = 4.0
    assert tokens.holder("u" * 40) is None
