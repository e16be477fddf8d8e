"""A TCP proxy that can go silent in both directions while its sockets stay open.

This is what a cut cable or a lost route looks like: nobody hangs up, nothing comes.
Leaves to others: who connects, and what is said.
"""

import contextlib
import socket
import threading

CHUNK_BYTES = 65_536


class SilentProxy:
    """Listens on a free port; each connection goes on to one other port."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._far = (host, port)
        self._listening = socket.create_server((host, 0))
        self.port: int = self._listening.getsockname()[1]
        self._flowing = threading.Event()
        self._flowing.set()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """Hold all bytes, and every hanging-up, of old and of new connections."""
        self._flowing.clear()

    def resume(self) -> None:
        """Pass on what was held, and go on."""
        self._flowing.set()

    def cut(self) -> None:
        """Drop all connections with what was held; new ones go through."""
        for end in list(self._open):
            _hang_up(end)
        self._flowing.set()

    def close(self) -> None:
        """Let go of everything."""
        _hang_up(self._listening)
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listening.accept()
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):  # nobody listens there
            far = socket.create_connection(self._far)
            with far:
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open |= {near, far}
                back = threading.Thread(target=self._pump, args=(far, near))
                back.start()
                self._pump(near, far)
                back.join()
                self._open -= {near, far}

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):  # one end has hung up
            while data := source.recv(CHUNK_BYTES):
                self._flowing.wait()
                sink.sendall(data)
        self._flowing.wait()
        _hang_up(source)
        _hang_up(sink)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
