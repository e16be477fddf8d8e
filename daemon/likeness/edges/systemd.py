"""Tells systemd how the daemon is (sd_notify(3)); silent when nobody listens."""

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Send e.g. "READY=1"; an address that begins with @ is in the abstract space."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    # Not to wait: whoever does not read (systemd may be restarting itself) must not
    # hold up the loop, and is no reason to stop serving.
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as line:
        line.sendto(state.encode(), address)
