"""The broker is a real mosquitto with the files that we ship."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from broker import free_port, mosquitto
from likeness import config, provisioning
from likeness.doctor import line
from likeness.doctor.finding import Finding, State
from likeness.simulators.authority import Authority, Kind
from processes import happens
from provisions import DEVICE, Site, site
from tls_broker import Guest, ShippedMosquitto, shipped

pytestmark = pytest.mark.broker


@pytest.fixture
def good(tmp_path: Path) -> Iterator[tuple[Site, ShippedMosquitto]]:
    ready = site(tmp_path)
    with shipped(tmp_path / "broker", ready.authority) as broker:
        ready.settings = with_mqtt(ready.settings, port=broker.port)
        provisioning.make(ready.settings, ready.out)
        ready.install(ready.answer())
        yield ready, broker


def with_mqtt(settings: config.Config, **changes: object) -> config.Config:
    mqtt = msgspec.structs.replace(settings.mqtt, **changes)
    return msgspec.structs.replace(settings, mqtt=mqtt)


def fails(found: Finding, says: str) -> bool:
    assert found.state is State.FAIL, found
    assert says in found.said, found
    return bool(found.todo)


def test_a_broker_that_takes_us(good: tuple[Site, ShippedMosquitto]) -> None:
    found = line.broker(good[0].settings, in_use=False)
    assert (found.state, found.said.endswith("takes us")) == (State.OK, True)


def test_a_running_daemon_keeps_its_line(good: tuple[Site, ShippedMosquitto]) -> None:
    ready, broker = good
    issued = ready.authority.folder / "issued"
    (issued / "d.pem").write_bytes(Path(ready.settings.mqtt.cert_file).read_bytes())
    who = ready.authority.make(DEVICE, Kind.DEVICE)
    with Guest(broker.port, ready.authority.servers, who, client_id=DEVICE) as daemon:
        assert daemon.is_in
        assert line.broker(ready.settings, in_use=True).state is State.OK
        assert daemon.is_in
        # The control: a CONNECT of the same name does take the line away.
        assert line.broker(ready.settings, in_use=False).state is State.OK
        assert daemon.goes()


@pytest.mark.parametrize("in_use", [False, True])
def test_a_revoked_certificate(
    good: tuple[Site, ShippedMosquitto], *, in_use: bool
) -> None:
    ready, broker = good
    ready.authority.revoke(Path(ready.settings.mqtt.cert_file))
    broker.renew_crls()
    broker.reload()

    def refused() -> bool:
        found = line.broker(ready.settings, in_use=in_use)
        return found.state is State.FAIL and "revoked" in found.todo

    assert happens(refused, 10)  # it reads its lists when it comes to it


def test_a_broker_of_another_ca(
    good: tuple[Site, ShippedMosquitto], tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")
    settings = with_mqtt(good[0].settings, ca_file=str(stranger.servers))
    assert fails(line.broker(settings, in_use=False), "its certificate")


def test_nobody_there(good: tuple[Site, ShippedMosquitto]) -> None:
    settings = with_mqtt(good[0].settings, port=free_port())
    assert fails(line.broker(settings, in_use=False), "refused")
    settings = with_mqtt(good[0].settings, host="no-such-host.invalid")
    assert fails(line.broker(settings, in_use=False), "no-such-host.invalid")


def test_certificates_that_cannot_be_used(
    good: tuple[Site, ShippedMosquitto],
) -> None:
    Path(good[0].settings.mqtt.cert_file).unlink()
    assert fails(line.broker(good[0].settings, in_use=False), "cannot be read")


def test_a_test_broker_without_tls(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        bare = config.Mqtt(host=broker.host, port=broker.port)
        settings = msgspec.structs.replace(site(tmp_path).settings, mqtt=bare)
        assert line.broker(settings, in_use=False).state is State.OK
        assert line.broker(settings, in_use=True).state is State.OK


def test_something_that_is_no_broker(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as guest:
                guest.recv(100)
                guest.sendall(b"HTTP/1.1 400\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        bare = config.Mqtt(host="127.0.0.1", port=server.getsockname()[1])
        settings = msgspec.structs.replace(site(tmp_path).settings, mqtt=bare)
        assert fails(line.broker(settings, in_use=False), "no MQTT v5 answer")
