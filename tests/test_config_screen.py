"""What [screen] asks of the rest of the configuration."""

from pathlib import Path

import pytest

from likeness import config
from likeness.errors import ConfigError
from terminals import changed, settings, to_toml

PAGE = {"screen.kind": '"page"'}


@pytest.fixture
def good(tmp_path: Path) -> str:
    return to_toml(settings(tmp_path, tmp_path / "clip.mp4"))


def load(folder: Path, text: str) -> config.Config:
    path = folder / "terminal.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"screen.consent_by": '"tap"'}, "screen.consent_by 'tap' needs screen.kind"),
        ({"screen.light": "true"}, "screen.light needs screen.kind 'page'"),
        ({"screen.texts_dir": '"/x"'}, "screen.texts_dir needs screen.kind 'page'"),
        (PAGE | {"screen.port": "18831", "mqtt.port": "18831"}, "both 18831"),
        (PAGE | {"screen.languages": "[]"}, "screen.languages is empty"),
        (PAGE | {"screen.languages": '["en", "en"]'}, "names one of them twice"),
        (PAGE | {"screen.purposes": '["new_number", "new_number"]'}, "twice"),
        (
            PAGE | {"screen.purposes": "[]", "screen.consent_by": '"tap"'},
            "screen.purposes is empty",
        ),
        (PAGE | {"screen.purposes": '["check_numbers"]'}, "carrier_answer_key"),
        (PAGE | {"screen.numbers_shown_s": "1000"}, "numbers_shown_s"),
        ({"screen.kind": '"window"'}, "screen.kind"),
        (PAGE | {"screen.port": "0"}, "screen.port"),
        ({"chip.kind": '"pcsc"', "chip.scanner": '"screen"'}, "on a 'page' only"),
    ],
)
def test_contradictions_are_refused(
    tmp_path: Path, good: str, changes: dict[str, str], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        load(tmp_path, changed(good, changes))


def test_a_page_with_typed_keys_is_right(tmp_path: Path, good: str) -> None:
    chip = {"chip.kind": '"pcsc"', "chip.scanner": '"screen"'}
    given = load(tmp_path, changed(good, PAGE | chip))
    assert (given.screen.kind, given.chip.scanner) == ("page", "screen")
