"""What tests of the register need: signed results of the field, and their carrier.

Terminals sign, the real ingest takes in, the real API answers over a socket; what is
played is vision, and the clock.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from broker import free_port
from likeness.carrier.ingest import Ingest
from likeness.carrier.register.api import serve_api
from likeness.carrier.register.numbers import REGISTER
from likeness.carrier.register.register import Register
from likeness.carrier.settings import Numbers, Settings, Web
from likeness.core import asks, jws, messages
from likeness.core.chain import Stored
from likeness.core.challenge import commitment, draw
from likeness.core.report import DeviceFacts
from likeness.core.vocabulary import (
    ActFinding,
    Card,
    CardKind,
    Conclusion,
    Environment,
    NonceSource,
    Purpose,
)
from likeness.edges import desk_token
from likeness.edges.visit_key import EphemeralKey
from results import ACCEPTED, FACTS, NAME, NUMBER, Bench, bench
from talks import Carrier, first, link

FIELD = replace(FACTS, environment=Environment.PRODUCTION)
ADA, BEN = NUMBER, "11010119851231MARKEDOTHER"
MOBILE, OTHER_MOBILE = "13812345678", "13900000001"


def card(number: str = ADA, kind: CardKind = CardKind.RESIDENT) -> Card:
    """A card as a reader gives it."""
    return Card(kind=kind, number=number, name=NAME, checked=("sam_authenticated",))


@dataclass
class Terminal:
    """One terminal: it asks for nonces, draws the acts, signs."""

    near: Bench
    far: Carrier
    facts: DeviceFacts

    @property
    def device(self) -> str:
        return self.facts.device

    def nonce(self, transaction: str, purpose: Purpose) -> tuple[bytes, bytes]:
        """Ask the carrier for a visit; return its nonce and our own."""
        own = secrets.token_bytes(32)
        ask = self.near.notary.ask_visit(
            commitment=jws.encode(commitment(own)),
            transaction=transaction,
            purpose=purpose,
        )
        (said,) = self.far.said(ask, device=self.device)
        payload = jws.decode(said.token.split(".")[1])
        given = messages.from_json(payload, messages.Visit)
        return jws.decode(given.nonce), own

    def conclusion(
        self,
        transaction: str,
        purpose: Purpose = Purpose.NEW_NUMBER,
        *,
        of: Card | None = None,
        nonces: tuple[bytes, bytes] | None = None,
        **other: Any,  # members of a conclusion
    ) -> Conclusion:
        """What a visit with our carrier's nonce comes to."""
        carrier, own = nonces or self.nonce(transaction, purpose)
        drawn = draw(
            carrier_nonce=carrier, device_nonce=own, transaction=transaction, count=4
        )
        acts = (
            ActFinding(act, asked_s=2.0 * at, answered_s=2.0 * at + 1.0)
            for at, act in enumerate(drawn.acts)
        )
        made = replace(
            ACCEPTED,
            purpose=purpose,
            transaction=transaction,
            nonce=jws.encode(carrier),
            nonce_source=NonceSource.CARRIER,
            device_nonce=jws.encode(own),
            acts=tuple(acts),
            card=of or card(),
        )
        return replace(made, **other)

    async def sign(self, conclusion: Conclusion) -> Stored:
        """Make a result that the carrier has not heard of."""
        return await self.near.record(conclusion)

    def send(self, *results: Stored) -> None:
        """Hand results to the carrier."""
        self.far.take(*(one.token for one in results), device=self.device)

    async def visit(self, transaction: str, *given: Any, **other: Any) -> Stored:
        """Make a whole visit: nonce, acts, result, delivery."""
        stored = await self.sign(self.conclusion(transaction, *given, **other))
        self.send(stored)
        return stored

    def decide(self, stored: Stored, transaction: str, decision: str = "accept") -> str:
        """State what attendants decided; return the outcome."""
        token = self.near.notary.ask(
            asks.DECISION,
            secrets.token_hex(16),
            transaction,
            link(stored),
            ask="decision",
            decision=decision,
            reason="looked at the card",
            attendants=["a-1"],
        )
        return _told(self.far.answer(token, self.device))

    def numbers(self, stored: Stored, transaction: str) -> asks.Numbers:
        """Ask which numbers stand under the name of who was accepted."""
        key = EphemeralKey()
        token = self.near.notary.ask(
            asks.QUESTION,
            secrets.token_hex(16),
            transaction,
            link(stored),
            ask="check_numbers",
            key=key.public,
        )
        inside = key.open(self.far.answer(token, self.device).encode()).decode()
        return messages.from_json(jws.decode(inside.split(".")[1]), asks.Numbers)

    def dispute(
        self, stored: Stored, transaction: str, of: asks.Numbers, *refs: str
    ) -> str:
        """State that numbers are somebody else's; return the outcome."""
        token = self.near.notary.ask(
            asks.DISPUTE,
            secrets.token_hex(16),
            transaction,
            link(stored),
            ask="dispute",
            answer=of.jti,
            numbers=list(refs),
        )
        return _told(self.far.answer(token, self.device))


