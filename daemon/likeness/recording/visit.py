"""One visit of one consenting person, filmed: the field's own parts, and no result.

The terminal, its session, camera, models, readers and page are the daemon's; a tape
stands between camera and vision. Where a result would be signed and committed, the
recording is sealed and written, so a visitor hears "done" only of what is on the disk.
Nothing is signed, numbered or delivered. Whatever stops a visit on somebody's wish
leaves nothing. Leaves to others: the question in lines of text, and whom the file is
for (commands/record.py).
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from likeness import cameras, config, front, models_in_use, parts
from likeness.core import profile
from likeness.core.chain import Stored
from likeness.core.glance import State
from likeness.core.session import Session
from likeness.core.visit_events import CardPresented, ConsentGiven
from likeness.core.vocabulary import Conclusion, Consent, Reason
from likeness.edges import process_memory
from likeness.edges.clock import SystemClock
from likeness.edges.model_sets import ModelSets
from likeness.errors import StoreFull, UsageError
from likeness.models_in_use import Chosen
from likeness.recording import keeping
from likeness.recording.keeping import Folder
from likeness.recording.members import Recording, members_of
from likeness.recording.stand_ins import (
    BLANK,
    Farewell,
    KeptPortrait,
    Nameless,
    NoPortrait,
    facts_of,
    readers_of,
    without_shop,
)
from likeness.recording.tape import Tape
from likeness.recording.wish import Outcome, Wish
from likeness.recording.words import Asking
from likeness.service.ports import Screen
from likeness.service.readers import Readers
from likeness.sight import SightOnThread
from likeness.vision.look import Looker

MIB = 1 << 20
OPENED_WITHIN_S = 120.0
SEEN_OFF_S = 6.0  # the last words stand so long on the page
# These are wishes of who is filmed, or leave nothing to look at.
NOTHING_KEPT = frozenset(
    {
        Reason.CONSENT_REFUSED,
        Reason.CANCELLED,
        Reason.ATTENDANT_ASKED,
        Reason.CARD_REMOVED,
    }
)


class Filming:
    """One recording; `run` makes it.

    Args:
        settings: the terminal's.
        wish: what is to be recorded.
        asking: the words of the consent.
        folder: where it is kept.
        screen: is told beside the page, or in its place.
        consent: given before, where no page asks for it.
        say: tells the attendant.
    """

    def __init__(
        self,
        settings: config.Config,
        wish: Wish,
        *,
        asking: Asking,
        folder: Folder,
        screen: Screen,
        consent: Consent | None = None,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._settings = without_shop(settings, asking)
        self._wish = wish
        self._asking = asking
        self._folder = folder
        self._consent = consent
        self._say = say
        self._clock = SystemClock()
        self._screen = Farewell(
            screen, lambda: bool(self.outcome.path), with_card=wish.with_card
        )
        self._portraits: KeptPortrait | None = None
        self._reading: Readers | None = None
        self.outcome = Outcome()

    async def run(self) -> Outcome:
        """Ask, film, seal; return what came of it.

        Raises:
            ConfigError, ModelError: something of the configuration cannot be used.
            UsageError: nobody opened the page.
        """
        async with AsyncExitStack() as stack:
            tape = Tape(
                cameras.camera_at_start(
                    self._settings.camera, self._settings.terminal.environment
                ),
                seconds=self._wish.seconds,
                most_bytes=self._settings.record.most_mib * MIB,
            )
            stack.callback(tape.close)
            try:
                await self._film(tape, stack)
            except asyncio.CancelledError:  # during the last words there is a file
                if self.outcome.path is not None:
                    self.outcome.path.unlink(missing_ok=True)
                raise
            finally:
                await tape.finish(keep=False)
        return self.outcome

    async def _film(self, tape: Tape, stack: AsyncExitStack) -> None:
        chosen = models_in_use.sound_set(
            self._settings, ModelSets(Path(self._settings.terminal.state_dir))
        )
        sight = SightOnThread(Looker(chosen.models), wipes=True)
        stack.callback(sight.close)
        policy = self._policy(chosen)
        page = front.build(
            self._front(tape, policy), stack, catalogues=self._asking.catalogues
        )
        if page is not None:
            self._screen.inner = page
        if self._wish.with_card:
            self._reading, self._portraits = readers_of(
                self._settings, lambda: self._terminal, self._screen, self._clock
            )
        terminal = self._terminal = Nameless(
            session=Session(policy, tries_key=b"record"),
            clock=self._clock,
            camera=page.camera if page else tape,
            sight=sight,
            portraits=self._portraits or NoPortrait(),
            screen=self._screen,
            record=lambda end: self._commit(end, tape, chosen),
            seek_card=self._seek,
            watches=[page.stage] if page else [],
            on_observation=page.stage.observed if page else lambda _seen: None,
            stirred=page.stage.refresh if page else lambda: None,
        )
        serving = [
            asyncio.ensure_future(one.run())
            for one in (terminal, page, self._reading)
            if one is not None
        ]
        try:
            await _first(serving, self._visit(page))
        finally:
            for one in serving:
                one.cancel()
            await asyncio.wait(serving)

    async def _visit(self, page: front.Front | None) -> None:
        terminal = self._terminal
        if page is not None:
            await self._opened(page)
        terminal.begin(purpose=self._settings.terminal.purpose, acts=self._wish.acts)
        if self._consent is not None:
            terminal.post(ConsentGiven(self._consent))
        await terminal.concluded.wait()
        if page is not None:
            try:
                async with asyncio.timeout(SEEN_OFF_S):
                    await terminal.at_rest()
            except TimeoutError:
                return

    async def _opened(self, page: front.Front) -> None:
        await page.server.listening.wait()
        self._say(f"the page is at http://127.0.0.1:{self._settings.screen.port}/")
        until = time.monotonic() + OPENED_WITHIN_S
        while not page.server.connected:
            if time.monotonic() > until:
                raise UsageError(
                    f"nobody opened the page within {OPENED_WITHIN_S:.0f} s; see the"
                    " screen, or record with screen.kind 'text'"
                )
            await asyncio.sleep(0.1)

    # --- the end of a visit ---------------------------------------------------------
    async def _commit(self, end: Conclusion, tape: Tape, chosen: Chosen) -> Stored:
        """Seal what was filmed, where a result would be made safe.

        Raises:
            StoreFull: it cannot be written.
        """
        wished = end.consent is not None and not NOTHING_KEPT & set(end.reasons)
        await tape.finish(keep=wished)
        out = self.outcome
        out.conclusion = end
        if not wished or not tape.frames or end.consent is None:
            out.why = ", ".join(end.reasons) or "no frame came"
        else:
            out.frames = len(tape.frames)
            out.length_s = tape.times[-1] - tape.times[0]
            members = members_of(self._recording(end, end.consent, tape, chosen))
            try:
                out.path = await keeping.add(self._folder, members)
            except OSError as problem:
                out.why = f"it cannot be written: {problem.strerror}"
                raise StoreFull(out.why) from problem
        tape.wipe()
        if self._portraits is not None:
            self._portraits.image = None
        asyncio.get_running_loop().call_later(1.0, process_memory.let_go)
        return Stored("", 0, "")

    def _recording(
        self, end: Conclusion, consent: Consent, tape: Tape, chosen: Chosen
    ) -> Recording:
        settings = self._settings
        return Recording(
            conclusion=end,
            consent=consent,
            words=self._asking.words[consent.language or self._asking.language],
            record=settings.record,
            wanted=self._wish.acts,
            frames=tuple(tape.frames),
            times=tuple(tape.times),
            portrait=self._portraits.image if self._portraits else None,
            note=self._wish.note,
            facts=facts_of(settings, chosen, full=tape.full),
        )

    # --- parts ----------------------------------------------------------------------
    def _policy(self, chosen: Chosen) -> profile.Profile:
        """As a replay has it: no carrier, no colours, and the acts that were wished."""
        policy = chosen.policy(parts.policy_of(self._settings))
        return replace(profile.on_bench(policy), light=False, alternatives=frozenset())

    def _front(self, tape: Tape, policy: profile.Profile) -> front.Parts:
        return front.Parts(
            settings=self._settings,
            policy=policy,
            clock=self._clock,
            now_s=lambda: int(time.time()),
            camera=tape,
            terminal=lambda: self._terminal,
            trouble=lambda: None,
            health=lambda: "",
            enter_key=self._enter_key,
            inquiry=lambda: None,
            called=lambda _visit: None,
            beside=self._screen.inner,
        )

    def _enter_key(self, line: str) -> None:
        if self._reading is not None and self._reading.enter is not None:
            self._reading.enter(line)

    def _seek(self) -> None:
        """Look for the card; where none is read, a blank one is taken as laid."""
        if self._reading is not None:
            parts.seek(self._settings, self._terminal, self._reading)
        elif self._terminal.glance.state is State.CARD:
            self._terminal.post(CardPresented(BLANK))


async def _first(
    serving: Sequence[asyncio.Future[None]], visit: Coroutine[Any, Any, None]
) -> None:
    """Wait for the visit; what serves it never ends by itself but by a fault."""
    going: asyncio.Future[None] = asyncio.ensure_future(visit)
    try:
        await asyncio.wait([going, *serving], return_when=asyncio.FIRST_COMPLETED)
        for one in serving:
            if one.done():
                one.result()
        await going
    finally:
        going.cancel()
