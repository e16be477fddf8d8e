"""What a broker says of itself, and what we make of it."""

import asyncio
from pathlib import Path

import pytest

from broker import mosquitto
from fake_broker import (
    MAXIMUM_PACKET_SIZE,
    MAXIMUM_QOS,
    RECEIVE_MAXIMUM,
    RETAIN_AVAILABLE,
    SERVER_KEEP_ALIVE,
    FakeBroker,
    connack,
    disconnect,
    packet,
)
from likeness.core.line import Arrived, BrokerDown, BrokerUp, Published
from likeness.edges.broker import LineSettings, MqttLine
from lines_to_broker import Ear, listening
from stories import story, until

USUAL = {"host": "127.0.0.1", "client_id": "one", "topics": ("a", "b")}


@pytest.fixture(autouse=True, params=[False, True], ids=["thread", "loop"])
def brisk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both kinds of client hold to all of this."""
    monkeypatch.setitem(USUAL, "brisk", request.param)
    return bool(request.param)


def settings(port: int, **more: object) -> LineSettings:
    return LineSettings(port=port, **{**USUAL, **more})  # type: ignore[arg-type]


class Waits:
    """Notes how long the line would have waited, and lets it go on at once."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(0)


async def first_down(broker: FakeBroker) -> tuple[BrokerDown, list[float]]:
    """Connect until it was lost once; tell why, and the next wait."""
    waits = Waits()
    async with broker.running():
        line = MqttLine(settings(broker.port), choose=lambda: 0.0, pause=waits)
        async with listening(line) as ear:
            down = await ear.wait(BrokerDown)
            await until(lambda: bool(waits.asked))
    assert isinstance(down, BrokerDown)
    return down, waits.asked[:1]


async def up(ear: Ear) -> BrokerUp:
    event = await ear.wait(BrokerUp)
    assert isinstance(event, BrokerUp)
    return event


@story
async def test_more_than_the_receive_maximum_is_never_in_flight() -> None:
    five = bytes([RECEIVE_MAXIMUM, 0, 5])
    broker = FakeBroker(hello=connack(properties=five), puback=None)
    async with broker.running():
        line = MqttLine(settings(broker.port))
        async with listening(line) as ear:
            assert (await up(ear)).window == 5
            numbers = [line.publish("x", b"") for _ in range(100)]
            answered = []
            await until(lambda: len(broker.in_flight) == 5)
            for _ in numbers:
                await until(lambda: bool(broker.in_flight))
                broker.answer()
                event = await ear.wait(Published)
                assert isinstance(event, Published)
                answered.append(event.message)
    assert broker.most_in_flight == 5
    assert answered == numbers, "each once, in order"


@story
async def test_a_lost_lines_held_messages_do_not_go_out_on_the_next() -> None:
    """The outbox sends them again itself: twice would be a double."""
    one = bytes([RECEIVE_MAXIMUM, 0, 1])
    broker = FakeBroker(hello=connack(properties=one), puback=None)
    async with broker.running():
        line = MqttLine(settings(broker.port), pause=Waits())
        async with listening(line) as ear:
            await up(ear)
            for topic in ("first", "held", "held"):
                line.publish(topic, b"")
            await until(lambda: broker.topics == ["first"])
            broker.hang_up()
            await ear.wait(BrokerDown)
            await up(ear)
            line.publish("second", b"")
            await until(lambda: len(broker.topics) == 2)
            assert broker.topics == ["first", "second"]


@story
async def test_a_broker_that_only_pings_is_left() -> None:
    """Else nothing would ever go out again: on one line nothing is sent twice."""
    broker = FakeBroker(puback=None)
    async with broker.running():
        line = MqttLine(settings(broker.port, answer_within_s=0.05), pause=Waits())
        async with listening(line) as ear:
            await up(ear)
            number = line.publish("result", b"")
            down = await ear.wait(BrokerDown)
            assert isinstance(down, BrokerDown)
            assert down.fault is not None
            assert down.fault.word == "owes_answer"
            broker.puback, broker.suback = 0, None
            assert (await ear.wait(BrokerDown)) == down, "nor let in"
            broker.suback = 1
            await up(ear)
            again = line.publish("result", b"")
            assert (await ear.wait(Published)) == Published(again or 0, 0)
            assert again != number


