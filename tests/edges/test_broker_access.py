"""Who gets in, and what they may do: a real mosquitto with the shipped files."""

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from likeness.core import messages
from likeness.edges.broker import Will
from likeness.simulators.authority import BEGIN, Authority, Issued, Kind
from tls_broker import SHIPPED, Guest, ShippedMosquitto, shipped

pytestmark = pytest.mark.broker

TERMINAL_WRITES = ["birth", "status", "telemetry", "result", "ask", "reported", "reply"]
TERMINAL_READS = ["receipt", "visit", "answer", "desired", "cmd"]
REFUSED = 0x87
NOBODY = 0x10  # taken, but nobody listens
PAST = datetime.now(UTC) - timedelta(days=1)


def topic(leaf: str, device: str = "shop-1") -> str:
    return messages.topic(device, leaf)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def broker(
    tmp_path_factory: pytest.TempPathFactory, pki: Authority
) -> Iterator[ShippedMosquitto]:
    with shipped(tmp_path_factory.mktemp("broker"), pki) as running:
        yield running


@pytest.fixture(scope="module")
def shop(pki: Authority) -> Issued:
    return pki.make("shop-1", Kind.DEVICE)


@pytest.fixture(scope="module")
def carrier(pki: Authority) -> Issued:
    return pki.make("likeness-carrier", Kind.CARRIER)


def at_terminals(broker: ShippedMosquitto, who: Issued | None, **more: str) -> Guest:
    return Guest(broker.port, broker.authority.servers, who, **more)  # type: ignore[arg-type]


def at_carriers(broker: ShippedMosquitto, who: Issued | None) -> Guest:
    return Guest(broker.carrier_port, broker.authority.servers, who)


# --- who gets in ---------------------------------------------------------------------
def test_each_comes_in_at_its_own_door_only(
    broker: ShippedMosquitto, shop: Issued, carrier: Issued
) -> None:
    with at_terminals(broker, shop) as guest:
        assert guest.is_in
    with at_carriers(broker, carrier) as guest:
        assert guest.is_in
    with at_terminals(broker, carrier) as guest:
        assert not guest.came
    with at_carriers(broker, shop) as guest:
        assert not guest.came


def test_no_certificate_no_entry(broker: ShippedMosquitto) -> None:
    for guest in (at_terminals(broker, None), at_carriers(broker, None)):
        with guest:
            assert not guest.came


def test_another_authoritys_certificate_does_not_help(
    broker: ShippedMosquitto, tmp_path: Path
) -> None:
    other = Authority(tmp_path)
    with at_terminals(broker, other.make("shop-1", Kind.DEVICE)) as guest:
        assert not guest.came


def test_a_brokers_certificate_makes_no_terminal(
    broker: ShippedMosquitto, pki: Authority
) -> None:
    """Its CA is of our root, but is no CA of terminals."""
    with at_terminals(broker, pki.make("shop-9", Kind.SERVER)) as guest:
        assert not guest.came


def test_a_certificate_out_of_date_does_not_help(
    broker: ShippedMosquitto, pki: Authority
) -> None:
    old = pki.make("shop-2", Kind.DEVICE, end=PAST)
    early = pki.make("shop-3", Kind.DEVICE, begin=PAST + timedelta(days=2))
    for who in (old, early):
        with at_terminals(broker, who) as guest:
            assert not guest.came


def test_a_revoked_certificate_is_out_after_a_reload(tmp_path: Path) -> None:
    pki = Authority(tmp_path / "pki")
    thief, honest = (pki.make(name, Kind.DEVICE) for name in ("shop-4", "shop-5"))
    spy = pki.make("likeness-carrier", Kind.CARRIER)
    with shipped(tmp_path / "broker", pki) as broker:
        with at_terminals(broker, thief) as guest:
            assert guest.is_in
            pki.revoke(thief.cert)
            pki.revoke(spy.cert)
            broker.renew_crls()
            broker.reload()
            time.sleep(0.3)  # the signal is taken between two turns of mosquitto's loop
            assert guest.is_in, "2.0 lets him stay: only a restart puts him out"
        with at_terminals(broker, thief) as guest:
            assert not guest.came
        with at_carriers(broker, spy) as guest:
            assert not guest.came
        with at_terminals(broker, honest) as guest:
            assert guest.is_in


def test_a_revocation_list_out_of_date_keeps_everybody_out(tmp_path: Path) -> None:
    pki = Authority(tmp_path / "pki")
    pki.renew_crls(end=BEGIN + timedelta(days=1))
    with (
        shipped(tmp_path / "broker", pki) as broker,
        at_terminals(broker, pki.make("shop-1", Kind.DEVICE)) as guest,
    ):
        assert not guest.came


