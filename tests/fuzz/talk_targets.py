"""What terminal and carrier say beside results: answers, starts, statements, questions.

What is tried is the real hearing on both sides, with real stores. Leaves to others:
commands and desired configurations (`order_targets`), results (`carrier_targets`).
"""

import asyncio
import contextlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from deliveries import DEVICE
from fuzz import tokens
from fuzz.engine import Subject, Target, without_values
from fuzz.message_targets import Heard, behind_a_byte, listening
from fuzz.mutate import Dice, any_bytes
from fuzz.tokens import NOW, Resigned
from likeness.core import asks, jws, messages, visit_orders
from likeness.core.chain import Stored
from likeness.core.line import Arrived
from likeness.core.scene import NumberLine
from likeness.core.statement_queue import Signed
from likeness.core.vocabulary import Purpose
from likeness.edges import sealer
from likeness.edges.signer import FileSigner
from likeness.edges.store_statements import SqliteStatements
from likeness.edges.verifier import CarrierAnswers, CarrierVerifier
from likeness.edges.visit_key import EphemeralKey
from likeness.errors import Untrusted
from likeness.service.inquiry import CarrierInquiry
from likeness.service.remote_start import RemoteStart
from likeness.service.statements import SignedStatements
from likeness.service.timekeeping import Timekeeping
from likeness.talk import Answers
from results import Bench, FixedClock, bench
from signed_orders import Post
from talks import CHECKED, NUMBERS, REFERRED, WHOLE, Carrier, FakeTerminal, first, link

EACH_S = 10.0  # between two orders, so that no brake is ever full
TURNS = 12  # of the loop, until nothing is left to do
CARDLESS = replace(REFERRED, card=None, portrait_sha256="")
CARDLESS_SEQ = 3  # in the chain of the carrier's device
VISIT = "t-1"
# The first byte of an input: an answer; one to be sealed; sealed already; an order in
# idle; an order while `VISIT` goes on.
ANSWER, TO_SEAL, SEALED, IDLE, BUSY = b"a", b"n", b"s", b"i", b"b"


class _SteppedClock:
    def __init__(self) -> None:
        self.now_s = 1.0

    def now(self) -> float:
        return self.now_s