def _told(answer: str) -> str:
    return str(json.loads(jws.decode(answer.split(".")[1]))["outcome"])


@dataclass
class Office:
    """One carrier with its terminals, and its settings."""

    folder: Path
    place: str
    far: Carrier
    terminal: Terminal
    others: contextlib.AsyncExitStack = field(repr=False)

    @property
    def ingest(self) -> Ingest:
        return self.far.ingest

    def settings(
        self, *, port: int = 0, token_file: str = "", **rules: Any
    ) -> Settings:
        return Settings(
            keys=str(self.folder / "keys/carrier"),
            database=self.place,
            register=Numbers(**rules),
            api=Web(port=port, token_file=token_file),
        )

    @contextlib.contextmanager
    def register(self, **rules: Any) -> Any:
        """Open the register by itself; its clock is the carrier's."""
        one = Register(self.settings(**rules), lambda: self.far.now)
        try:
            yield one
        finally:
            one.close()

    async def another(self, device: str) -> Terminal:
        """Set up one more terminal of this carrier."""
        facts = replace(FIELD, device=device)
        near = bench(self.folder, facts=facts, store=f"state-{device}")
        await near.store.open()
        self.others.push_async_callback(near.store.close)
        made = Terminal(near, self.far, facts)
        self.far.take(await first(near), device=device)
        return made

    @contextlib.asynccontextmanager
    async def api(self, **rules: Any) -> AsyncIterator["Client"]:
        """Serve the API; its clock is the carrier's."""
        token_file, port = self.folder / "token", free_port()
        desk_token.put_new(token_file, "billing")
        settings = self.settings(port=port, token_file=str(token_file), **rules)
        up = asyncio.Event()
        serving = asyncio.ensure_future(
            serve_api(settings, utc=lambda: self.far.now, told=up.set)
        )
        opened = asyncio.ensure_future(up.wait())
        await asyncio.wait([serving, opened], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        token = token_file.read_text().split()[-1]
        shown = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=shown) as session:
            yield Client(f"http://127.0.0.1:{port}", session, token)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


@dataclass
class Client:
    """A system of the carrier's own."""

    base: str
    session: aiohttp.ClientSession
    token: str

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.session.get(self.base + path) as answer:
            return answer.status, await answer.json(content_type=None)

    async def post(self, path: str, **said: Any) -> tuple[int, Any]:
        async with self.session.post(self.base + path, json=said) as answer:
            return answer.status, await answer.json(content_type=None)

    async def open(self, name: str, purpose: str = "new_number", **more: Any) -> None:
        """Open a transaction, which must be new."""
        status, said = await self.post(
            "/v1/transactions", transaction=name, purpose=purpose, **more
        )
        assert (status, said["transaction"]) == (201, name), said

    async def bind(
        self, name: str, number: str = MOBILE, kind: str = "mobile", **more: Any
    ) -> tuple[int, Any]:
        path = f"/v1/transactions/{name}/bind"
        return await self.post(path, number=number, kind=kind, **more)

    async def refused(self, name: str, *number: str) -> str:
        """Bind what must be refused; return the reason's name."""
        status, said = await self.bind(name, *number)
        assert status in (404, 409, 422), said
        assert said["type"] == f"urn:likeness:carrier:{said['reason']}"
        assert said["title"]
        assert said["detail"]
        return str(said["reason"])

    async def state(self, number: str = MOBILE, kind: str = "mobile") -> str:
        status, said = await self.post("/v1/numbers/lookup", number=number, kind=kind)
        assert status == 200, said
        return str(said["state"])


@contextlib.asynccontextmanager
async def office(
    folder: Path, place: str, environment: Environment = Environment.PRODUCTION
) -> AsyncIterator[Office]:
    """Make a carrier for the field, with one terminal that is enrolled there."""
    facts = replace(FIELD, environment=environment)
    async with contextlib.AsyncExitStack() as stack:
        near = bench(folder, facts=facts)
        await near.store.open()
        stack.push_async_callback(near.store.close)
        far = Carrier(
            near,
            folder,
            numbers=REGISTER,
            answers=True,
            place=place,
            environment=environment,
        )
        stack.callback(far.store.close)
        far.take(await first(near))
        yield Office(folder, place, far, Terminal(near, far, facts), stack)
