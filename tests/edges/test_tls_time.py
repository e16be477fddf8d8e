"""A real TLS server whose certificate is not valid now, as if our clock were wrong."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from broker import mosquitto
from likeness.core.line import BrokerDown, BrokerEvent, BrokerUp
from likeness.edges import tls_time
from likeness.edges.broker import LineSettings, MqttLine
from likeness.edges.tls_time import KnownTime
from stories import story

NOW = datetime.now(UTC)
YEAR = timedelta(days=365)
HOST = "broker.test"


def certificate(
    folder: Path, name: str, begins: datetime, ends: datetime, host: str = HOST
) -> Path:
    """Make a certificate that is its own CA, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@contextlib.contextmanager
def server(pem: Path) -> Iterator[int]:
    """Serve handshakes until the block ends; gives the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), line:
                    context.wrap_socket(line, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def context_for(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(pem)
    return context


def connect(context: ssl.SSLContext, port: int, host: str = HOST) -> None:
    """Shake hands as paho does: wrap first, then the handshake."""
    with (
        socket.create_connection(("127.0.0.1", port), 10) as line,
        context.wrap_socket(
            line, server_hostname=host, do_handshake_on_connect=False
        ) as tls,
    ):
        tls.do_handshake()


def seconds(when: datetime) -> int:
    return int(when.timestamp())


def test_a_clock_before_the_certificate_begins(tmp_path: Path) -> None:
    """In 1970 every certificate lies in the future; here one lies in ours."""
    pem = certificate(tmp_path, "future", NOW + YEAR, NOW + 2 * YEAR)
    context, floor = context_for(pem), seconds(NOW)
    with server(pem) as port:
        with pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
            connect(context, port)
        tls_time.arm(context, KnownTime(False, floor))
        connect(context, port)
        # As soon as the clock is believed, OpenSSL judges by it again.
        tls_time.arm(context, KnownTime(True, floor))
        with pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
            connect(context, port)


def test_what_has_certainly_expired_is_refused_without_a_clock(tmp_path: Path) -> None:
    ends = (NOW - YEAR).replace(microsecond=0)
    pem = certificate(tmp_path, "past", NOW - 2 * YEAR, ends)
    context = context_for(pem)
    with server(pem) as port:
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            connect(context, port)
        tls_time.arm(context, KnownTime(False, seconds(ends) + 1))
        with pytest.raises(ssl.SSLCertVerificationError, match="1 s before what"):
            connect(context, port)
        # It may have been good: nobody here knows better.
        tls_time.arm(context, KnownTime(False, seconds(ends)))
        connect(context, port)


def test_who_the_broker_is_is_checked_as_ever(tmp_path: Path) -> None:
    good = certificate(tmp_path, "good", NOW - YEAR, NOW + YEAR)
    other = certificate(tmp_path, "other", NOW - YEAR, NOW + YEAR)
    with server(good) as port:
        for ca, host, why in (
            (other, HOST, "self-signed|self signed"),
            (good, "elsewhere.test", "match"),
        ):
            context = context_for(ca)
            tls_time.arm(context, KnownTime(False, seconds(NOW)))
            with pytest.raises(ssl.SSLCertVerificationError, match=why):
                connect(context, port, host)
        context = context_for(good)
        tls_time.arm(context, KnownTime(False, seconds(NOW)))
        connect(context, port)


@pytest.mark.broker
@story
async def test_the_line_comes_up_in_1970(tmp_path: Path) -> None:
    """A real broker; what this machine knows about the time changes as it runs."""
    ends = NOW + 2 * YEAR
    pem = certificate(tmp_path, "future", NOW + YEAR, ends, host="localhost")
    known = {"time": KnownTime(believed=True, earliest_s=0)}
    with mosquitto(tmp_path, more=f"certfile {pem}\nkeyfile {pem}") as broker:
        settings = LineSettings(
            host="localhost",
            port=broker.port,
            client_id="shop-17",
            topics=(),
            ca_file=str(pem),
            known_time=lambda: known["time"],
        )

        async def first_word() -> BrokerEvent:
            heard: asyncio.Queue[BrokerEvent] = asyncio.Queue()
            line = asyncio.create_task(MqttLine(settings).run(heard.put_nowait))
            try:
                async with asyncio.timeout(30):
                    return await heard.get()
            finally:
                line.cancel()
                await asyncio.wait([line])

        said = await first_word()
        assert isinstance(said, BrokerDown)
        assert "not yet valid" in said.why
        known["time"] = KnownTime(believed=False, earliest_s=seconds(NOW))
        assert isinstance(await first_word(), BrokerUp)
        known["time"] = KnownTime(believed=False, earliest_s=seconds(ends) + 5)
        said = await first_word()
        assert isinstance(said, BrokerDown)
        assert "expired" in said.why
