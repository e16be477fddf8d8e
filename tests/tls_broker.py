"""A real mosquitto with the files that we ship, and identities to come to it with.

Only paths, ports and the address are replaced; the rest is read by mosquitto as it
stands in `systemd/mosquitto`. As on Debian, a main file includes ours.
"""

import contextlib
import getpass
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from broker import Mosquitto, free_port
from likeness.edges.broker import LineSettings, Will
from likeness.simulators.authority import Authority, Issued, Kind
from processes import happens

SHIPPED = Path(__file__).parents[1] / "systemd" / "mosquitto"
FIELD_FOLDER = "/etc/mosquitto/likeness"
MAIN = """\
user {user}
persistence false
log_dest file {folder}/mosquitto.log
include_dir {folder}/conf.d
"""
WITHIN_S = 10.0
RUNS = " running\n"  # how its log ends the start


class ShippedMosquitto(Mosquitto):
    """Terminals come in at `port`, the carrier's programs at `carrier_port`."""

    def __init__(self, folder: Path, authority: Authority, server: Issued) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder)
        self.authority = authority
        self.carrier_port = free_port()
        pki = folder / "likeness"
        pki.mkdir()
        for name in ("likeness-terminals.acl", "likeness-carrier.acl"):
            shutil.copy(SHIPPED / name, pki)
        for path in (authority.devices, authority.carriers):
            shutil.copy(path, pki)
        self.renew_crls()
        shutil.copy(server.cert, pki / "broker.pem")
        shutil.copy(server.key, pki / "broker.key")
        self.text = (SHIPPED / "likeness.conf").read_text()
        self.replace(FIELD_FOLDER, str(pki))
        self.replace("\nlistener 8883\n", f"\nlistener {self.port} {self.host}\n")
        carrier = f"\nlistener {self.carrier_port} {self.host}\n"
        self.replace("\nlistener 8884\n", carrier)
        self._config.write_text(MAIN.format(user=getpass.getuser(), folder=folder))

    def start(self) -> None:
        """Start, and wait until both doors are open and it hears signals."""
        log = self._config.parent / "mosquitto.log"
        before = log.read_text().count(RUNS) if log.exists() else 0
        super().start()
        assert happens(lambda: log.read_text().count(RUNS) > before, WITHIN_S)

    def replace(self, old: str, new: str) -> None:
        """Change the text of our file, before the start."""
        assert old in self.text, f"the shipped file has no {old!r}"
        self.text = self.text.replace(old, new)
        conf = self._config.parent / "conf.d"
        conf.mkdir(exist_ok=True)
        (conf / "likeness.conf").write_text(self.text)

    def renew_crls(self) -> None:
        """Bring the authority's lists over; a running broker must `reload`."""
        for path in (self.authority.devices_crl, self.authority.carriers_crl):
            shutil.copy(path, self._config.parent / "likeness")

    def rules(self, name: str) -> Path:
        """One of the files with access rules, as this broker reads it."""
        return self._config.parent / "likeness" / name


@contextlib.contextmanager
def shipped(folder: Path, authority: Authority) -> Iterator[ShippedMosquitto]:
    """Run a broker with the shipped files for the length of a block."""
    server = authority.make("broker", Kind.SERVER, hosts=("localhost", "127.0.0.1"))
    broker = ShippedMosquitto(folder, authority, server)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def line_settings(
    broker: ShippedMosquitto, who: Issued, name: str, **more: object
) -> LineSettings:
    """How our own code comes to this broker with an identity."""
    usual = {
        "host": broker.host,
        "port": broker.port,
        "client_id": name,
        "topics": (),
        "ca_file": str(broker.authority.servers),
        "cert_file": str(who.cert),
        "key_file": str(who.key),
        "retry_from_s": 0.05,
        "retry_to_s": 0.2,
    }
    return LineSettings(**{**usual, **more})  # type: ignore[arg-type]


class Guest:
    """A client of another make of code, with any identity or none; it tells all."""

    def __init__(
        self,
        port: int,
        anchors: Path | None,
        who: Issued | None = None,
        *,
        client_id: str = "",
        version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
        will: Will | None = None,
    ) -> None:
        self.came: list[ReasonCode] = []
        self.left: list[str] = []
        self.heard: list[tuple[str, bytes]] = []
        self.answers: dict[int, int] = {}
        self._granted: list[int] = []
        self._client = client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=version,
            reconnect_on_failure=False,
        )
        if anchors is not None:
            tls = ssl.create_default_context(cafile=str(anchors))
            tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            if who is not None:
                tls.load_cert_chain(who.cert, who.key)
            client.tls_set_context(tls)
        if will is not None:
            more: Properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
            more.WillDelayInterval = will.delay_s
            client.will_set(will.topic, will.payload, 1, True, properties=more)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        try:
            client.connect("localhost", port, 30)
        except OSError as problem:
            self.left.append(str(problem))
        else:
            client.loop_start()

    def __enter__(self) -> "Guest":
        assert happens(lambda: bool(self.came or self.left), WITHIN_S)
        return self

    def __exit__(self, *_fault: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_in(self) -> bool:
        """Whether the broker let it in, and it was not sent away since."""
        return bool(self.came) and not self.came[0].is_failure and not self.left

    def follow(self, topic: str) -> int:
        """Subscribe; return the reason code."""
        before = len(self._granted)
        assert self._client.subscribe(topic, qos=1)[0] == MQTTErrorCode.MQTT_ERR_SUCCESS
        assert happens(lambda: len(self._granted) > before, WITHIN_S)
        return self._granted[-1]

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Publish; return the PUBACK's reason code, None if the line was cut."""
        mid = self._client.publish(topic, payload, 1, retain).mid
        assert happens(lambda: mid in self.answers or bool(self.left), WITHIN_S)
        return self.answers.get(mid)

    def hears(self, topic: str, payload: bytes) -> bool:
        """Wait for one message."""
        return happens(lambda: (topic, payload) in self.heard, WITHIN_S)

    def goes(self) -> bool:
        """Wait until the broker sends it away."""
        return happens(lambda: bool(self.left), WITHIN_S)

    # --- on paho's thread -----------------------------------------------------------
    def _on_connect(
        self,
        _client: Client,
        _data: object,
        _flags: ConnectFlags,
        code: ReasonCode,
        _more: Properties | None,
    ) -> None:
        self.came.append(code)

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        code: ReasonCode,
        _more: Properties | None,
    ) -> None:
        self.left.append(str(code))

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))

    def _on_publish(
        self,
        _client: Client,
        _data: object,
        mid: int,
        code: ReasonCode,
        _more: Properties,
    ) -> None:
        self.answers[mid] = code.value

    def _on_subscribe(
        self,
        _client: Client,
        _data: object,
        _mid: int,
        codes: list[ReasonCode],
        _more: Properties | None,
    ) -> None:
        self._granted += [code.value for code in codes]