@story
async def test_a_slow_broker_and_a_silent_hour_are_no_fault() -> None:
    broker = FakeBroker(puback=None)
    async with broker.running():
        line = MqttLine(settings(broker.port, answer_within_s=0.5), pause=Waits())
        async with listening(line) as ear:
            await up(ear)
            await asyncio.sleep(0.6)  # nothing is owed
            for _ in range(12):  # something always is, but never the same
                line.publish("result", b"")
                await asyncio.sleep(0.05)
                if len(broker.in_flight) > 1:
                    broker.answer()
            assert len(broker.connects) == 1


@pytest.mark.broker
@story
async def test_mosquitto_announces_its_limits(tmp_path: Path) -> None:
    with mosquitto(tmp_path, more="max_inflight_messages 5") as broker:
        line = MqttLine(settings(broker.port, topics=()))
        async with listening(line) as ear:
            event = await up(ear)
            assert (event.window, event.packet_bytes) == (5, 20_000)
            numbers = [line.publish("x", b"") for _ in range(50)]
            for number in numbers:
                assert await ear.wait(Published) == Published(number or 0, 0x10)


@story
async def test_what_the_broker_does_not_say_is_what_the_standard_assumes() -> None:
    async with (
        FakeBroker().running() as broker,
        listening(MqttLine(settings(broker.port))) as ear,
    ):
        assert await up(ear) == BrokerUp(65_535, 268_435_460)


@story
async def test_the_largest_packet_is_told() -> None:
    size = bytes([MAXIMUM_PACKET_SIZE]) + (4096).to_bytes(4, "big")
    async with (
        FakeBroker(hello=connack(properties=size)).running() as broker,
        listening(MqttLine(settings(broker.port))) as ear,
    ):
        assert (await up(ear)).packet_bytes == 4096


@story
async def test_the_servers_keep_alive_is_kept() -> None:
    one = bytes([SERVER_KEEP_ALIVE, 0, 1])
    async with FakeBroker(hello=connack(properties=one)).running() as broker:
        line = MqttLine(settings(broker.port, keepalive_s=100))
        async with listening(line) as ear:
            await up(ear)
            await until(lambda: broker.pings > 0)


def qos_1(size: int, mid: int = 1) -> bytes:
    """MQTT v5, 3.3: a PUBLISH on topic "a" whose body has so many bytes."""
    length = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14])
    return (
        b"\x32" + length + b"\0\1a" + mid.to_bytes(2, "big") + b"\0" + bytes(size - 6)
    )


TOO_MUCH = {
    "a packet of 150 MB, of which nothing has come": b"\x32\x80\xa3\xc3\x47",
    "a little more than we said": qos_1(20_001),
    "QoS 2, which we did not ask for": b"\x34\x06\0\1a\0\7\0",
}


@pytest.mark.parametrize("data", TOO_MUCH.values(), ids=TOO_MUCH)
@story
async def test_a_broker_that_sends_more_than_it_may_loses_the_line(data: bytes) -> None:
    waits = Waits()
    async with FakeBroker().running() as broker:
        line = MqttLine(settings(broker.port), choose=lambda: 0.0, pause=waits)
        async with listening(line) as ear:
            await up(ear)
            broker.say(qos_1(19_990))
            arrived = await ear.wait(Arrived)
            assert isinstance(arrived, Arrived)
            assert len(arrived.payload) == 19_984
            broker.say(data)
            down = await ear.wait(BrokerDown)
            assert isinstance(down, BrokerDown)
            assert down.fault is not None
            assert down.fault.word == "too_much"
            await until(lambda: bool(waits.asked))
    assert waits.asked[0] == 60.0


