"""Two steps make a terminal; whatever does not fit is one line, and writes nothing."""

import json
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pkcs11
import pytest

from likeness import config, provisioning
from likeness.carrier.trust import Trust
from likeness.core.vocabulary import Environment
from likeness.edges import certificates, key_files, signers
from likeness.errors import ConfigError, UsageError
from likeness.simulators.authority import BEGIN, Authority, Kind
from provisions import DEVICE, NOW, Site, site
from softhsm import Token, make_token


@pytest.fixture
def made(tmp_path: Path) -> Site:
    ready = site(tmp_path)
    provisioning.make(ready.settings, ready.out)
    return ready


def installed(given: Site) -> list[Path]:
    mqtt, keys = given.settings.mqtt, given.settings.keys
    places = (mqtt.ca_file, mqtt.cert_file, keys.carrier_receipt_key)
    return [Path(place) for place in places if Path(place).exists()]


def test_the_whole_way(made: Site) -> None:
    written = made.install(made.answer())
    assert len(written) == 6
    for path in Path(made.settings.mqtt.key_file).parent.iterdir():
        secret = path.suffix == ".key"
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if secret else 0o644)
    pki = Path(made.settings.mqtt.key_file).parent
    assert len(list(pki.iterdir())) == 8  # no draft is left behind
    device, tls = (
        key_files.public_jwk(key_files.load_private(pki / name).public_key())
        for name in ("device.key", "tls.key")
    )
    assert device != tls


def test_the_carrier_takes_the_devices_file_as_it_is(
    made: Site, tmp_path: Path
) -> None:
    devices = tmp_path / "devices"
    devices.mkdir()
    (made.out / f"{DEVICE}.json").rename(devices / f"{DEVICE}.json")
    trust = Trust(devices)
    kid = signers.open_signer(made.settings.keys.device_key).kid
    assert trust.key(DEVICE, kid) is not None
    assert trust.allows(DEVICE, Environment.TEST)
    assert not trust.allows(DEVICE, Environment.PRODUCTION)


def test_what_goes_to_the_carrier_holds_no_secret(made: Site) -> None:
    for path in made.out.iterdir():
        assert b"PRIVATE" not in path.read_bytes()
        assert '"d"' not in path.read_text()


def test_no_key_is_overwritten(made: Site) -> None:
    keys = (made.settings.keys.device_key, made.settings.mqtt.key_file)
    before = [Path(path).read_bytes() for path in keys]
    with pytest.raises(UsageError, match="no key is ever overwritten"):
        provisioning.make(made.settings, made.out)
    # Interrupted before its last file: what was made stays, what is missing is made.
    (made.out / f"{DEVICE}.json").unlink()
    again = provisioning.make(made.settings, made.out)
    assert len(again.kept) == 2
    assert [Path(path).read_bytes() for path in keys] == before


def test_a_key_that_is_there_and_broken_is_not_replaced(tmp_path: Path) -> None:
    ready = site(tmp_path)
    path = Path(ready.settings.keys.device_key)
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text("half a key")
    with pytest.raises(ConfigError, match="a key is here already"):
        provisioning.make(ready.settings, ready.out)
    assert path.read_text() == "half a key"


def test_one_key_for_both_is_refused(tmp_path: Path) -> None:
    ready = site(tmp_path)
    one = ready.settings.mqtt.key_file
    ready.settings = msgspec.structs.replace(
        ready.settings,
        keys=msgspec.structs.replace(ready.settings.keys, device_key=one),
    )
    with pytest.raises(ConfigError, match="are one key"):
        provisioning.make(ready.settings, ready.out)


def for_another_key(given: Site) -> tuple[Path, Path | None]:
    return given.authority.make(DEVICE, Kind.DEVICE).cert, None


def for_another_name(given: Site) -> tuple[Path, Path | None]:
    key = key_files.load_private(Path(given.settings.mqtt.key_file))
    (given.out / f"{DEVICE}.csr").write_bytes(certificates.request(key, "shop-8"))
    return given.answer(), None


def of_another_ca(given: Site) -> tuple[Path, Path | None]:
    stranger = Authority(given.out / "stranger")
    return given.answer(), stranger.ca(Kind.DEVICE)


def of_a_ca_of_the_same_name(given: Site) -> tuple[Path, Path | None]:
    stranger = Authority(given.out / "stranger")
    mine, given.authority = given.authority, stranger
    answer = given.answer()
    given.authority = mine
    return answer, None


def expired(given: Site) -> tuple[Path, Path | None]:
    return given.answer(end=NOW - timedelta(days=1)), None


def not_begun(given: Site) -> tuple[Path, Path | None]:
    return given.answer(begin=NOW + timedelta(days=1)), None


