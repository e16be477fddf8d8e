import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness.edges import systemd


@pytest.fixture(params=["path", "abstract"])
def listener(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """What systemd listens on; an abstract name is announced with an @."""
    name = str(tmp_path / "notify")
    abstract = request.param == "abstract"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind("\0" + name if abstract else name)
        line.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name if abstract else name)
        yield line


def test_each_state_is_one_datagram(listener: socket.socket) -> None:
    systemd.notify("READY=1")
    systemd.notify("WATCHDOG=1")
    assert [listener.recv(99), listener.recv(99)] == [b"READY=1", b"WATCHDOG=1"]


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.notify("READY=1")


def test_a_listener_that_is_gone_does_not_end_the_daemon(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for address in (str(tmp_path / "nowhere"), "@" + str(tmp_path), "vsock:2:1"):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        systemd.notify("WATCHDOG=1")


def test_a_listener_that_does_not_read_holds_nobody_up(listener: socket.socket) -> None:
    """A queue of datagrams is short (net.unix.max_dgram_qlen); then they are lost."""
    for _ in range(2000):
        systemd.notify("WATCHDOG=1")
    assert listener.recv(99) == b"WATCHDOG=1"
