"""A clerk's desk for tests: the real server before a real terminal and a real store.

Vision and camera are played, as in the tests of the terminal; time is the test's own.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import visits as v
from broker import free_port
from deaf_camera import DeafCamera
from likeness.core.chain import Stored
from likeness.core.desk_words import HealthReport, Part
from likeness.core.profile import PROFILES
from likeness.core.seen import Attention, Embedding, Observation
from likeness.core.session import Session
from likeness.core.visit_events import AttendantAsked
from likeness.core.vocabulary import Conclusion, Moment, Purpose
from likeness.edges.desk_server import DeskServer
from likeness.edges.desk_tls import DeskTls
from likeness.edges.store_statements import SqliteStatements
from likeness.errors import LikenessError
from likeness.service.desk import Desk
from likeness.service.desk_kept import MOST_VISITS
from likeness.service.desk_memory import DeskMemory
from likeness.service.ports import Frame, Portrait
from likeness.service.terminal import Terminal
from results import MOMENT, Bench, bench

TOKEN = "a-token-for-tests-that-is-long-enough"  # noqa: S105
PROFILE = replace(
    PROFILES["standard"],
    needs_carrier_nonce=False,
    goodbye_s=0.02,
    consent_within_s=30.0,
)


class TestsClock:
    """Runs, and can be put forward."""

    __test__ = False

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return time.monotonic() + self.ahead_s


class NobodyThere(DeafCamera):
    """A camera that sees an empty room, without end."""

    async def start(self) -> None:
        pass

    async def frame(self) -> Frame | None:
        await asyncio.sleep(0.02)
        return Frame(0.0, 1, None)

    async def stop(self) -> None:
        pass


class Blind:
    """Vision that finds nobody."""

    async def enrol(self, portrait: bytes) -> Embedding | None:
        return v.embedding(1)

    async def look(self, frame: Frame, attention: Attention) -> Observation:
        return Observation(frame.captured_s, frame.number, 0, None)

    def forget(self) -> None:
        pass


class AnyPortrait:
    async def decode(self, record: bytes) -> Portrait:
        return Portrait(b"portrait")


class Silent:
    def show(self, state: str, detail: str = "") -> None:
        pass


class PaperStatements:
    """Keeps what was stated in a list; may be told to fail."""

    def __init__(self) -> None:
        self.stated: list[dict[str, Any]] = []  # Any: keyword arguments as they came
        self.fault: LikenessError | None = None

    async def decision(self, **said: Any) -> str:
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        self.stated.append(said)
        return f"statement-{len(self.stated)}"

    async def dispute(self, **said: Any) -> str:
        raise AssertionError("the desk disputes nothing")


WELL = Part(state="well")


@dataclass
class Shop:
    """One terminal with its desk."""

    near: Bench
    clock: TestsClock
    statements: PaperStatements
    terminal: Terminal
    desk: Desk
    server: DeskServer
    port: int
    token_file: Path
    answered: list[int]
    slow_record_s: float = 0.0
    record_fault: LikenessError | None = None

    def url(self, path: str) -> str:
        scheme = "https" if self.server.place.is_tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}{path}"


def ask_attendant(terminal: Terminal, *, with_card: bool = True) -> None:
    """Let the visitor, who is asked for consent, lay a card and call for a person."""
    if with_card:
        terminal.card_laid(v.card(), Purpose.NEW_NUMBER, "2026-11")
    terminal.post(AttendantAsked(terminal.glance.visit))


async def _recorded(shop: Callable[[], Shop], conclusion: Conclusion) -> Stored:
    await asyncio.sleep(shop().slow_record_s)
    if (fault := shop().record_fault) is not None:
        raise fault
    return await shop().near.record(conclusion)


def shop(
    folder: Path,
    *,
    two_persons: bool = False,
    tls: DeskTls | None = None,
    tokens: str = TOKEN,
    port: int = 0,
) -> Shop:
    """Make every part; nothing runs yet."""
    near, clock, statements = bench(folder), TestsClock(), PaperStatements()
    answered: list[int] = []
    token_file = folder / "desk.token"
    token_file.write_text(tokens + "\n")
    token_file.chmod(0o600)
    port = port or free_port()
    desk = Desk(
        terminal=lambda: made.terminal,
        clock=clock,
        wall=WallNow(),
        token=near.store.token,
        recent=lambda: near.store.newest_records(MOST_VISITS),
        statements=lambda: statements,
        memory=DeskMemory(near.store, SqliteStatements(near.store)),
        health=lambda: HealthReport(
            reader=WELL,
            camera=WELL,
            broker=Part(state="lost", detail="refused"),
            screen=WELL,
            clock=WELL,
            disk=WELL,
            outbox_waiting=2,
            obstacle=made.terminal.obstacle,
            software="0",
            two_persons=two_persons,
        ),
        two_persons=two_persons,
        answered=lambda: answered.append(1),
    )
    terminal = Terminal(
        session=Session(PROFILE, tries_key=b"test"),
        clock=clock,
        camera=NobodyThere(),
        sight=Blind(),
        portraits=AnyPortrait(),
        screen=Silent(),
        record=lambda conclusion: _recorded(lambda: made, conclusion),
        watches=(desk,),
    )
    server = DeskServer(
        desk,
        host="127.0.0.1",
        port=port,
        token_file=token_file,
        tls=tls,
        seconds=clock.now,
    )
    made = Shop(
        near, clock, statements, terminal, desk, server, port, token_file, answered
    )
    return made


class WallNow:
    """The wall clock of this machine, believed."""

    def moment(self) -> Moment:
        return MOMENT


@asynccontextmanager
async def running(made: Shop) -> AsyncIterator[Shop]:
    """Run terminal, desk and server."""
    await made.near.store.open()
    serving = asyncio.create_task(made.terminal.run())
    desk = asyncio.create_task(made.server.run())
    try:
        opened = asyncio.create_task(made.server.door.open.wait())
        done, _ = await asyncio.wait(
            [opened, desk], timeout=10, return_when=asyncio.FIRST_COMPLETED
        )
        assert done, "the desk does not open"
        if desk in done:
            desk.result()
        yield made
    finally:
        for task in (desk, serving):
            task.cancel()
        await asyncio.wait([desk, serving])
        await made.near.store.close()


@asynccontextmanager
async def client(
    made: Shop, *, token: str = TOKEN, **more: Any
) -> AsyncIterator[aiohttp.ClientSession]:
    """A program of the shop, with its token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(
        headers=headers, timeout=aiohttp.ClientTimeout(total=20), **more
    ) as session:
        yield session


def certificate(folder: Path) -> tuple[DeskTls, str]:
    """Make a certificate of 127.0.0.1; return it, and the file that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=90))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "desk.pem", folder / "desk.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    key_file.chmod(0o600)
    return DeskTls(str(cert_file), str(key_file)), str(cert_file)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what a test can see."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)