def not_for_a_client(given: Site) -> tuple[Path, Path | None]:
    request = (given.out / f"{DEVICE}.csr").read_bytes()
    path = given.out / "answer.pem"
    path.write_bytes(given.authority.issue(request, Kind.SERVER))
    return path, given.authority.ca(Kind.SERVER)


def no_certificate(given: Site) -> tuple[Path, Path | None]:
    return given.out / f"{DEVICE}.csr", None


def no_file(given: Site) -> tuple[Path, Path | None]:
    return given.out / "nothing.pem", None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (for_another_key, "is for another key"),
        (for_another_name, "made out to shop-8, not to 'shop-7'"),
        (of_another_ca, "not issued by the CA"),
        (of_a_ca_of_the_same_name, "not issued by the CA"),
        (expired, "of shop-7 ended on 2026-10-31"),
        (not_begun, "begins only on 2026-11-02"),
        (not_for_a_client, "not for a client"),
        (no_certificate, "holds no PEM certificate"),
        (no_file, "cannot be read: No such file"),
    ],
)
def test_a_wrong_certificate_is_one_clear_line_and_nothing_is_written(
    made: Site, wrong: Callable[[Site], tuple[Path, Path | None]], says: str
) -> None:
    cert, issuer = wrong(made)
    with pytest.raises(ConfigError, match=says) as caught:
        made.install(cert, issuer=issuer)
    assert "\n" not in str(caught.value)
    assert installed(made) == []


def test_the_root_may_be_told_instead_of_the_issuing_ca(made: Site) -> None:
    made.install(made.answer(), issuer=made.authority.root)
    assert len(installed(made)) == 3


@pytest.mark.parametrize("issuer", [Kind.DEVICE, None])
@pytest.mark.parametrize("broker_ca", [Kind.DEVICE, None])
def test_a_brokers_ca_that_also_vouches_for_terminals_is_refused(
    made: Site, issuer: Kind | None, broker_ca: Kind | None
) -> None:
    """With it each terminal could be this one's broker; None is the root of all."""

    def of(kind: Kind | None) -> Path:
        return made.authority.ca(kind) if kind else made.authority.root

    with pytest.raises(ConfigError, match="give the CA that issues to brokers") as told:
        made.install(made.answer(), issuer=of(issuer), broker_ca=of(broker_ca))
    assert str(of(broker_ca)) in str(told.value)
    assert "\n" not in str(told.value)
    assert installed(made) == []


def test_a_carriers_key_that_is_none_installs_nothing(made: Site) -> None:
    (made.carrier_keys / "carrier-person.jwk").write_text("{}")
    with pytest.raises(ConfigError, match="not a public P-256 key"):
        made.install(made.answer())
    assert installed(made) == []


def test_a_renewed_certificate_replaces_the_old_one(made: Site) -> None:
    made.install(made.answer())
    renewed = made.answer(end=BEGIN + timedelta(days=9999))
    assert made.install(renewed) == [made.settings.mqtt.cert_file]
    assert Path(made.settings.mqtt.cert_file).read_bytes() == renewed.read_bytes()


def test_whom_the_terminal_believes_is_not_changed_by_installing_again(
    made: Site, tmp_path: Path
) -> None:
    made.install(made.answer())
    made.authority = Authority(tmp_path / "another")
    with pytest.raises(UsageError, match="another one is installed"):
        made.install(made.answer())


@pytest.fixture
def token(tmp_path: Path) -> Iterator[Token]:
    one = make_token(tmp_path)
    pkcs11.lib(one.module).reinitialize()
    yield one


@pytest.mark.softhsm
def test_a_device_key_is_made_in_its_token(tmp_path: Path, token: Token) -> None:
    ready = site(tmp_path, device_key=token.uri())
    made = provisioning.make(ready.settings, ready.out)
    assert made.key_tier == "pkcs11"
    known = json.loads((ready.out / f"{DEVICE}.json").read_text())
    assert known["keys"][0]["kid"] == signers.open_signer(token.uri()).kid
    ready.install(ready.answer())
    assert not (tmp_path / "pki" / "device.key").exists()


def test_keys_go_where_the_credentials_will_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = site(tmp_path, device_key="credential:device.key")
    with pytest.raises(ConfigError, match="has given this process no credentials"):
        provisioning.make(ready.settings, ready.out)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "pki"))
    made = provisioning.make(ready.settings, ready.out)
    assert made.key_tier == "credential"
    assert (tmp_path / "pki" / "device.key").exists()


def test_without_tls_there_is_nothing_to_provision(tmp_path: Path) -> None:
    ready = site(tmp_path)
    bare = msgspec.structs.replace(ready.settings, mqtt=config.Mqtt())
    with pytest.raises(ConfigError, match=r"mqtt\.key_file is empty"):
        provisioning.make(bare, ready.out)