# --- the terminal -------------------------------------------------------------------
class Talking:
    """One terminal with a statement and a question that wait for their answers."""

    def __init__(self, folder: Path) -> None:
        self.near: Bench = bench(folder)
        self._loop = asyncio.new_event_loop()
        self._tasks: list[asyncio.Task[None]] = []
        self._loop.run_until_complete(self._begin())

    async def _begin(self) -> None:
        near, self._clock, self._post = self.near, _SteppedClock(), Post()
        await near.store.open()
        self._store = SqliteStatements(near.store)
        keys = near.keys
        known = CarrierAnswers(DEVICE, keys.public("answer"))
        self._time = Timekeeping(FixedClock(), released_s=0)
        self.statements = SignedStatements(
            notary=near.notary,
            store=self._store,
            time=self._time,
            clock=self._clock,
            say=self._post,
            choose=lambda: 0.5,
        )
        self.inquiry = CarrierInquiry(
            notary=near.notary,
            verifier=known,
            make_key=EphemeralKey,
            statements=self.statements,
            time=self._time,
            say=self._post,
        )
        self._ears = Answers(self.statements, self.inquiry, known, self._time)
        self.start = RemoteStart(
            device=DEVICE,
            verifier=CarrierVerifier(
                DEVICE,
                receipt_key=keys.public("receipt"),
                visit_key=keys.public("visit"),
            ),
            notary=near.notary,
            memory=near.store,
            time=self._time,
            clock=self._clock,
            terminal=FakeTerminal(),
            say=self._post,
        )
        self._lines: list[tuple[NumberLine, ...] | None] = []
        self.stated = await self._state(await near.record(REFERRED))
        self.asked = self._ask(await near.record(CHECKED))
        jobs = (self.statements.run(), self.start.run())
        self._tasks = [asyncio.create_task(one) for one in jobs]
        await asyncio.sleep(0.05)

    async def _state(self, about: Stored) -> Signed:
        await self.statements.decision(
            transaction=REFERRED.transaction,
            result=link(about),
            decision="refuse",
            reason="other",
            attendants=("a-1",),
        )
        return (await self._store.statements())[0]

    def _ask(self, about: Stored) -> Any:
        """Ask; return what is asked, which is put again before each input."""
        self.inquiry.ask(CHECKED, about, lambda _visit, said: self._lines.append(said))
        return self.inquiry._asked

    def try_one(self, data: bytes) -> str:
        how, payload = data[:1], data[1:]
        if how in (IDLE, BUSY):
            return self._loop.run_until_complete(self._order(how, payload))
        if how == TO_SEAL:
            key = self.asked.key.public
            jwk = {name: getattr(key, name) for name in ("kty", "crv", "x", "y", "kid")}
            payload = sealer.seal_to(jwk, payload).encode()
        return self._loop.run_until_complete(self._answer(payload))

    async def _answer(self, payload: bytes) -> str:
        self.asked.over.clear()
        self.inquiry._asked = self.asked
        del self._lines[:]
        self._ears.hear(Arrived(messages.topic(DEVICE, "answer"), payload))
        if self._lines:
            return f"numbers {_harmless(self._lines)}"
        waiting = self.stated in await self._settled()
        if not waiting:
            self._meant(payload)
            await self.near.store.change("a test", _forget_all)  # also what is aside
            await self._store.keep_statement(self.stated)
            self.statements._queue._waiting.append(self.stated)
        return f"answer {'stray' if waiting else 'taken'}"

    async def _settled(self) -> list[Signed]:
        """Let what was heard take effect; return what waits after it."""
        counts = _outcomes(self.statements)
        while _outcomes(self.statements) == counts:
            self._still_runs()
            await asyncio.sleep(0.0005)
        return await self._store.statements()

    def _meant(self, payload: bytes) -> None:
        """Only an answer to this very statement may take it off the disk."""
        said = json.loads(jws.decode(payload.split(b".")[1].decode()))
        if (said["ask"], said["of"]) != (self.stated.jti, self.stated.hash):
            raise AssertionError("a statement was forgotten by another's answer")

    async def _order(self, how: bytes, payload: bytes) -> str:
        self._clock.now_s += EACH_S
        shop, self.start._counter = FakeTerminal(), 0
        if how == BUSY:
            shop.begin(purpose=Purpose.NEW_NUMBER, transaction=VISIT)
        self.start._terminal = shop
        begun = len(shop.begun)
        del self._post.messages[:]
        self.start.hear(Arrived(messages.topic(DEVICE, "visit"), payload, 0, b"c"))
        for _ in range(TURNS):
            await asyncio.sleep(0.0005)
            if self._post.messages:
                break
        self._still_runs()
        if len(shop.begun) > begun or shop.posted:
            said = json.loads(jws.decode(payload.split(b".")[1].decode()))
            if said["aud"] != DEVICE or said["counter"] != self.start._counter > 0:
                raise AssertionError("an order was obeyed that was not for us, or late")
            if shop.posted and said["transaction"] != VISIT:
                raise AssertionError("another visit was cancelled")
            return "order obeyed"
        return "refused order"

    def _still_runs(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()
                raise AssertionError("who hears has ended")

    def close(self) -> None:
        self._loop.run_until_complete(self._end())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self.near.store.close()


def _forget_all(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM statement")


def _outcomes(statements: SignedStatements) -> int:
    """Return how many answers have had their effect."""
    names = ("kept", "refused", "stray_answers")
    return sum(statements.counts().get(name, 0) for name in names)


def _harmless(said: list[tuple[NumberLine, ...] | None]) -> str:
    """See that numbers are told once, few, and shown by no repr; say how many."""
    (lines,) = said
    if lines is None:
        return "refused"
    if len(lines) > asks.NUMBERS_AT_MOST:
        raise AssertionError("more numbers than an answer may have")
    if any(one.number in repr(one) for one in lines if len(one.number) > 4):
        raise AssertionError("a number is shown")
    return "answered"


def _talking(folder: Path) -> Subject:
    far = Talking(folder)
    keys = {
        name: FileSigner(far.near.keys.private(name)) for name in ("answer", "visit")
    }
    seeds = [*_answers(far, keys["answer"]), *_orders(keys["visit"])]
    inner = behind_a_byte(Resigned({one.kid: one for one in keys.values()}))

    def mutate(dice: Dice, data: bytes, other: bytes) -> bytes:
        if data[:1] == SEALED:
            return SEALED + any_bytes(dice, data[1:], other[1:])
        return inner(dice, data, other)

    return Subject(seeds, mutate, far.try_one, far.close)


def _answers(far: Talking, key: FileSigner) -> list[bytes]:
    # Any: text and numbers, spread over structs whose members are typed.
    head: dict[str, Any] = {"aud": DEVICE, "jti": "j", "iat": NOW, "exp": NOW + 60}
    stated, asked = far.stated, far.asked
    kept = asks.Answer(**head, ask=stated.jti, of=stated.hash, outcome="kept")
    refused = asks.Answer(
        **head, ask=stated.jti, of=stated.hash, outcome="refused", reason="not_referred"
    )
    unanswered = asks.Answer(
        **head, ask=asked.jti, of=asked.hash, outcome="refused", reason="too_late"
    )
    one = asks.Number(number="138****5678", place="杭州", ref="r" * 22)
    numbers = asks.Numbers(
        **head,
        ask=asked.jti,
        of=asked.hash,
        transaction=asked.transaction,
        key=asked.key.public.kid,
        numbers=[one],
    )
    sealed = tokens.signed_by(key, numbers, asks.NUMBERS)
    jwk = asked.key.public
    whole = sealer.seal_to(
        {name: getattr(jwk, name) for name in ("kty", "crv", "x", "y", "kid")}, sealed
    )
    plain = [
        ANSWER + tokens.signed_by(key, said, asks.ANSWER)
        for said in (kept, refused, unanswered)
    ]
    return [*plain, TO_SEAL + sealed, SEALED + whole.encode()]


def _orders(key: FileSigner) -> list[bytes]:
    head: dict[str, Any] = {"aud": DEVICE, "jti": "o", "iat": NOW, "exp": NOW + 300}
    start = visit_orders.Start(
        **head, counter=5, transaction=VISIT, purpose=Purpose.NEW_NUMBER
    )
    cancel = visit_orders.Cancel(**head, counter=6, transaction=VISIT)
    said = (
        tokens.signed_by(key, start, visit_orders.START),
        tokens.signed_by(key, cancel, visit_orders.CANCEL),
    )
    return [how + one for how in (IDLE, BUSY) for one in said]


# --- the carrier --------------------------------------------------------------------
def _carrier(folder: Path) -> Subject:
    """Statements and questions about results that the carrier keeps."""
    near = bench(folder)
    far = Carrier(near, folder, numbers=NUMBERS, answers=True)
    seeds = asyncio.run(_asks(near, far))
    exit_ = contextlib.ExitStack()
    heard: Heard = exit_.enter_context(listening())

    def run(data: bytes) -> str:
        before = far.ingest.counts["dropped"]
        said = far.ingest.handle([Arrived(messages.topic(DEVICE, "ask"), data)]).said
        for one in said:
            if any(number in one.token for number in WHOLE):
                raise AssertionError("a whole number leaves the carrier")
        if far.ingest.counts["dropped"] > before:
            return f"refused Untrusted: {without_values(heard.why)}"
        return f"said {' '.join(one.leaf for one in said)}"

    def close() -> None:
        _check(far)
        far.store.close()
        exit_.close()

    return Subject(seeds, Resigned({near.signer.kid: near.signer}), run, close)


async def _asks(near: Bench, far: Carrier) -> list[bytes]:
    """Return asks that are all taken: of each kind one, and a second decision."""
    await near.store.open()
    referred, checked = await near.record(REFERRED), await near.record(CHECKED)
    cardless = await near.record(CARDLESS)
    begun = await first(near)
    await near.store.close()
    far.take(begun, referred.token, checked.token, cardless.token)
    key = EphemeralKey()
    question = near.notary.ask(
        *(asks.QUESTION, "q", CHECKED.transaction, link(checked)),
        ask="check_numbers",
        key=key.public,
    )
    token = key.open(far.answer(question).encode())
    numbers = messages.from_json(
        jws.parse(token, types=(asks.NUMBERS,)).payload, asks.Numbers
    )
    dispute = near.notary.ask(
        *(asks.DISPUTE, "d", CHECKED.transaction, link(checked)),
        ask="dispute",
        answer=numbers.jti,
        numbers=[one.ref for one in numbers.numbers],
    )
    decisions = [
        near.notary.ask(
            *(asks.DECISION, f"a{n}", REFERRED.transaction, link(about)),
            ask="decision",
            decision=decision,
            reason="other",
            attendants=["a-1"],
        )
        for n, (about, decision) in enumerate(
            ((referred, "accept"), (cardless, "refuse"), (cardless, "accept"))
        )
    ]
    return [one.encode() for one in (question, dispute, *decisions)]


def _check(far: Carrier) -> None:
    """Whatever was said: one word on each visit, and nobody nameless accepted."""
    said: dict[tuple[str, int], str] = {}
    for one in far.store.stated():
        if one.what != "decision":
            continue
        if said.setdefault((one.epoch, one.seq), one.decision) != one.decision:
            raise AssertionError("two decisions that contradict each other are kept")
        if one.verdict != "referred":
            raise AssertionError("a decision on what was not referred is kept")
        if (one.decision, one.seq) == ("accept", CARDLESS_SEQ):
            raise AssertionError("somebody was accepted who has no name")


TARGETS = (
    Target("terminal's talk", _talking, (Untrusted,), share=0.3, renew_every=2000),
    Target("carrier's talk", _carrier, (Untrusted,), share=0.5, renew_every=2000),
)
