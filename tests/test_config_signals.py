"""[signals]: lines of a chip, each for one thing."""

from pathlib import Path

import pytest

from likeness import config
from likeness.errors import ConfigError

TERMINAL = '[terminal]\ndevice = "shop-7"\nenvironment = "test"\n'


def load(folder: Path, signals: str) -> config.Signals:
    path = folder / "terminal.toml"
    path.write_text(f"{TERMINAL}[signals]\n{signals}\n")
    return config.load(path).signals


def test_lines_are_given_by_their_numbers(tmp_path: Path) -> None:
    assert load(tmp_path, "") == config.Signals()
    given = load(tmp_path, 'chip = "/dev/gpiochip0"\nbusy_line = 17\nactive_low = true')
    assert (given.busy_line, given.ready_line, given.active_low) == (17, -1, True)


@pytest.mark.parametrize(
    ("signals", "says"),
    [
        ("busy_line = 17", "signals.chip is empty"),
        ('chip = "/dev/gpiochip0"', "no line"),
        (
            'chip = "/dev/gpiochip0"\nbusy_line = 4\nbeeper_line = 4',
            "names one line twice",
        ),
        ('chip = "/dev/gpiochip0"\nbusy_line = -2', "busy_line"),
        ('chip = "/dev/gpiochip0"\nrefused_line = 4', "refused_line"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, signals: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        load(tmp_path, signals)
