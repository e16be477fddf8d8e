"""The programs begin in any order, wait for each other, and end in order when told."""

from pathlib import Path

import msgspec
import pytest
from paho.mqtt import subscribe
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion

from likeness.core import messages
from processes import happens
from programs import Shop

pytestmark = [pytest.mark.broker, pytest.mark.slow]

READY_WITHIN_S = 60.0
SERVED_WITHIN_S = 30.0
DELIVERED_WITHIN_S = 120.0
DEVICE = "shop-1"


def status(shop: Shop) -> messages.Status:
    """Read the retained status as any MQTT client would."""
    said = subscribe.simple(  # type: ignore[no-untyped-call]
        messages.topic(DEVICE, "status"),
        qos=1,
        hostname=shop.broker.host,
        port=shop.broker.port,
        protocol=MQTTProtocolVersion.MQTTv5,
    )
    assert isinstance(said, MQTTMessage)
    return msgspec.json.decode(said.payload, type=messages.Status)


def test_without_a_broker_visitors_are_served_and_results_wait(
    tmp_path: Path, pictures: Path
) -> None:
    with Shop(tmp_path, pictures, DEVICE) as shop:
        (terminal,) = shop.terminals
        terminal.start()
        assert terminal.says("event=ready", READY_WITHIN_S)
        terminal.card_lies(shop.cards[0], 0.3)
        assert terminal.says("event=visit_done", SERVED_WITHIN_S)
        assert terminal.announced() == [(1, "refused")]
        assert terminal.waiting == 2  # the epoch's record as well
        shop.carrier.start()
        shop.broker.start()
        assert happens(lambda: terminal.waiting == 0, DELIVERED_WITHIN_S)
        tokens = [token for *_, token in terminal.kept()]
        assert shop.carrier_store().tokens(DEVICE) == tokens


def test_told_to_stop_they_end_in_order(tmp_path: Path, pictures: Path) -> None:
    with Shop(tmp_path, pictures, DEVICE) as shop:
        (terminal,) = shop.terminals
        shop.broker.start()
        shop.carrier.start()
        terminal.start()
        assert terminal.says("event=broker_up", READY_WITHIN_S)
        assert happens(lambda: status(shop).status == "online", SERVED_WITHIN_S)
        boot = status(shop).boot
        terminal.reader.lay(shop.cards[0])
        assert terminal.says("Look at the camera.", SERVED_WITHIN_S)
        assert terminal.stop() == 0  # in the middle of a visit
        assert status(shop) == messages.Status(status="stopping", boot=boot)
        assert shop.carrier.stop() == 0
        said = terminal.said() + shop.carrier.said()
        assert "Traceback" not in said and "ERROR" not in said
        shop.broker.kill()
        terminal.start()
        assert terminal.says("event=broker_down", READY_WITHIN_S)
        assert terminal.stop() == 0  # with nobody to say goodbye to
