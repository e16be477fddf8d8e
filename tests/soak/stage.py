"""One terminal of the product's own parts on the soak's clock, and its carrier.

Real: the reader's driver, the visit's rules, the recorder, the database, the outbox and
the line, mosquitto, the carrier. Played: the reader's device, the camera, the models'
answers. Leaves to others: what is played (shop_floor, seen_clip), the visits (stories).
"""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from broker import Mosquitto
from likeness.core import messages, profile
from likeness.core.chain import ChainHead, Stored
from likeness.core.health_window import HealthRules
from likeness.core.report import DeviceFacts
from likeness.core.seen import Observation
from likeness.core.session import Session
from likeness.core.visit_events import AskNonce
from likeness.core.vocabulary import Environment, Moment, NonceSource, Purpose
from likeness.edges import bench_keys, store_file
from likeness.edges.broker import LineSettings
from likeness.edges.portrait_decoder import CommandPortrait
from likeness.edges.sealer import PersonSealer
from likeness.edges.signer import FileSigner
from likeness.edges.store import Retention, SqliteStore
from likeness.edges.verifier import CarrierVerifier
from likeness.errors import StoreFull
from likeness.service.asking import VisitGrant
from likeness.service.delivery import Delivery
from likeness.service.housekeeping import keep_house
from likeness.service.notary import Notary
from likeness.service.reading import CardReading
from likeness.service.reception import Reception
from likeness.service.recording import Recorder
from likeness.service.terminal import Terminal
from likeness.service.timekeeping import Timekeeping
from likeness.service.updating import WatchedSight
from processes import Program
from soak.far_side import Orders, SharedClock
from soak.seen_clip import SeenAgain, SeenClip
from soak.shop_floor import Camera, OwingLine, Portraits, Reader, Screen
from soak.warp_loop import WarpLoop

TESTS = Path(__file__).parent.parent
DEVICE = "shop-1"
DECODER = (sys.executable, "-m", "likeness.simulators.wlt_decoder", "--pictures")
DECODER_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a soak is made of."""

    folder: Path
    pictures: dict[str, Path]  # of the cards: own, other
    clip: SeenClip
    retention: Retention
    between_s: float  # two visitors, on average
    real_decoder_every: int  # portraits
    on_observation: Callable[[Observation], None] = lambda _seen: None


class WarpClock:
    """`Clock` and `WallClock` of `service.ports`: the loop's time, and a date."""

    def __init__(self, loop: WarpLoop, shown: SharedClock) -> None:
        self._loop = loop
        self._began_s = time.time()
        self._shown = shown
        self.tell(0.0)
        loop.warp.passed = self.tell

    def tell(self, now_s: float) -> None:
        """Let the carrier know what time it is."""
        self._shown.set(self._began_s + now_s)

    def now(self) -> float:
        """Return monotonic seconds."""
        return self._loop.time()

    def moment(self) -> Moment:
        """Return this moment; the network has set the clock."""
        now_s = self._loop.time()
        return Moment(
            utc_s=int(self._began_s + now_s),
            quality="ntp",
            boot="soak",
            mono_ms=int(now_s * 1000),
        )


