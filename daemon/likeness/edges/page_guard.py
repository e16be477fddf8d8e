"""Who may ask this terminal's page server for anything: its own page alone.

The server listens on loopback, and a browser on this machine may be led there by any
other page. So the name it was called by is checked (DNS rebinding), and where a request
comes from (other pages, WebSockets above all, which no browser keeps apart by itself).
Leaves to others: what is served.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from likeness.edges import http_headers

# Nothing from elsewhere, in no frame (CSP 3, Fetch, Permissions Policy).
HEADERS = {
    **http_headers.APART,
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(self), camera=(), display-capture=(),"
        " geolocation=(), gyroscope=(), hid=(), microphone=(), midi=(), payment=(),"
        " serial=(), usb=()"
    ),
    "Server": "likeness",
}
OWN_SITES = ("same-origin", "none")  # "none": typed, or the kiosk's own start


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered, as HTTP says it."""

    status: int
    text: str


class Guard:
    """Judges requests by their headers; names are matched without regard to case."""

    def __init__(self, port: int) -> None:
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._origins = frozenset(f"http://{host}" for host in self._hosts)

    def refusal(
        self, method: str, headers: Mapping[str, str], *, socket: bool = False
    ) -> Refusal | None:
        """Say what is wrong with a request; None: nothing.

        Args:
            method: of HTTP.
            headers: its headers.
            socket: it wants to become a WebSocket, and so must say where it is from.
        """
        if headers.get("Host", "").lower() not in self._hosts:
            return Refusal(403, "this server answers to its own name only")
        if method != "GET":
            return Refusal(405, "there is nothing here but to read")
        origin = headers.get("Origin")
        if origin not in self._origins and (socket or origin is not None):
            return Refusal(403, "this server answers to its own page only")
        if headers.get("Sec-Fetch-Site", "none") not in OWN_SITES:
            return Refusal(403, "this server answers to its own page only")
        return None