@story
async def test_the_broker_is_told_our_receive_maximum() -> None:
    async with FakeBroker().running() as broker:
        line = MqttLine(settings(broker.port, receive_maximum=7))
        async with listening(line) as ear:
            await up(ear)
    assert bytes([RECEIVE_MAXIMUM, 0, 7]) in broker.connects[0]


@story
async def test_a_broker_lets_us_in_once() -> None:
    """Each time we would say all that we are."""
    again = packet(0x90, b"\0\1\0\1\1")
    async with (
        FakeBroker().running() as broker,
        listening(MqttLine(settings(broker.port))) as ear,
    ):
        await up(ear)
        broker.say(connack() + again + again + qos_1(16_400))
        assert isinstance(await ear.heard.get(), Arrived)


@pytest.mark.parametrize("lack", [MAXIMUM_QOS, RETAIN_AVAILABLE])
@story
async def test_a_broker_that_cannot_carry_our_messages_is_left(lack: int) -> None:
    broker = FakeBroker(hello=connack(properties=bytes([lack, 0])))
    down, waits = await first_down(broker)
    assert down.fault is not None
    assert down.fault.word == "too_little"
    assert waits == [60.0]


REFUSALS = {
    0x87: ("not_authorized", 60.0),
    0x86: ("bad_credentials", 60.0),
    0x8A: ("banned", 60.0),
    0x97: ("quota_exceeded", 60.0),
    0x9C: ("use_another", 60.0),
    0x9D: ("moved", 60.0),
    0x85: ("client_id_refused", 60.0),
    0x84: ("not_v5", 60.0),
    0x88: ("server_unavailable", 1.0),
    0x89: ("server_busy", 1.0),
    0x9F: ("too_often", 1.0),
    0x80: ("refused_0x80", 60.0),
}


@pytest.mark.parametrize("code", REFUSALS)
@story
async def test_a_refused_connection_has_a_name_and_its_own_wait(code: int) -> None:
    word, wait_s = REFUSALS[code]
    down, waits = await first_down(FakeBroker(hello=connack(code)))
    assert down.fault is not None
    assert (down.fault.word, waits) == (word, [wait_s])
    assert down.fault.advice


@pytest.mark.parametrize(
    ("code", "word", "wait_s"),
    [
        (0x8E, "taken_over", 60.0),
        (0x98, "sent_away", 60.0),
        (0x8B, "server_stops", 1.0),
    ],
)
@story
async def test_a_connection_that_is_ended_says_why(
    code: int, word: str, wait_s: float
) -> None:
    down, waits = await first_down(FakeBroker(then=disconnect(code)))
    assert down.fault is not None
    assert (down.fault.word, waits) == (word, [wait_s])


@pytest.mark.parametrize(
    "hello",
    [
        b"\x20\x02\x00\x00",  # MQTT 3.1.1: come in
        b"\x20\x02\x00\x01",  # MQTT 3.1.1: unacceptable protocol version
    ],
    ids=["accepted", "refused"],
)
@story
async def test_a_server_that_answers_as_mqtt_3_is_refused(hello: bytes) -> None:
    broker = FakeBroker(hello=hello)
    waits = Waits()
    async with broker.running():
        line = MqttLine(settings(broker.port), choose=lambda: 0.0, pause=waits)
        async with listening(line) as ear:
            down = await ear.wait(BrokerDown)
            assert isinstance(down, BrokerDown)
            assert down.fault is not None
            assert down.fault.word == "not_v5", down
            await until(lambda: waits.asked == [60.0] or len(waits.asked) > 1)
    assert waits.asked[0] == 60.0
    assert all(body[:7] == b"\0\4MQTT\5" for body in broker.connects)
    assert broker.topics == []


@story
async def test_a_line_that_is_closed_without_a_word_asks_about_tls() -> None:
    class Closes(FakeBroker):
        """Hangs up instead of answering."""

        def _take(self, first: int, body: bytes) -> None:
            self.hang_up()

    down, waits = await first_down(Closes())
    assert down.fault is not None
    assert down.fault.word == "unanswered"
    assert waits == [1.0]


