"""The simulated terminals' MQTT: whole packets out of any bytes, and what is in them.

That it is MQTT indeed is shown by a real broker (test_fleet.py, test_scale.py).
"""

import pytest

from scale import mqtt5
from scale.mqtt5 import Buffer, Message, NotMqtt

LONG = Message("likeness/v1/sim-00001/result", b"x" * 3000, number=513)
SHORT = Message("a", b"", qos=0, retain=True)


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_packets_come_whole_however_the_bytes_come(step: int) -> None:
    sent = [LONG, SHORT, LONG]
    data = b"".join(map(mqtt5.publish, sent)) + mqtt5.puback(513)
    buffer = Buffer()
    came = [
        packet
        for at in range(0, len(data), step)
        for packet in buffer.take(data[at : at + step])
    ]
    assert [mqtt5.read_publish(one) for one in came[:-1]] == sent
    assert mqtt5.read_answer(came[-1]) == (513, 0)


def test_a_puback_with_a_reason_is_read() -> None:
    (came,) = Buffer().take(bytes.fromhex("4004 0201 10 00"))
    assert mqtt5.read_answer(came) == (513, 0x10)


def test_a_publish_with_properties_is_read() -> None:
    # Message Expiry Interval of 30 s: 02 0000001e
    (came,) = Buffer().take(bytes.fromhex("320c 0001 61 0009 05 020000001e 7a"))
    assert mqtt5.read_publish(came) == Message("a", b"z", number=9)


def test_a_connack_tells_how_much_may_wait() -> None:
    # Topic Alias Maximum 10, Assigned Client Identifier "me", Receive Maximum 32
    said = "00 00 0b 22000a 1200026d65 210020"
    (came,) = Buffer().take(b"\x20\x0e" + bytes.fromhex(said))
    assert mqtt5.read_connack(came) == (0, 32)
    (bare,) = Buffer().take(bytes.fromhex("2003 00 87 00"))
    assert mqtt5.read_connack(bare) == (0x87, 65535)


def test_a_length_without_end_is_no_packet() -> None:
    with pytest.raises(NotMqtt):
        list(Buffer().take(b"\x30\xff\xff\xff\xff\x01"))
