"""Wrong use of `carrier rollout`, `carrier devices`: one line that says what to do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from broker import free_port
from likeness.__main__ import main
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys

GOOD = """\
name = "spring"
where = ["region=south"]
[desired]
telemetry_every_s = 60
[stop.refusals]
results = 0
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for device, labels in (
        ("shop-1", {"region": "south", "ring": "canary"}),
        ("shop-2", {"region": "south"}),
        ("shop-3", {}),
    ):
        keys = bench_keys.make(tmp_path / "keys", device, (Environment.TEST,))
        path = keys.devices / f"{device}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "labels": labels}))
    path = tmp_path / "carrier.toml"
    path.write_text(
        f'keys = "{keys.carrier}"\ndatabase = "{tmp_path / "carrier.db"}"\n'
        f'environment = "test"\nhost = "127.0.0.1"\nport = {free_port()}\n'
    )
    return path


@pytest.fixture
def says(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    def run(*words: object) -> tuple[int, str]:
        code = main(["carrier", *map(str, words), "--config", str(config)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


Says = Callable[..., tuple[int, str]]


def test_devices_are_listed_with_their_labels(says: Says) -> None:
    everyone = "shop-1  region=south ring=canary\nshop-2  region=south\nshop-3\n"
    assert says("devices") == (0, f"{everyone}3 of 3 devices\n")
    chosen = says("devices", "--where", "region=south", "--where", "ring!=canary")
    assert chosen == (0, "shop-2  region=south\n1 of 3 devices\n")
    assert says("devices", "--device", "shop-3")[1].startswith("shop-3\n1 of")
    code, said = says("devices", "--where", "ring=canary", "--json")
    assert json.loads(said) == [
        {"device": "shop-1", "labels": {"region": "south", "ring": "canary"}}
    ]
    assert code == 0
    assert says("devices", "--where", "region=north") == (1, "0 of 3 devices\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            ("--where", "rnig=canary"),
            "no device has the label 'rnig'; known: region, ring",
        ),
        (
            ("--where", "region>south"),
            "'region>south' chooses nothing: write label=value",
        ),
        (("--device", "shop-9"), "'shop-9': no such device among our device files"),
    ],
)
def test_a_choice_that_cannot_be_meant(
    says: Says, words: tuple[str, ...], why: str
) -> None:
    code, said = says("devices", *words)
    assert code == 2
    assert said.startswith("likeness: ")
    assert why in said


@pytest.mark.parametrize("labels", [{"Region": "south"}, {"a": "b c"}, {"a": 1}, "x"])
def test_a_label_of_another_form_makes_the_device_unknown(
    says: Says, config: Path, labels: object
) -> None:
    path = config.parent / "keys/carrier/devices/shop-3.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "labels": labels}))
    assert says("devices")[1].endswith("2 of 2 devices\n")


@pytest.mark.parametrize("what", ["run", "pause", "resume", "back", "status"])
def test_a_rollout_that_is_not_there(says: Says, what: str) -> None:
    code, said = says("rollout", what, "autumn")
    assert code == 2
    assert said == "likeness: there is no rollout 'autumn'; known: none\n"


def test_no_rollout_at_all(says: Says) -> None:
    assert says("rollout", "status") == (0, "no rollout\n")
    assert says("rollout", "status", "--json") == (0, "[]\n")


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        (GOOD.replace("region=south", "rigeon=south"), 2, "no device has the label"),
        (GOOD + "[stop.more]\nx = 1\n", 78, "unknown key 'stop.more'"),
        (GOOD.replace("telemetry", "telemtry"), 78, "nearest known key is 'telemetry"),
        (GOOD.replace('where = ["region=south"]\n', ""), 78, "say which terminals"),
        ("", 78, "the key 'name' is missing"),
    ],
)
def test_a_file_that_does_not_fit(
    says: Says, tmp_path: Path, text: str, code: int, why: str
) -> None:
    file = tmp_path / "spring.toml"
    file.write_text(text)
    for command in ("check", "start"):
        answer, said = says("rollout", command, file)
        assert answer == code
        assert why in said
        assert said.count("\n") == 1


def test_without_a_broker_nothing_begins(says: Says, tmp_path: Path) -> None:
    file = tmp_path / "spring.toml"
    file.write_text(GOOD)
    code, said = says("rollout", "start", file)
    assert (code, "the broker is not there: 127.0.0.1:" in said) == (1, True)
    assert says("rollout", "status") == (0, "no rollout\n")


def test_without_the_command_key_it_names_the_file(says: Says, tmp_path: Path) -> None:
    (tmp_path / "keys/carrier/command.key").unlink()
    code, said = says("rollout", "status")
    assert code == 78
    assert "command.key: this key cannot be read" in said


def test_over_tls_who_rolls_out_needs_a_certificate(
    says: Says, config: Path, tmp_path: Path
) -> None:
    config.write_text(config.read_text() + 'ca_file = "ca.pem"\n')
    file = tmp_path / "spring.toml"
    file.write_text(GOOD)
    code, said = says("rollout", "check", file)
    assert code == 78
    assert "rollout_cert_file is empty: rollouts need a certificate" in said
