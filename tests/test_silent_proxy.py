import contextlib
import socket
from collections.abc import Iterator

import pytest

from silent_proxy import SilentProxy

SOON_S = 0.2
LONG_S = 10.0


@contextlib.contextmanager
def joined() -> Iterator[tuple[SilentProxy, socket.socket, socket.socket]]:
    """Connect two ends through a proxy."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = SilentProxy(server.getsockname()[1])
        with socket.create_connection(("127.0.0.1", proxy.port), LONG_S) as near:
            far, _ = server.accept()
            far.settimeout(LONG_S)
            with far:
                yield proxy, near, far
        proxy.close()


def nothing_comes(end: socket.socket) -> bool:
    end.settimeout(SOON_S)
    try:
        end.recv(9)
    except TimeoutError:
        return True
    finally:
        end.settimeout(LONG_S)
    return False


def test_bytes_pass_both_ways() -> None:
    with joined() as (_, near, far):
        near.sendall(b"there")
        assert far.recv(9) == b"there"
        far.sendall(b"back")
        assert near.recv(9) == b"back"


def test_silence_holds_bytes_and_hangs_nobody_up() -> None:
    with joined() as (proxy, near, far):
        proxy.silence()
        near.sendall(b"there")
        far.sendall(b"back")
        assert nothing_comes(near)
        assert nothing_comes(far)
        proxy.resume()
        assert far.recv(9) == b"there"
        assert near.recv(9) == b"back"


def test_a_death_is_not_seen_through_silence() -> None:
    with joined() as (proxy, near, far):
        proxy.silence()
        near.close()
        assert nothing_comes(far)
        proxy.resume()
        assert far.recv(9) == b""


def test_a_cut_drops_what_was_held() -> None:
    with joined() as (proxy, near, far):
        proxy.silence()
        near.sendall(b"there")
        assert nothing_comes(far)
        proxy.cut()
        assert far.recv(9) == b""
        assert near.recv(9) == b""


def test_nobody_there_is_an_end_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    proxy = SilentProxy(port)
    near = socket.create_connection(("127.0.0.1", proxy.port), LONG_S)
    with near, contextlib.suppress(ConnectionResetError):
        assert near.recv(9) == b""
    proxy.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", proxy.port), LONG_S)
