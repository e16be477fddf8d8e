"""What a start makes of a desired configuration that lies on the disk."""

from pathlib import Path

import msgspec
import pytest

from likeness import config, desired_in_force
from likeness.core import messages, orders
from likeness.core.desired import Ledger
from likeness.core.vocabulary import Environment
from likeness.desired_in_force import InForce
from likeness.edges import bench_keys
from likeness.edges.bench_keys import BenchKeys
from likeness.edges.desired_file import BROKEN, NAME, DesiredFile
from likeness.errors import ConfigError
from likeness.parts import policy_of
from signed_orders import desired_claims, signed
from terminals import DEVICE, settings


class Terminal:
    """A terminal's settings, its file, and the carrier's key."""

    def __init__(self, folder: Path) -> None:
        self.keys: BenchKeys = bench_keys.make(
            folder / "keys", DEVICE, (Environment.TEST,)
        )
        given = settings(folder, folder / "clip", self.keys)
        command_key = str(self.keys.public("command"))
        self.settings = msgspec.structs.replace(
            given,
            keys=msgspec.structs.replace(given.keys, carrier_command_key=command_key),
        )
        self.state = Path(given.terminal.state_dir)
        self.state.mkdir()
        self.file = DesiredFile(self.state)

    def token(self, version: int, **values: object) -> str:
        claims = desired_claims(DEVICE, version, values)
        key = self.keys.private("command")
        return signed(key, claims, messages.DESIRED).decode()

    def begin(self) -> InForce:
        return desired_in_force.begin(self.settings, policy_of)


@pytest.fixture
def here(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_desired_values_stand_over_those_of_the_file(here: Terminal) -> None:
    every = {
        "telemetry_every_s": 60,
        "log_level": "warning",
        "profile": "strict",
        "keep_days": 9,
        "keep_mib": 5,
    }
    here.file.keep(Ledger(current=here.token(7, **every), newest=7))
    begun = here.begin()
    used = begun.settings
    assert used.mqtt.telemetry_every_s == 60.0
    assert used.terminal.profile == "strict"
    assert (used.store.keep_days, used.store.keep_mib) == (9, 5)
    assert begun.log_level == "warning"
    assert begun.base == here.settings
    assert begun.standing.wish is not None
    assert begun.standing.wish.version == 7


def test_nothing_else_can_be_changed(here: Terminal) -> None:
    """Each override has its place; what a file alone says is as the file says."""
    here.file.keep(Ledger(current=here.token(7, keep_days=9), newest=7))
    used = msgspec.to_builtins(here.begin().settings)
    base = msgspec.to_builtins(here.settings)
    assert used.pop("store") == {**base.pop("store"), "keep_days": 9}
    assert used == base
    assert set(orders.Overrides.__struct_fields__) == {
        "telemetry_every_s",
        "log_level",
        "profile",
        "keep_days",
        "keep_mib",
        "bundle",
    }


def test_what_visitors_agree_to_is_as_the_file_says(here: Terminal) -> None:
    """Who reads the consent text must find that purpose in the result, and no other."""
    here.file.keep(Ledger(current=here.token(7, purpose="replace_sim"), newest=7))
    begun = here.begin()
    assert begun.settings == here.settings
    assert begun.standing.refused is not None
    assert begun.standing.refused.why.startswith("malformed")


def test_without_a_command_key_the_file_on_the_disk_means_nothing(
    here: Terminal,
) -> None:
    here.file.keep(Ledger(current=here.token(7, keep_days=9), newest=7))
    keys = msgspec.structs.replace(here.settings.keys, carrier_command_key="")
    given = msgspec.structs.replace(here.settings, keys=keys)
    begun = desired_in_force.begin(given, policy_of)
    assert begun.orders is None
    assert begun.settings == given


def test_one_that_was_tampered_with_is_given_back(here: Terminal) -> None:
    good, bad = here.token(6, keep_days=6), here.token(7, keep_days=7)
    head, payload, signature = bad.split(".")
    forged = f"{head}.{payload[:-4]}AAAA.{signature}"
    here.file.keep(Ledger(current=forged, previous=good, newest=7, on_trial=True))
    begun = here.begin()
    assert begun.settings.store.keep_days == 6
    assert here.file.read() == Ledger(current=good, newest=7, returned=forged)
    assert begun.standing.refused is not None
    assert begun.standing.refused.why == "the signature is bad"


def test_one_of_another_carrier_is_given_back(here: Terminal, tmp_path: Path) -> None:
    other = bench_keys.make(tmp_path / "other", DEVICE, (Environment.TEST,))
    claims = desired_claims(DEVICE, 7, {"keep_days": 7})
    token = signed(other.private("command"), claims, messages.DESIRED).decode()
    here.file.keep(Ledger(current=token, newest=7))
    assert here.begin().settings == here.settings


def test_values_that_do_not_fit_any_more_are_given_back(here: Terminal) -> None:
    """E.g. after a newer program, or another environment in the file."""
    here.file.keep(Ledger(current=here.token(7, profile="demo"), newest=7))
    assert here.begin().settings.terminal.profile == "demo"
    production = msgspec.structs.replace(
        here.settings,
        terminal=msgspec.structs.replace(
            here.settings.terminal,
            environment=Environment.PRODUCTION,
            profile="standard",
        ),
    )
    begun = desired_in_force.begin(production, policy_of)
    assert begun.settings == production
    assert begun.standing.refused is not None
    assert "'demo' is for test, bench only" in begun.standing.refused.why
    assert here.file.read().current == ""


def test_one_that_never_lives_goes_after_three_starts(here: Terminal) -> None:
    good, bad = here.token(6, keep_days=6), here.token(7, keep_days=7)
    here.file.keep(Ledger(current=bad, previous=good, newest=7, on_trial=True))
    for _ in range(3):
        assert here.begin().settings.store.keep_days == 7
    begun = here.begin()
    assert begun.settings.store.keep_days == 6
    assert begun.standing.refused is not None
    assert (begun.standing.refused.version, begun.standing.refused.why) == (
        7,
        "did_not_live",
    )


def test_a_file_that_cannot_be_read_is_set_aside(here: Terminal) -> None:
    (here.state / NAME).write_bytes(b"\0 a bad card")
    assert here.begin().settings == here.settings
    assert (here.state / BROKEN).read_bytes() == b"\0 a bad card"
    assert not (here.state / NAME).exists()


def test_a_command_key_that_is_not_there_stops_the_start(here: Terminal) -> None:
    here.keys.public("command").unlink()
    with pytest.raises(ConfigError, match=r"carrier-command\.jwk: .* cannot be read"):
        here.begin()


def test_the_start_is_counted_in_a_folder_that_is_not_there_yet(
    tmp_path: Path,
) -> None:
    here = Terminal(tmp_path)
    here.state.rmdir()
    assert here.begin().settings == here.settings
    assert not here.state.exists()
    assert isinstance(here.settings, config.Config)