def test_plain_mqtt_gets_no_answer_at_the_tls_port(broker: ShippedMosquitto) -> None:
    for port in (broker.port, broker.carrier_port):
        with Guest(port, None) as guest:
            assert not guest.came


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_tls_older_than_1_2_is_refused(broker: ShippedMosquitto, shop: Issued) -> None:
    for version, works in (
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.set_ciphers("ALL:@SECLEVEL=0")  # else our own side would not even try
        tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        tls.load_verify_locations(broker.authority.servers)
        tls.load_cert_chain(shop.cert, shop.key)
        tls.minimum_version = tls.maximum_version = version
        with socket.create_connection(("localhost", broker.port)) as line:
            if works:
                tls.wrap_socket(line, server_hostname="localhost").close()
            else:
                with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
                    tls.wrap_socket(line, server_hostname="localhost")


def test_mqtt_3_1_1_is_no_way_around_the_rules(
    broker: ShippedMosquitto, shop: Issued, carrier: Issued
) -> None:
    """2.0 cannot refuse it: it says "success", and nothing comes of it."""
    with (
        at_carriers(broker, carrier) as far,
        at_terminals(broker, shop, version=MQTTProtocolVersion.MQTTv311) as guest,  # type: ignore[arg-type]
    ):
        far.follow(topic("result", "+"))
        assert guest.is_in
        assert guest.say(topic("result", "shop-2"), b"forged") == 0
        assert guest.say(topic("result"), b"own") == 0
        assert far.hears(topic("result"), b"own")
        assert far.heard == [(topic("result"), b"own")]


# --- what they may do ----------------------------------------------------------------
def test_a_terminal_writes_its_own_topics_and_no_others(
    broker: ShippedMosquitto, shop: Issued
) -> None:
    with at_terminals(broker, shop) as guest:
        for leaf in TERMINAL_WRITES:
            assert guest.say(topic(leaf), b"x") in (0, NOBODY), leaf
        for leaf in (*TERMINAL_READS, "other", "result/more"):
            assert guest.say(topic(leaf), b"x") == REFUSED, leaf
        for leaf in (*TERMINAL_WRITES, *TERMINAL_READS):
            assert guest.say(topic(leaf, "shop-2"), b"x") == REFUSED, leaf
        for elsewhere in ("likeness/v1/result", "likeness/v2/shop-1/result", "x"):
            assert guest.say(elsewhere, b"x") == REFUSED


def test_a_terminal_hears_its_own_topics_and_no_others(
    broker: ShippedMosquitto, shop: Issued, pki: Authority, carrier: Issued
) -> None:
    other = pki.make("shop-2", Kind.DEVICE)
    with (
        at_carriers(broker, carrier) as far,
        at_terminals(broker, shop) as guest,
        at_terminals(broker, other) as second,
    ):
        for wish in ("#", "likeness/v1/#", "likeness/v1/shop-2/#", "$SYS/#"):
            guest.follow(wish)  # granted by 2.0, and judged at delivery
        for leaf in TERMINAL_READS:
            far.say(topic(leaf, "shop-2"), b"not for shop-1")
        for leaf in TERMINAL_WRITES:
            second.say(topic(leaf, "shop-2"), b"not for shop-1")
            guest.say(topic(leaf), b"its own")
        for leaf in TERMINAL_READS:
            assert far.say(topic(leaf), b"for shop-1") == 0
        assert guest.hears(topic("cmd"), b"for shop-1")
        assert set(guest.heard) == {
            (topic(leaf), b"for shop-1") for leaf in TERMINAL_READS
        }


def test_the_carrier_reads_what_terminals_write_and_writes_what_they_read(
    broker: ShippedMosquitto, shop: Issued, carrier: Issued
) -> None:
    with at_carriers(broker, carrier) as far, at_terminals(broker, shop) as guest:
        far.follow("#")
        for leaf in TERMINAL_WRITES:
            guest.say(topic(leaf), leaf.encode())
        for leaf in TERMINAL_READS:
            assert far.say(topic(leaf), b"x") in (0, NOBODY), leaf
        for leaf in TERMINAL_WRITES:
            assert far.say(topic(leaf), b"forged") == REFUSED, leaf
            assert far.hears(topic(leaf), leaf.encode())
        assert {what for _, what in far.heard} == {
            leaf.encode() for leaf in TERMINAL_WRITES
        }


def test_who_orders_says_orders_and_sees_no_result(
    broker: ShippedMosquitto, shop: Issued, pki: Authority
) -> None:
    orders = ["desired", "cmd", "visit"]
    answers = ["birth", "reported", "reply"]
    with (
        at_carriers(broker, pki.make("likeness-command", Kind.CARRIER)) as far,
        at_terminals(broker, shop) as guest,
    ):
        far.follow("#")
        for leaf in (*TERMINAL_READS, *TERMINAL_WRITES):
            may = (0, NOBODY) if leaf in orders else (REFUSED,)
            assert far.say(topic(leaf), b"x") in may, leaf
        for leaf in TERMINAL_WRITES:
            guest.say(topic(leaf), leaf.encode())
        assert far.hears(topic("reply"), b"reply")
        assert {what for _, what in far.heard} == {leaf.encode() for leaf in answers}


def test_the_fleets_watcher_sees_no_result_and_says_nothing(
    broker: ShippedMosquitto, shop: Issued, pki: Authority
) -> None:
    watcher = pki.make("likeness-fleet", Kind.CARRIER)
    stranger = pki.make("somebody", Kind.CARRIER)
    with (
        at_carriers(broker, watcher) as fleet,
        at_carriers(broker, stranger) as nobody,
        at_terminals(broker, shop) as guest,
    ):
        for one in (fleet, nobody):
            one.follow("#")
            for leaf in (*TERMINAL_READS, *TERMINAL_WRITES):
                assert one.say(topic(leaf), b"x") == REFUSED
        for leaf in ("result", "ask", "reply", "status"):
            guest.say(topic(leaf), b"x")
        assert fleet.hears(topic("status"), b"x")
        assert fleet.heard == [(topic("status"), b"x")]
        assert nobody.heard == []


def test_a_will_is_a_write(
    broker: ShippedMosquitto, carrier: Issued, pki: Authority
) -> None:
    """One in another's name is not published, one in the own name is."""
    with at_carriers(broker, carrier) as far:
        far.follow(topic("status", "+"))
        for device, victim in (("shop-6", "shop-7"), ("shop-8", "shop-8")):
            will = Will(topic("status", victim), b"lost", 0)
            who = pki.make(device, Kind.DEVICE)
            with at_terminals(broker, who, will=will) as first:  # type: ignore[arg-type]
                if first.is_in:
                    with at_terminals(broker, who):  # takes the first one's place
                        assert first.goes()
        assert far.hears(topic("status", "shop-8"), b"lost")
        assert far.heard == [(topic("status", "shop-8"), b"lost")]


def test_a_second_client_of_one_identity_takes_over_whatever_id_it_gives(
    broker: ShippedMosquitto, shop: Issued
) -> None:
    with (
        at_terminals(broker, shop, client_id="shop-1") as first,
        at_terminals(broker, shop, client_id="shop-2") as second,
    ):
        assert second.is_in
        assert first.goes()  # 2.0 just hangs up; the standard's 0x8E is not sent
        assert second.is_in


def test_a_terminal_of_the_carriers_name_is_no_carrier(
    broker: ShippedMosquitto, shop: Issued, carrier: Issued, pki: Authority
) -> None:
    """A CA should refuse that name: the holder hears nothing, but cuts the line."""
    false = pki.make("false", Kind.DEVICE, common_name="likeness-carrier")
    with at_carriers(broker, carrier) as far, at_terminals(broker, shop) as guest:
        far.follow(topic("result"))
        with at_terminals(broker, false) as rogue:
            assert rogue.is_in
            assert far.goes()
            rogue.follow(topic("result"))
            assert rogue.say(topic("receipt"), b"forged") == REFUSED
            guest.say(topic("result"), b"not for him")
            assert rogue.say(topic("result", "likeness-carrier"), b"x") in (0, NOBODY)
            assert rogue.heard == []


def test_a_packet_that_is_too_large_ends_the_connection(
    broker: ShippedMosquitto, shop: Issued
) -> None:
    with at_terminals(broker, shop) as guest:
        assert guest.say(topic("result"), b"x" * 16_000) in (0, NOBODY)
        assert guest.say(topic("result"), b"x" * 21_000) is None
        assert not guest.is_in


@pytest.mark.parametrize(
    "name",
    ["shop-1/result", "shop-1/", "+", "#", "+/result", "a+b", "$SYS", "shop-1\u0000x"],
)
def test_a_name_that_would_play_with_topics_plays_alone(
    broker: ShippedMosquitto, pki: Authority, carrier: Issued, name: str
) -> None:
    """A CA should never sign such a name; if one does, it reaches nobody else."""
    who = pki.make("odd", Kind.DEVICE, common_name=name)
    with at_carriers(broker, carrier) as far, at_terminals(broker, who) as guest:
        for wish in ("likeness/v1/+/result", "likeness/v1/+/status"):
            far.follow(wish)
        if guest.is_in:
            guest.follow("#")
            for leaf in TERMINAL_WRITES:
                assert guest.say(topic(leaf), b"odd") in (REFUSED, None)
            for leaf in TERMINAL_READS:
                far.say(topic(leaf), b"x")
        assert b"odd" not in {what for _, what in far.heard}
        assert guest.heard == []


def test_the_shipped_rules_name_each_topic_of_the_contract() -> None:
    text = (SHIPPED / "likeness-terminals.acl").read_text()
    rules = {line for line in text.splitlines() if line and not line.startswith("#")}
    root = messages.topic("%u", "")
    assert rules == {
        *(f"pattern write {root}{leaf}" for leaf in TERMINAL_WRITES),
        *(f"pattern read {root}{leaf}" for leaf in TERMINAL_READS),
    }
