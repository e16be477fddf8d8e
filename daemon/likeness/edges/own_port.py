"""Says before the start whether a port of this machine can be had.

Leaves to others: who listens there then.
"""

import errno
import socket

from likeness.errors import ConfigError

LOOPBACK = "127.0.0.1"


def refuse_taken(port: int) -> None:
    """Raise ConfigError if nobody can listen at this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                why = "another program listens there; stop it, or set another port"
            else:
                why = f"{problem.strerror}; set another port"
            raise ConfigError(f"screen.port {port}: {why}") from problem