class Stage:
    """All parts; what stories break is public."""

    def __init__(self, plan: Plan, loop: WarpLoop) -> None:
        folder = plan.folder
        self.keys = bench_keys.make(folder / "keys", DEVICE, (Environment.TEST,))
        self.broker = Mosquitto(folder)
        self.database = folder / "state" / store_file.NAME
        self.carrier_database = folder / "carrier.db"
        self.shared = SharedClock(folder / "clock")
        self.clock = WarpClock(loop, self.shared)
        self.wall = Timekeeping(self.clock)
        self.reader = Reader(loop)
        self.camera = Camera(loop)
        self.screen = Screen()
        self.sight = SeenAgain(plan.clip)
        self.portraits = Portraits(
            loop,
            CommandPortrait(
                [*DECODER, *map(str, plan.pictures.values())], DECODER_WITHIN_S
            ),
            {name: path.read_bytes() for name, path in plan.pictures.items()},
            real_every=plan.real_decoder_every,
        )
        self.disk_full_at: str = ""  # "begin", "commit"
        self.silent_carrier = False
        signer = FileSigner(self.keys.device_key)
        facts = DeviceFacts(
            device=DEVICE,
            software="soak",
            key_tier=signer.key_tier,
            environment=Environment.TEST,
        )
        notary = Notary(facts, signer=signer, clock=self.wall)
        self.store = SqliteStore(
            folder / "state", notary.begin_epoch, retention=plan.retention
        )
        self.line = OwingLine(self._line_settings())
        self._reception = Reception(
            terminal=lambda: self.terminal,
            screen=self.screen,
            purpose=Purpose.NEW_NUMBER,
            consent_text="soak",
        )
        self.reading = CardReading(self.reader, self.clock, self._reception.hear)
        self._watched = WatchedSight(
            self.sight,
            clock=self.clock,
            digest="",
            trial=None,
            rules=HealthRules(),
            keep=lambda _change: None,
        )
        self._asked: AskNonce | None = None
        self.terminal = Terminal(
            session=Session(profile.named("demo"), tries_key=b"soak"),
            clock=self.clock,
            camera=self.camera,
            sight=self._watched,
            portraits=self.portraits,
            screen=self.screen,
            record=Recorder(
                append=self._append,
                signer=signer,
                sealer=PersonSealer(self.keys.public("person")),
                facts=facts,
                clock=self.wall,
            ),
            recorded=lambda stored: self.delivery.stored(stored.seq),
            ask_nonce=self._ask_nonce,
            seek_card=self.reading.seek,
            room=lambda: self.disk_full_at != "begin" and self.store.room(),
            today=self.wall.today,
            on_observation=plan.on_observation,
        )
        self.delivery = Delivery(
            device=DEVICE,
            store=self.store,
            broker=self.line,
            verifier=CarrierVerifier(
                DEVICE,
                receipt_key=self.keys.public("receipt"),
                visit_key=self.keys.public("visit"),
            ),
            notary=notary,
            clock=self.clock,
            time=self.wall,
            choose=random.random,
            telemetry=lambda: {"visits": self.terminal.visits_done},
            on_visit=self._on_visit,
        )
        self.line.waiting = lambda: int(str(self.delivery.snapshot()["outbox_waiting"]))
        loop.warp.owed = lambda: self.line.owed
        loop.warp.let_off = self.line.let_off
        orders = Orders(
            keys=str(self.keys.carrier),
            database=str(self.carrier_database),
            port=self.broker.port,
            clock=str(folder / "clock"),
        )
        self.carrier = Program(
            folder / "carrier.log",
            *(sys.executable, "-m", "soak.far_side"),
            msgspec.json.encode(orders).decode(),
            cwd=TESTS,
        )

    @property
    def quiet(self) -> bool:
        """Whether nothing goes on: no visit, nothing on its way."""
        return self.terminal.idle and self.line.up and self.line.waiting() == 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Serve for the length of a block; the task ends only by a fault."""
        self.broker.start()
        self.carrier.start()
        await self.store.open()
        await self.wall.open(self.store)
        serving = asyncio.create_task(self._serve())
        try:
            yield serving
        finally:
            serving.cancel()
            await asyncio.wait([serving])
            await self.store.close()
            self.carrier.kill()
            self.broker.kill()

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.terminal.run())
            group.create_task(self.reading.run())
            group.create_task(self.delivery.run())
            group.create_task(self._watched.run())
            group.create_task(
                keep_house(
                    self.store.prune,
                    idle=lambda: self.terminal.idle,
                    now_s=self.wall.believed_now,
                )
            )

    async def _append(self, make: Callable[[ChainHead], str]) -> Stored:
        if self.disk_full_at == "commit":
            raise StoreFull("the disk is full; free some room on this disk")
        return await self.store.append(make)

    def _ask_nonce(self, ask: AskNonce) -> None:
        self._asked = ask
        if not self.silent_carrier:
            self.line.asked = self.delivery.ask_visit(
                ask.commitment, ask.transaction, ask.purpose
            )

    def _on_visit(self, grant: VisitGrant) -> None:
        self.line.asked = False
        if self._asked and self._asked.transaction == grant.transaction:
            self.terminal.nonce(self._asked.visit, grant.nonce, NonceSource.CARRIER)

    def _line_settings(self) -> LineSettings:
        return LineSettings(
            host=self.broker.host,
            port=self.broker.port,
            client_id=DEVICE,
            topics=tuple(messages.topic(DEVICE, leaf) for leaf in ("receipt", "visit")),
        )
