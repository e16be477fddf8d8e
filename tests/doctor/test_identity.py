from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from likeness import config, provisioning
from likeness.core.vocabulary import Environment
from likeness.doctor import identity
from likeness.doctor.finding import Finding, State
from likeness.edges.key_ring import KeyRing
from likeness.simulators.authority import Kind
from provisions import NOW, Site, site
from softhsm import Token, make_token


@pytest.fixture
def good(tmp_path: Path) -> Site:
    ready = site(tmp_path)
    provisioning.make(ready.settings, ready.out)
    ready.install(ready.answer())
    return ready


def fails(found: Finding, says: str) -> bool:
    return found.state is State.FAIL and says in found.said and bool(found.todo)


def test_a_terminal_as_it_was_provisioned(good: Site) -> None:
    assert identity.keys(good.settings).state is State.OK
    assert identity.certificate(good.settings, NOW).state is State.OK


def test_keys_that_are_missing_or_open_to_everybody(good: Site) -> None:
    key = Path(good.settings.keys.device_key)
    key.chmod(0o644)
    assert fails(identity.keys(good.settings), "everybody can reach")
    key.unlink()
    assert fails(identity.keys(good.settings), "cannot be read")


def test_a_carriers_key_that_is_missing(good: Site) -> None:
    Path(good.settings.keys.carrier_visit_key).unlink()
    assert fails(identity.keys(good.settings), "carrier-visit.jwk")


@pytest.mark.parametrize(
    ("environment", "state"),
    [(Environment.PRODUCTION, State.FAIL), (Environment.TEST, State.WARN)],
)
def test_one_key_for_results_and_tls(
    good: Site, environment: Environment, state: State
) -> None:
    """A copy under another name is the same key, too."""
    settings, key = good.settings, Path(good.settings.keys.device_key)
    key.unlink()
    key.touch(mode=0o600)
    key.write_bytes(Path(settings.mqtt.key_file).read_bytes())
    terminal = msgspec.structs.replace(settings.terminal, environment=environment)
    found = identity.keys(msgspec.structs.replace(settings, terminal=terminal))
    assert (found.state, "is the TLS key as well" in found.said) == (state, True)


def test_a_key_that_waits_for_its_turn_is_said(good: Site) -> None:
    state_dir = Path(good.settings.terminal.state_dir)
    KeyRing(state_dir, good.settings.keys.device_key).prepare()
    found = identity.keys(good.settings)
    assert (found.state, "prepared" in found.said) == (State.WARN, True)


@pytest.fixture
def token(tmp_path: Path) -> Iterator[Token]:
    yield make_token(tmp_path)


@pytest.mark.softhsm
def test_a_token_that_is_not_there(tmp_path: Path, token: Token) -> None:
    gone = site(tmp_path, device_key=token.uri(**{"token": "gone"}))
    assert fails(identity.keys(gone.settings), "no such token is here")


def test_a_certificate_that_ends(good: Site) -> None:
    good.install(good.answer(end=NOW + timedelta(days=10)))
    found = identity.certificate(good.settings, NOW)
    assert (found.state, "10 days" in found.said) == (State.WARN, True)
    late = NOW + timedelta(days=11)
    assert fails(identity.certificate(good.settings, late), "ended on")
    early = NOW.replace(year=1970)
    assert fails(identity.certificate(good.settings, early), "begins only on")


def test_a_certificate_of_another_key_or_name(good: Site) -> None:
    path = Path(good.settings.mqtt.cert_file)
    for name, says in (("shop-7", "is not the key of"), ("shop-8", "is made out to")):
        path.write_bytes(good.authority.make(name, Kind.DEVICE).cert.read_bytes())
        assert fails(identity.certificate(good.settings, NOW), says)
    path.unlink()
    assert fails(identity.certificate(good.settings, NOW), "cannot be read")


def test_without_tls_it_says_so(good: Site) -> None:
    bare = msgspec.structs.replace(good.settings, mqtt=config.Mqtt())
    found = identity.certificate(bare, NOW)
    assert (found.state, found.said) == (State.WARN, "no TLS")
