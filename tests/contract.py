"""Every message of design 3.5, made by our own code: by both sides, and by a daemon."""

import asyncio
import io
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from broker import Mosquitto, mosquitto
from deliveries import DEVICE
from likeness.carrier import words
from likeness.core import asks, commands, jws, messages, orders, visit_orders
from likeness.core.chain import Link
from likeness.core.vocabulary import Purpose
from likeness.edges import key_files, sealer
from likeness.edges.screen_text import TextScreen
from likeness.edges.signer import FileSigner
from likeness.edges.visit_key import EphemeralKey
from likeness.wiring import build
from results import EPOCH, MOMENT, bench, chain_of
from rotations import after, change, with_new_key
from stories import until
from talks import CHECKED, REFERRED, first, handed, link
from terminals import settings

LATER_S = MOMENT.utc_s + 60
LEAVES = ("birth", "status", "reported", "telemetry")


def payload(token: str) -> bytes:
    """What a token says, unverified."""
    return jws.decode(token.split(".")[1])


async def signed(folder: Path) -> dict[str, bytes]:
    """Return message → its claims, of each that is signed, and the person inside."""
    near = bench(folder)
    await near.store.open()
    try:
        with handed(near, folder) as carrier:
            carrier.take(await first(near))
            checked = await near.record(CHECKED)
            carrier.take(checked.token)
            referred = await near.record(replace(REFERRED, transaction="t-9"))
            carrier.take(referred.token)
            ask = near.notary.ask_visit(
                commitment="c" * 43, transaction="t-10", purpose=Purpose.NEW_NUMBER
            )
            (visit,) = carrier.said(ask)
            key = EphemeralKey()
            question = near.notary.ask(
                *(asks.QUESTION, "q" * 32, "t-check", link(checked)),
                ask="check_numbers",
                key=key.public,
            )
            numbers = key.open(carrier.answer(question).encode()).decode()
            listed = messages.from_json(payload(numbers), asks.Numbers)
            decision = near.notary.ask(
                *(asks.DECISION, "d" * 32, "t-9", link(referred)),
                ask="decision",
                decision="accept",
                reason="same person",
                attendants=["a.smith"],
            )
            dispute = near.notary.ask(
                *(asks.DISPUTE, "e" * 32, "t-check", link(checked)),
                ask="dispute",
                answer=listed.jti,
                numbers=[listed.numbers[0].ref],
            )
            answer = carrier.answer(decision)
        person = messages.from_json(payload(checked.token), messages.Result).person
        opened = sealer.open_sealed(
            person or "", key_files.load_private(near.keys.private("person"))
        )
    finally:
        await near.store.close()
    tokens = chain_of(near, 1)
    new = with_new_key(near, folder / "new")
    changed = change(near, new, after(tokens, EPOCH))
    proof = messages.from_json(payload(changed), messages.KeyChange).proof
    said = words.CarrierWords(
        receipt_key=near.keys.private("receipt"), visit_key=near.keys.private("visit")
    )
    place = Link(EPOCH, 1, jws.chain_hash(tokens[1]))
    ordered = _ordered(near.keys.private("command"))
    order = commands.Asked(jws.chain_hash(ordered["command"]), "jti-1", b"")
    done = near.notary.reply(commands.Answer(order, "done", "", {"visits": 3}))
    made = {
        "result": checked.token,
        "epoch": tokens[0],
        "key": changed,
        "key-proof": proof,
        "receipt": said.receipt(DEVICE, place, LATER_S),
        "refusal": said.refusal(DEVICE, place, "wrong_environment", LATER_S),
        "ask": ask,
        "anchor": near.notary.time_anchor(MOMENT),
        "decision": decision,
        "dispute": dispute,
        "question": question,
        "visit": visit.token,
        "answer": answer,
        "numbers": numbers,
        "reply": done,
        **ordered,
    }
    return {"person": opened, **{name: payload(one) for name, one in made.items()}}


def _ordered(key: Path) -> dict[str, str]:
    life = words.Life(LATER_S, LATER_S + 60)
    orders_of = words.OrderWords(key)
    level = orders.SetLogLevel(level="debug", for_s=60)
    config = orders.Overrides(telemetry_every_s=60)
    usual = {"aud": DEVICE, "iat": LATER_S, "exp": LATER_S + 60, "transaction": "t-1"}
    start = visit_orders.Start(
        **usual,  # type: ignore[arg-type]
        jti="jti-3",
        counter=7,
        purpose=Purpose.NEW_NUMBER,
    )
    cancel = visit_orders.Cancel(**usual, jti="jti-4", counter=8)  # type: ignore[arg-type]
    signer = FileSigner(key)
    return {
        "command": orders_of.command(DEVICE, EPOCH, 1, level, life),
        "desired": orders_of.desired(DEVICE, 1, config, life),
        "start": words.signed(signer, messages.to_json(start), visit_orders.START),
        "cancel": words.signed(signer, messages.to_json(cancel), visit_orders.CANCEL),
    }


def watcher(
    broker: Mosquitto, topic: str, hear: Callable[[str, bytes], None]
) -> Client:
    """Return a client of another make of code that tells all that it hears."""

    def tell(_client: Client, _data: object, message: MQTTMessage) -> None:
        hear(message.topic, bytes(message.payload))

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = tell
    client.connect(broker.host, broker.port)
    client.subscribe(topic, qos=1)
    client.loop_start()
    return client


async def plain(folder: Path, clip: Path) -> dict[str, bytes]:
    """Run a whole daemon on a real broker; return what it says of itself, by topic."""
    heard: dict[str, bytes] = {}

    def hear(topic: str, payload: bytes) -> None:
        heard[topic.rpartition("/")[2]] = payload

    given = settings(folder, clip)
    with mosquitto(folder) as broker:
        watching = watcher(broker, "likeness/v1/+/+", hear)
        mqtt = {"host": broker.host, "port": broker.port, "telemetry_every_s": 0.5}
        keys = folder / "keys/terminals" / given.terminal.device
        public = {
            f"carrier_{name}_key": str(keys / f"carrier-{name}.jwk")
            for name in ("command", "answer")
        }
        given = msgspec.structs.replace(
            given,
            mqtt=msgspec.structs.replace(given.mqtt, **mqtt),
            keys=msgspec.structs.replace(given.keys, **public),
        )
        async with AsyncExitStack() as stack:
            daemon = await build(given, stack, screen=TextScreen(io.StringIO()))
            task = asyncio.create_task(daemon.run())
            try:
                await until(lambda: set(LEAVES) <= set(heard))
            finally:
                task.cancel()
                await asyncio.wait([task])
                watching.disconnect()
                watching.loop_stop()
    return {leaf: heard[leaf] for leaf in LEAVES}
