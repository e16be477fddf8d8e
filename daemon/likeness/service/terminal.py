"""One visit's events and effects, in order: the file to read first.

Waits for the next event or deadline, gives it to the session, carries out the effects.
Order of evidence: sign and commit, then show, then tell the delivery. Nothing here
decides anything; nothing here is a thread.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from typing import assert_never

from likeness.core import visit_events as visits
from likeness.core.chain import Stored
from likeness.core.glance import Glance
from likeness.core.seen import Observation
from likeness.core.session import Session, State
from likeness.core.vocabulary import (
    CARD_LAID,
    Act,
    Card,
    Conclusion,
    Consent,
    NonceSource,
    Purpose,
    Reason,
    Today,
)
from likeness.errors import KeyLost, StoreFull
from likeness.service.frame_loop import FrameLoop
from likeness.service.ports import Camera, Clock, PortraitSource, Screen, Sight
from likeness.service.ports_parts import Scribe, VisitWatch

log = logging.getLogger(__name__)

NONCE_BYTES = 32


class Terminal:
    """Carries events to the session and its effects to the world.

    Args:
        session: the rules of a visit.
        clock, camera, sight, portraits, screen: the edges.
        record: compose, sign and commit a conclusion; returns after the commit with
            its place in the chain. Raises StoreFull or KeyLost when it cannot be made
            safe.
        recorded: told after the screen, so that delivery may begin.
        ask_nonce: asks the carrier to open a visit; its answer comes by `nonce`.
        seek_card: tells the reader to look for a card.
        room: says whether another result would find room; no room, no visit.
        unfit: says why none should begin now: "too_hot", …; empty: nothing does.
        today: says which day it is, for the card's validity.
        visit_over: told when nothing here refers to the visitor any more.
        watches: told of each visit's beginning and end.
        stirred: told after each event, when all that follows from it was done.
        scribe: writes down each event and what the rules make of it.
    """

    def __init__(
        self,
        *,
        session: Session,
        clock: Clock,
        camera: Camera,
        sight: Sight,
        portraits: PortraitSource,
        screen: Screen,
        record: Callable[[Conclusion], Awaitable[Stored]],
        recorded: Callable[[Stored], None] = lambda _stored: None,
        ask_nonce: Callable[[visits.AskNonce], None] = lambda _ask: None,
        seek_card: Callable[[], None] = lambda: None,
        room: Callable[[], bool] = lambda: True,
        unfit: Callable[[], str] = lambda: "",
        today: Callable[[], Today] = lambda: Today(datetime.now(UTC).date()),
        on_observation: Callable[[Observation], None] = lambda _seen: None,
        visit_over: Callable[[], None] = lambda: None,
        watches: Sequence[VisitWatch] = (),
        stirred: Callable[[], None] = lambda: None,
        scribe: Scribe | None = None,
    ) -> None:
        self._session = session
        self._clock = clock
        self._sight = sight
        self._portraits = portraits
        self._screen = screen
        self._record = record
        self._recorded = recorded
        self._ask_nonce = ask_nonce
        self._seek_card = seek_card
        self._room = room
        self._unfit = unfit
        self._today = today
        self._visit_over = visit_over
        self._watches = watches
        self._stirred = stirred
        self._scribe = scribe
        self._events: asyncio.Queue[
            tuple[visits.Event | BaseException, asyncio.Event | None]
        ] = asyncio.Queue()
        self._frames = FrameLoop(
            camera=camera,
            sight=sight,
            attention=lambda: session.attention,
            seen=on_observation,
            tell=lambda event, taken: self._events.put_nowait((event, taken)),
        )
        self._visits = 0
        self._begins = False  # a visit is told of that the session does not know yet
        self.visits_done = 0
        self.last: Conclusion | None = None
        self.concluded = asyncio.Event()
        self._closed = ""  # why no visit begins any more
        self._rest = asyncio.Event()
        self._rest.set()

    # --- from outside ---------------------------------------------------------------
    @property
    def idle(self) -> bool:
        """Whether no visit is going on."""
        return self._rest.is_set()

    @property
    def glance(self) -> Glance:
        """Where the visit stands."""
        return self._session.glance

    @property
    def camera_lost(self) -> bool:
        """Whether the camera failed and gave no picture since."""
        return self._frames.lost

    @property
    def camera_restarts(self) -> int:
        """How often the camera stalled and was started anew, since our own start."""
        return self._frames.restarts

    @property
    def obstacle(self) -> str:
        """Why no visit can begin now: "busy", "disk_full", …; empty: one can."""
        if self._session.state is not State.IDLE or not self.idle:
            return "busy"
        return self._hindrance()

    def _hindrance(self) -> str:
        return self._closed or ("" if self._room() else "disk_full") or self._unfit()

    async def at_rest(self) -> None:
        """Return as soon as no visit goes on."""
        while not self.idle:  # the next one may have begun before we were woken
            await self._rest.wait()

    def close(self, why: str) -> None:
        """Begin no visit any more; the screen says so."""
        self._closed = why

    def begin(
        self,
        *,
        purpose: Purpose,
        transaction: str = "",
        acts: tuple[Act, ...] | None = None,
        device_nonce: bytes | None = None,
        spare_nonce: bytes | None = None,
        today: date | None = None,
    ) -> int | None:
        """Begin a visit; return its number, or None if none can begin now."""
        if self._session.state is not State.IDLE or self._begins:
            return None
        if why := self._hindrance():
            self._screen.show("out_of_service", why)
            return None
        self._visits += 1
        self._begins = True
        self._rest.clear()
        day = Today(today) if today else self._today()
        transaction = transaction or f"t-{secrets.token_hex(8)}"
        for watch in self._watches:
            watch.begun(self._visits, purpose, transaction)
        self.post(
            visits.Begin(
                visit=self._visits,
                purpose=purpose,
                transaction=transaction,
                device_nonce=device_nonce or secrets.token_bytes(NONCE_BYTES),
                spare_nonce=spare_nonce or secrets.token_bytes(NONCE_BYTES),
                today=day.day,
                acts=acts,
                today_is_known=day.is_known,
            )
        )
        return self._visits

    def card_laid(
        self, card: Card | Reason, purpose: Purpose, consent: str | Consent | None
    ) -> None:
        """A card was read, or lied; laid in idle it begins a visit.

        Also one that lies must end in a signed result, or nobody learns of it.

        Args:
            card: what was read, or why it is not to be believed.
            purpose: of the visit, if one begins.
            consent: what laying it agrees to, or the version of its text; None: to
                nothing, so that the visit keeps the card in memory until somebody
                agrees. Nor does it agree to a visit that somebody else has begun
                and that no screen has shown yet.
        """
        visit: int | None = self.glance.visit
        if self._begins:
            consent = None
        elif self._session.state is State.IDLE:
            visit = self.begin(purpose=purpose)
            if visit is None:
                return
        if isinstance(consent, str):
            consent = Consent(text=consent, given=CARD_LAID)
        if consent is not None:
            self.post(visits.ConsentGiven(consent, visit))
        if isinstance(card, Reason):
            self.post(visits.CardFailed(card))
        else:
            self.post(visits.CardPresented(card))

    def nonce(self, visit: int, nonce: bytes, source: NonceSource) -> None:
        """The carrier opened the visit."""
        self.post(visits.NonceGranted(visit, nonce, source))

    def post(self, event: visits.Event) -> None:
        """Hand in an event; it is taken in order."""
        self._events.put_nowait((event, None))

    # --- the loop -------------------------------------------------------------------
    async def run(self) -> None:
        """Serve visits until cancelled."""
        self._screen.show("idle")
        self._seek_card()
        try:
            while True:
                event, taken = await self._next()
                await self._take(event)
                if taken is not None:
                    taken.set()
        finally:
            await self._frames.end()

    async def _next(self) -> tuple[visits.Event, asyncio.Event | None]:
        deadline = self._session.deadline
        wait_s = None if deadline is None else max(0.0, deadline - self._clock.now())
        try:
            async with asyncio.timeout(wait_s):
                event, taken = await self._events.get()
        except TimeoutError:
            return visits.TimePassed(), None
        if isinstance(event, BaseException):
            raise event
        return event, taken

    async def _take(self, event: visits.Event) -> None:
        now = self._clock.now()
        if isinstance(event, visits.Begin):
            self._begins = False
        if self._scribe is not None:
            self._scribe.took(event, now)
        effects = self._session.handle(event, now)
        if self._scribe is not None:
            self._scribe.gave(effects)
        if log.isEnabledFor(logging.DEBUG) and not isinstance(event, visits.Observed):
            log.debug("%.3f > %r", now, event)
            for effect in effects:
                log.debug("%.3f < %r", now, effect)
        for effect in effects:
            await self._carry_out(effect)
        if self._session.state is State.IDLE and self._events.empty():
            self._rest.set()
        self._stirred()

    async def _carry_out(self, effect: visits.Effect) -> None:
        match effect:
            case visits.Show(state, detail):
                self._screen.show(state, detail)
            case visits.SeekCard():
                self._seek_card()
            case visits.Enrol(visit, card):
                self.post(await self._enrol(visit, card))
            case visits.AskNonce():
                self._ask_nonce(effect)
            case visits.StartLooking(visit):
                self._frames.begin(visit)
            case visits.StopLooking():
                await self._frames.end()
            case visits.Conclude(conclusion):
                await self._conclude(conclusion)
            case visits.VisitOver(visit):
                self.last = None
                for watch in self._watches:
                    watch.over(visit)
                self._seek_card()
                asyncio.get_running_loop().call_soon(self._visit_over)
            case _:
                assert_never(effect)

    # --- the effects that take time -------------------------------------------------
    async def _enrol(self, visit: int, card: Card) -> visits.Enrolled:
        portrait = await self._portraits.decode(card.portrait_record)
        if portrait.image is None:
            log.info("event=no_portrait visit=%d why=%s", visit, portrait.reason)
            return visits.Enrolled(visit, None, reason=Reason.NO_PORTRAIT)
        digest = portrait.digest or hashlib.sha256(portrait.image).hexdigest()
        embedding = await self._sight.enrol(portrait.image)
        reason = None if embedding else Reason.PORTRAIT_NOT_USABLE
        return visits.Enrolled(visit, embedding, digest, reason)

    async def _conclude(self, conclusion: Conclusion) -> None:
        try:
            stored = await self._record(conclusion)
        except (StoreFull, KeyLost) as fault:
            # No evidence, no verdict: the visitor is told to ask an attendant.
            log.warning("event=result_not_safe why=%s", fault)
            why = "disk_full" if isinstance(fault, StoreFull) else "key_lost"
            self._screen.show("out_of_service", why)
            self._tell(conclusion, None)
            self._finish(conclusion.visit, None)
            return
        self._screen.show(f"verdict_{conclusion.verdict}", _first(conclusion.reasons))
        log.info(
            "event=visit_done visit=%d verdict=%s reasons=%s seq=%d",
            conclusion.visit,
            conclusion.verdict,
            ",".join(conclusion.reasons) or "none",
            stored.seq,
        )
        self._recorded(stored)
        self._tell(conclusion, stored)
        self.visits_done += 1
        self._finish(conclusion.visit, conclusion)

    def _tell(self, conclusion: Conclusion, stored: Stored | None) -> None:
        for watch in self._watches:
            watch.concluded(conclusion, stored)

    def _finish(self, visit: int, conclusion: Conclusion | None) -> None:
        self.last = conclusion
        self.concluded.set()
        self.post(visits.Committed(visit))


def _first(reasons: tuple[Reason, ...]) -> str:
    return reasons[0] if reasons else ""
