"""Wrong use of `carrier command` and `desire`: one line that says what to do."""

from pathlib import Path

import pytest

from broker import free_port
from likeness.__main__ import main
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys


@pytest.fixture
def config(tmp_path: Path) -> Path:
    keys = bench_keys.make(tmp_path / "keys", "shop-1", (Environment.TEST,))
    path = tmp_path / "carrier.toml"
    path.write_text(
        f'keys = "{keys.carrier}"\ndatabase = "{tmp_path / "carrier.db"}"\n'
        f'environment = "test"\nhost = "127.0.0.1"\nport = {free_port()}\n'
    )
    return path


def order(*words: object) -> int:
    return main(["carrier", *map(str, words)])


def test_without_a_broker_it_says_so(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert order("command", "announce", "--device", "shop-1", "--config", config) == 1
    assert "the broker is not there: 127.0.0.1:" in capsys.readouterr().err


def test_without_the_command_key_it_names_the_file(
    config: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "keys/carrier/command.key").unlink()
    assert order("command", "restart", "--device", "shop-1", "--config", config) == 78
    assert "command.key: this key cannot be read" in capsys.readouterr().err


def test_over_tls_who_orders_needs_a_certificate(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text() + 'ca_file = "ca.pem"\n')
    assert order("command", "restart", "--device", "shop-1", "--config", config) == 78
    said = capsys.readouterr().err
    assert "order_cert_file is empty: who orders needs a certificate" in said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('broker = "evil"', "unknown key 'broker'"),
        ("keep_days = 0", "keep_days: expected int >= 1"),
        ('log_level = "debug"', "log_level: invalid enum value 'debug'"),
        ('bundle = { number = 3, digest = "x" }', "bundle.digest: expected str match"),
    ],
)
def test_bad_values_never_leave_the_carrier(
    config: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    wanted = config.with_name("wanted.toml")
    wanted.write_text(text + "\n")
    far = ("--device", "shop-1", "--config", config, "--file", wanted)
    assert order("desire", *far) == 78
    assert why in capsys.readouterr().err


def test_bounds_of_options(config: Path) -> None:
    far = ("--device", "shop-1", "--config", config)
    for words in (("--for", "0"), ("--for", "3601")):
        assert order("command", "log-level", *far, "--level", "info", *words) == 2
    assert order("command", "log-level", *far, "--level", "error") == 2
    assert order("command", "restart", *far, "--expires", 86401) == 2
    assert order("command", "open-door", *far) == 2


def test_which_level_must_be_said(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = ("--device", "shop-1", "--config", config)
    assert order("command", "log-level", *far) == 2
    assert "Missing option '--level'" in capsys.readouterr().err
