"""Checks the line to the broker with our own identity, without disturbing a daemon.

The broker takes a second connection of our name for the first one's end, so while a
daemon runs we go no further than TLS. Otherwise we say CONNECT, hear the answer, and
leave again: no session is made or ended, and nothing is taken from its queue. Leaves to
others: certificates in themselves (`identity`).
"""

import contextlib
import socket
import ssl

from likeness import config
from likeness.core.line_faults import fault_of
from likeness.doctor.finding import Finding, fail, ok
from likeness.edges import broker_tls, credentials
from likeness.edges.broker_client import SESSION_EXPIRY_S
from likeness.errors import ConfigError

WITHIN_S = 5.0
# A broker that refuses a certificate under TLS 1.3 says so after the handshake.
REFUSED_WITHIN_S = 1.0
CONNACK = 2
DISCONNECT = bytes((0xE0, 0))  # MQTT v5, 3.14; 0: a normal end
TODO = "see mqtt.host, mqtt.port, the network, and whether the broker runs"


def broker(settings: config.Config, *, in_use: bool) -> Finding:
    """Go to the broker as the daemon does."""
    mqtt = settings.mqtt
    where = f"{mqtt.host}:{mqtt.port}"
    try:
        with contextlib.closing(_connected(settings)) as line:
            if in_use:
                return _still_open(line, where)
            return _say_connect(line, settings.terminal.device, where)
    except ConfigError as fault:
        return fail(str(fault), "see 'likeness provision install'")
    except ssl.SSLCertVerificationError as problem:
        return fail(
            f"{where}: its certificate: {problem.verify_message}",
            "see mqtt.ca_file, mqtt.host and the clock; we do not talk to it",
        )
    except ssl.SSLError as problem:
        return fail(
            f"{where}: {problem.reason or 'TLS failed'}",
            "is it the TLS port; is our certificate of its CA and not revoked?",
        )
    except TimeoutError:
        return fail(f"{where}: no answer within {WITHIN_S:.0f} s", TODO)
    except OSError as problem:
        return fail(f"{where}: {problem.strerror or problem}", TODO)


def _connected(settings: config.Config) -> socket.socket:
    mqtt = settings.mqtt
    line = socket.create_connection((mqtt.host, mqtt.port), WITHIN_S)
    if not mqtt.ca_file:
        return line
    try:
        key_file = credentials.path_of(mqtt.key_file) if mqtt.key_file else ""
        context = broker_tls.tls_context(
            name=settings.terminal.device,
            ca_file=mqtt.ca_file,
            cert_file=mqtt.cert_file,
            key_file=str(key_file),
        )
        return context.wrap_socket(line, server_hostname=mqtt.host)
    except BaseException:
        line.close()
        raise


def _still_open(line: socket.socket, where: str) -> Finding:
    line.settimeout(REFUSED_WITHIN_S)
    try:
        heard = line.recv(1)
    except TimeoutError:
        return ok(f"{where} answers; the running daemon has the line")
    what = "closed the line" if not heard else "said something of its own"
    return fail(f"{where}: {what}", "is our certificate of its CA and not revoked?")


def _say_connect(line: socket.socket, name: str, where: str) -> Finding:
    """CONNECT and CONNACK (MQTT v5, 3.1 and 3.2); a short answer is whole in itself."""
    line.sendall(_connect(name))
    head = line.recv(2)
    body = line.recv(head[1]) if len(head) == 2 else b""  # noqa: PLR2004
    if len(body) < 2 or head[0] >> 4 != CONNACK:  # noqa: PLR2004 - flags, reason
        return fail(
            f"{where}: no MQTT v5 answer",
            "is our certificate of its CA and not revoked? is it a broker?",
        )
    if (fault := fault_of(body[1])) is not None:
        return fail(f"{where}: {fault.word}", fault.advice)
    line.sendall(DISCONNECT)
    return ok(f"{where} takes us")


def _connect(name: str) -> bytes:
    """No clean start, the daemon's own expiry: its session goes on waiting for it."""
    client = name.encode()
    properties = bytes((0x11,)) + SESSION_EXPIRY_S.to_bytes(4, "big")
    properties += bytes((0x21, 0, 1))  # receive maximum 1: its queue stays there
    body = b"\x00\x04MQTT\x05\x00" + (30).to_bytes(2, "big")
    body += bytes((len(properties),)) + properties
    body += len(client).to_bytes(2, "big") + client
    return bytes((0x10, len(body))) + body