@story
async def test_refused_topics_are_told() -> None:
    async with (
        FakeBroker(suback=0x87).running() as broker,
        listening(MqttLine(settings(broker.port))) as ear,
    ):
        assert (await up(ear)).refused == ("a", "b")


@story
async def test_who_is_cut_off_again_and_again_slows_down_and_says_so() -> None:
    """As by a second program with our name, at a broker that does not say so."""
    waits, words = Waits(), []
    async with FakeBroker().running() as broker:
        line = MqttLine(settings(broker.port), choose=lambda: 0.0, pause=waits)
        async with listening(line) as ear:
            for _ in range(8):
                await up(ear)
                broker.hang_up()
                down = await ear.wait(BrokerDown)
                assert isinstance(down, BrokerDown)
                assert down.why == "the line was cut"
                words.append(down.fault.word if down.fault else "")
    assert words == ["", ""] + ["cut_short"] * 6
    assert waits.asked[:7] == [1, 2, 4, 8, 16, 32, 60]


@story
async def test_two_of_one_name_wait_longer_each_time() -> None:
    waits = Waits()
    async with FakeBroker(then=disconnect(0x8E)).running() as broker:
        line = MqttLine(settings(broker.port), choose=lambda: 0.0, pause=waits)
        async with listening(line) as ear:
            for _ in range(6):
                await ear.wait(BrokerDown)
    assert waits.asked[:5] == [60, 120, 240, 300, 300]


@story
async def test_a_broker_that_does_not_wait_for_our_answers_loses_the_line() -> None:
    """The carrier acknowledges what it has kept; what waits till then is bounded."""
    waits = Waits()
    async with FakeBroker().running() as broker:
        given = settings(
            broker.port, receive_maximum=7, acknowledge_by_hand=True, brisk=False
        )
        line = MqttLine(given, choose=lambda: 0.0, pause=waits)
        async with listening(line) as ear:
            await up(ear)
            for mid in range(1, 30):  # one after another, as many as it likes
                broker.say(qos_1(10, mid))
                arrived = await ear.wait(Arrived)
                assert isinstance(arrived, Arrived)
                line.acknowledge(arrived.receipt)
            broker.say(b"".join(qos_1(10, mid) for mid in range(1, 9)))
            for _ in range(7):
                await ear.wait(Arrived)
            down = await ear.wait(BrokerDown)
            assert isinstance(down, BrokerDown)
            assert down.why == "more than 7 messages at once"
            await until(lambda: bool(waits.asked))


@story
async def test_a_brisk_line_leaves_unread_what_it_has_not_room_for() -> None:
    async with FakeBroker().running() as broker:
        line = MqttLine(
            settings(
                broker.port, receive_maximum=7, acknowledge_by_hand=True, brisk=True
            )
        )
        async with listening(line) as ear:
            await up(ear)
            broker.say(b"".join(qos_1(10, mid) for mid in range(1, 30)))
            unanswered: list[int] = []
            for mid in range(1, 30):
                if len(unanswered) == 7:
                    await asyncio.sleep(0.02)
                    assert ear.heard.empty(), "an eighth has not come"
                    for receipt in unanswered:
                        line.acknowledge(receipt)
                    unanswered = []
                arrived = await ear.wait(Arrived)
                assert isinstance(arrived, Arrived)
                assert arrived.receipt % 65_536 == mid
                unanswered.append(arrived.receipt)


@story
async def test_what_comes_with_qos_0_has_no_receipt() -> None:
    async with FakeBroker().running() as broker:
        line = MqttLine(settings(broker.port))
        async with listening(line) as ear:
            await up(ear)
            broker.say(b"\x30\x04\0\1a\0")
            assert await ear.wait(Arrived) == Arrived("a", b"", receipt=0)
