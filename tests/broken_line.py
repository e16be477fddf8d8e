"""Broker, certificate and keys: each made wrong for real.

Leaves to others: asking the doctor (tests/doctor/test_broken_setups.py).
"""

import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker import free_port
from doctor_shop import Broken, Shop
from likeness.simulators.authority import Authority

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def no_broker_but_a_web_server(shop: Shop) -> None:
    server = shop.more.enter_context(socket.create_server(("127.0.0.1", 0)))

    def answer() -> None:
        with server.accept()[0] as guest:
            guest.recv(100)
            guest.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=answer, daemon=True).start()
    shop.set("mqtt", host="127.0.0.1", port=server.getsockname()[1])


def silent_port(shop: Shop) -> None:
    """A firewall that swallows all looks so: it takes the line and says nothing."""
    server = shop.more.enter_context(socket.create_server(("127.0.0.1", 0)))
    shop.set("mqtt", host="127.0.0.1", port=server.getsockname()[1])


def stranger_as_broker(shop: Shop) -> None:
    shop.with_broker()
    stranger = Authority(shop.folder / "stranger")
    Path(shop.settings.mqtt.ca_file).write_bytes(stranger.servers.read_bytes())


def unknown_to_the_broker(shop: Shop) -> None:
    shop.with_broker()
    shop.set("mqtt", cert_file="", key_file="")


def revoked(shop: Shop) -> None:
    broker = shop.with_broker()
    shop.site.authority.revoke(Path(shop.settings.mqtt.cert_file))
    broker.kill()
    broker.renew_crls()
    broker.start()


def key_of_another(shop: Shop) -> None:
    mine = Path(shop.settings.mqtt.cert_file).read_bytes()
    shop.certificate()
    Path(shop.settings.mqtt.cert_file).write_bytes(mine)


def key_for_both(shop: Shop) -> None:
    Path(shop.settings.keys.device_key).write_bytes(
        Path(shop.settings.mqtt.key_file).read_bytes()
    )


def carriers_key_of_another_type(shop: Shop) -> None:
    key = Path(shop.settings.keys.carrier_visit_key)
    key.write_text(json.dumps({"kty": "oct", "k": "AAAA"}))


TABLE = [
    # --- the line ---------------------------------------------------------------------
    Broken(
        "nobody listens at the broker's port",
        lambda shop: shop.set("mqtt", port=free_port()),
        *("broker", "fail", "refused", "mqtt.port"),
    ),
    Broken(
        "the broker's name is unknown",
        lambda shop: shop.set("mqtt", host="broker.invalid"),
        *("broker", "fail", "broker.invalid", "mqtt.host"),
    ),
    Broken(
        "the broker is another one than we trust",
        stranger_as_broker,
        *("broker", "fail", "its certificate", "mqtt.ca_file"),
    ),
    Broken(
        "we come to the broker without a certificate",
        unknown_to_the_broker,
        *("broker", "fail", "localhost", "certificate"),
    ),
    Broken(
        "our certificate was revoked",
        revoked,
        *("broker", "fail", "localhost", "not revoked"),
    ),
    Broken(
        "a web server stands at the broker's port",
        no_broker_but_a_web_server,
        *("broker", "fail", "127.0.0.1", "the TLS port"),
    ),
    Broken(
        "a firewall swallows what we say",
        silent_port,
        *("broker", "fail", "no answer within 5 s", "the network"),
    ),
    # --- certificate and keys ---------------------------------------------------------
    Broken(
        "our certificate has ended",
        lambda shop: shop.certificate(end=NOW - DAY),
        *("certificate", "fail", "ended on", "likeness provision make"),
    ),
    Broken(
        "our certificate ends soon",
        lambda shop: shop.certificate(end=NOW + 9 * DAY),
        *("certificate", "warn", "good until", "ask the carrier for a new one"),
    ),
    Broken(
        "our certificate is not good yet, or the clock is wrong",
        lambda shop: shop.certificate(begin=NOW + 9 * DAY, end=NOW + 99 * DAY),
        *("certificate", "fail", "begins only on", "set the clock"),
    ),
    Broken(
        "the certificate is another terminal's",
        lambda shop: shop.certificate("shop-8"),
        *("certificate", "fail", "made out to", "likeness provision install"),
    ),
    Broken(
        "the key does not fit the certificate",
        key_of_another,
        *("certificate", "fail", "is not the key of", "likeness provision install"),
    ),
    Broken(
        "the certificate is missing",
        lambda shop: Path(shop.settings.mqtt.cert_file).unlink(),
        *("certificate", "fail", "cannot be read", "likeness provision install"),
    ),
    Broken(
        "the device key is missing",
        lambda shop: Path(shop.settings.keys.device_key).unlink(),
        *("keys", "fail", "cannot be read", "likeness provision"),
    ),
    Broken(
        "everybody can read the device key",
        lambda shop: Path(shop.settings.keys.device_key).chmod(0o644),
        *("keys", "fail", "everybody can reach", "likeness provision"),
    ),
    Broken(
        "one of the carrier's keys is missing",
        lambda shop: Path(shop.settings.keys.carrier_visit_key).unlink(),
        *("keys", "fail", "carrier-visit.jwk", "likeness provision"),
    ),
    Broken(
        "one of the carrier's keys is of another type",
        carriers_key_of_another_type,
        *("keys", "fail", "carrier-visit.jwk", "[keys]"),
    ),
    Broken(
        "one key serves for results and for TLS",
        key_for_both,
        *("keys", "warn", "is the TLS key as well", "a key for TLS alone"),
    ),
]
