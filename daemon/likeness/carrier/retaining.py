"""Publishes retained messages over a line of its own, and sees that each was taken.

Leaves to others: what they say.
"""

import asyncio
from collections.abc import Mapping

from likeness.carrier.order_line import REFUSED_FROM, Unanswered
from likeness.carrier.settings import Settings
from likeness.core.line import BrokerDown, BrokerEvent, BrokerUp, Published
from likeness.edges.broker import LineSettings, MqttLine
from likeness.errors import ConfigError

STALLS_S = 30.0  # without a word from the broker


class _Errand:
    """What is still to be taken; every answer of the broker moves it on."""

    def __init__(self, line: MqttLine, messages: Mapping[str, bytes]) -> None:
        self._line = line
        self._messages = messages
        self._waiting: dict[int, str] = {}
        self.refused: list[str] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.moved = asyncio.Event()

    def hear(self, event: BrokerEvent) -> None:
        self.moved.set()
        match event:
            case BrokerUp():
                self._send()
            case BrokerDown(why):
                self._end(Unanswered(f"the broker is not there: {why}"))
            case Published(number, code):
                topic = self._waiting.pop(number, "")
                if topic and code >= REFUSED_FROM:
                    self.refused.append(topic)
                if not self._waiting:
                    self._end(None)
            case _:
                pass

    def _send(self) -> None:
        for topic, payload in self._messages.items():
            number = self._line.publish(topic, payload, retain=True)
            if number is None:
                return  # the line is gone, and BrokerDown is on its way
            self._waiting[number] = topic
        if not self._waiting:
            self._end(None)

    def _end(self, fault: Exception | None) -> None:
        if self.done.done():
            return
        if fault is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(fault)


async def publish(settings: Settings, messages: Mapping[str, bytes]) -> None:
    """Publish all of these retained, in the name of `discovery_client_id`.

    Args:
        settings: of the carrier; the `discovery_…` ones say who we are.
        messages: topic → payload; an empty one takes the retained one away.

    Raises:
        ConfigError: our certificate is not named or cannot be used.
        Unanswered: the broker is not there, or refuses some.
    """
    if settings.ca_file and not settings.discovery_cert_file:
        raise ConfigError(
            "discovery_cert_file is empty: this needs a certificate made out to"
            f" '{settings.discovery_client_id}', with discovery_key_file"
        )
    line = MqttLine(
        LineSettings(
            host=settings.host,
            port=settings.port,
            client_id=settings.discovery_client_id,
            topics=(),
            session_expiry_s=0,
            ca_file=settings.ca_file,
            cert_file=settings.discovery_cert_file,
            key_file=settings.discovery_key_file,
            part="discovery_",
            retry_to_s=settings.retry_to_s,
        )
    )
    errand = _Errand(line, messages)
    running = asyncio.ensure_future(line.run(errand.hear))
    try:
        await _until_done(errand)
    finally:
        running.cancel()
        await asyncio.wait([running])
    if errand.refused:
        raise Unanswered(
            f"the broker refuses {len(errand.refused)} of {len(messages)}, such as"
            f" {errand.refused[0]}: see its access rules for"
            f" '{settings.discovery_client_id}'"
        )


async def _until_done(errand: _Errand) -> None:
    while not errand.done.done():
        errand.moved.clear()
        try:
            async with asyncio.timeout(STALLS_S):
                await errand.moved.wait()
        except TimeoutError as late:
            raise Unanswered("the broker does not answer") from late
    errand.done.result()
