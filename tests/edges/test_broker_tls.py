"""Whom our side of the line believes, and what it says of files that cannot be used."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from likeness.core.line import BrokerDown, BrokerUp
from likeness.edges.broker import MqttLine
from likeness.edges.broker_tls import tls_context
from likeness.errors import ConfigError
from likeness.simulators.authority import Authority, Issued, Kind
from lines_to_broker import listening
from stories import story
from tls_broker import ShippedMosquitto, line_settings, shipped

HOSTS = ("localhost", "127.0.0.1")
PAST = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"))


async def comes_in(
    folder: Path, pki: Authority, server: Issued, **more: object
) -> BrokerUp | BrokerDown:
    """Start a broker with this certificate; tell what our line makes of it."""
    broker = ShippedMosquitto(folder, pki, server)
    broker.start()
    try:
        who = pki.make("shop-1", Kind.DEVICE)
        line = MqttLine(line_settings(broker, who, "shop-1", **more))
        async with listening(line) as ear:
            event = await ear.heard.get()
    finally:
        broker.kill()
    assert isinstance(event, BrokerUp | BrokerDown)
    return event


@pytest.mark.broker
@story
async def test_a_broker_of_the_right_ca_and_name_is_believed(tmp_path: Path) -> None:
    pki = Authority(tmp_path / "pki")
    server = pki.make("broker", Kind.SERVER, hosts=HOSTS)
    assert isinstance(await comes_in(tmp_path / "b", pki, server), BrokerUp)


def _wrong_ca(folder: Path, _pki: Authority) -> Issued:
    return Authority(folder / "other").make("broker", Kind.SERVER, hosts=HOSTS)


def _wrong_name(_folder: Path, pki: Authority) -> Issued:
    return pki.make("broker", Kind.SERVER, hosts=("broker.example",))


def _run_out(_folder: Path, pki: Authority) -> Issued:
    return pki.make("broker", Kind.SERVER, hosts=HOSTS, end=PAST)


def _of_the_terminals_ca(folder: Path, pki: Authority) -> Issued:
    """A CA of the same root that issues to a broker though it should not."""
    shutil.copytree(pki.folder, folder / "rogue")
    for kind in ("pem", "key"):
        rogue = folder / "rogue" / f"{Kind.SERVER}.{kind}"
        shutil.copy(pki.folder / f"{Kind.DEVICE}.{kind}", rogue)
    return Authority(folder / "rogue").make("broker", Kind.SERVER, hosts=HOSTS)


@pytest.mark.broker
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_wrong_ca, "unable to get local issuer"),
        (_wrong_name, "IP address mismatch"),
        (_run_out, "certificate has expired"),
        (_of_the_terminals_ca, "unable to get local issuer"),
    ],
)
@story
async def test_a_broker_that_cannot_prove_itself_is_left(
    make: Callable[[Path, Authority], Issued], why: str, tmp_path: Path
) -> None:
    pki = Authority(tmp_path / "pki")
    event = await comes_in(tmp_path / "b", pki, make(tmp_path, pki))
    assert isinstance(event, BrokerDown)
    assert why in event.why
    assert event.fault is not None
    assert event.fault.word == "server_untrusted"


@pytest.mark.broker
@story
async def test_a_refused_certificate_asks_to_look_at_it(tmp_path: Path) -> None:
    pki = Authority(tmp_path / "pki")
    thief = pki.make("shop-1", Kind.DEVICE)
    pki.revoke(thief.cert)
    with shipped(tmp_path / "b", pki) as broker:
        line = MqttLine(line_settings(broker, thief, "shop-1"))
        async with listening(line) as ear:
            down = await ear.wait(BrokerDown)
    assert isinstance(down, BrokerDown)
    assert down.fault is not None
    assert down.fault.word == "unanswered"
    assert "revoked" in down.fault.advice


# --- files ---------------------------------------------------------------------------
class Files:
    """Good ones, for a test to spoil."""

    def __init__(self, folder: Path, pki: Authority) -> None:
        made = pki.make("shop-1", Kind.DEVICE)
        self.ca, self.cert, self.key = (folder / f"{n}.pem" for n in ("ca", "c", "k"))
        self.ca.write_bytes(pki.servers.read_bytes())
        self.cert.write_bytes(made.cert.read_bytes())
        self.key.touch(0o600)
        self.key.write_bytes(made.key.read_bytes())

    def use(self, **more: str) -> None:
        usual = {
            "name": "shop-1",
            "ca_file": str(self.ca),
            "cert_file": str(self.cert),
            "key_file": str(self.key),
        }
        tls_context(**{**usual, **more})


@pytest.fixture
def files(tmp_path: Path, pki: Authority) -> Files:
    return Files(tmp_path, pki)


def test_good_files_are_taken_and_a_missing_identity_too(files: Files) -> None:
    files.use()
    files.use(cert_file="", key_file="")


def test_each_missing_file_is_named(files: Files, tmp_path: Path) -> None:
    for option in ("ca_file", "cert_file", "key_file"):
        missing = str(tmp_path / "nowhere")
        with pytest.raises(ConfigError, match=f"mqtt.{option} '.*nowhere'.*No such"):
            files.use(**{option: missing})


def test_each_file_of_the_wrong_kind_is_named(files: Files) -> None:
    for option, path in (("ca_file", files.key), ("cert_file", files.key)):
        with pytest.raises(ConfigError, match=rf"mqtt.{option} '.*' holds no PEM cert"):
            files.use(**{option: str(path)})
    with pytest.raises(ConfigError, match=r"mqtt.key_file '.*' is not an unencrypted"):
        files.key.write_bytes(files.cert.read_bytes())
        files.use()


def test_one_without_the_other_is_named(files: Files) -> None:
    with pytest.raises(ConfigError, match=r"mqtt.key_file is empty, mqtt.cert_file"):
        files.use(key_file="")
    with pytest.raises(ConfigError, match=r"mqtt.cert_file is empty, mqtt.key_file"):
        files.use(cert_file="")


def test_the_key_of_another_is_named(files: Files, pki: Authority) -> None:
    files.key.write_bytes(pki.make("shop-2", Kind.DEVICE).key.read_bytes())
    with pytest.raises(ConfigError, match=r"mqtt.key_file '.*' is not the key of"):
        files.use()


def test_a_certificate_for_another_name_is_named(files: Files) -> None:
    with pytest.raises(ConfigError, match=r"made out to 'shop-1', not to 'shop-2'"):
        files.use(name="shop-2")


def test_a_key_that_everybody_can_read_is_named(files: Files) -> None:
    files.key.chmod(0o644)
    with pytest.raises(ConfigError, match=r"everybody can reach this key; chmod 600"):
        files.use()


def test_an_encrypted_key_is_named_and_nobody_is_asked_for_its_word(
    files: Files,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ConfigError, match=r"is not an unencrypted PEM private key"):
        files.use()
