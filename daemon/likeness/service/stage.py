"""The visitor's page as the daemon sees it: scenes out, taps in.

Hears what the terminal says to its screen, what vision sees and how visits begin and
end; makes one scene of it and tells whoever listens. A tap counts once, and only in the
scene that offered it: a scene has a new serial when other things are offered, not when
only a hint or a sentence changed. Nothing of a visit stays here after its end. Leaves
to others: which scene follows from which facts (core/scenery.py), the rules of a visit
(the session), the wire to the page (edges/page_server.py).
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec

from likeness.core import scene as words
from likeness.core import visit_events as visits
from likeness.core.chain import Stored
from likeness.core.glance import State
from likeness.core.guidance import Asked, Guidance, Picture
from likeness.core.scene import Offer, Scene
from likeness.core.scenery import CLOSED, ConsentText, Facts, Manner, scene_of, spoken
from likeness.core.seen import Observation
from likeness.core.vocabulary import Conclusion, Consent, Purpose
from likeness.service.consents import Consents
from likeness.service.numbers_turn import NumbersTurn
from likeness.service.ports import Clock
from likeness.service.ports_parts import Inquiry
from likeness.service.taps import Taps, event_of
from likeness.service.terminal import Terminal

log = logging.getLogger(__name__)

ON_SCREEN = "screen"  # how a consent was given
LANGUAGE_KEPT_S = 60.0  # chosen by somebody who then went away
LOOK_EVERY_S = 1.0  # at what changes without a word: the line, the readers, the disk
CALL_STANDS_S = 300.0  # where no desk says that the attendant came
SERIALS = 1 << 32
ENDS = ("verdict_", "out_of_service")


class Stage:
    """A `Screen` and a `VisitWatch`.

    Args:
        terminal: made later than its screen, so it is asked for.
        clock: monotonic seconds.
        manner: how visitors are met here.
        texts: the consent text of each language; the first is the default.
        guidance: says what would help the camera.
        picture: what is known of the frame that was looked at last.
        now_s: seconds since 1970, for the consent.
        trouble: why no visitor can be served, as (say, detail).
        health: what the page should say beside; one of `scene.HEALTH` or empty. It is
            asked with every frame.
        enter_key: takes a line that was typed; None: not on this page.
        inquiry: asks the carrier which numbers there are; gives None: nobody can.
        numbers_shown_s: how long they stand on the screen.
        called: told when a visitor calls an attendant; of which visit, or 0.
    """

    def __init__(
        self,
        *,
        terminal: Callable[[], Terminal],
        clock: Clock,
        manner: Manner,
        texts: Mapping[str, ConsentText],
        guidance: Guidance,
        picture: Callable[[], Picture],
        now_s: Callable[[], int],
        trouble: Callable[[], tuple[str, str] | None] = lambda: None,
        health: Callable[[], str] = lambda: "",
        enter_key: Callable[[str], None] | None = None,
        inquiry: Callable[[], Inquiry | None] = lambda: None,
        numbers_shown_s: float = 30.0,
        called: Callable[[int], None] = lambda _visit: None,
    ) -> None:
        self._terminal = terminal
        self._clock = clock
        self._manner = replace(manner, keys_typed=enter_key is not None)
        self._texts = texts
        self._guidance = guidance
        self._picture = picture
        self._consents = Consents(texts, now_s)
        self._trouble = trouble
        self._health = health
        self._enter_key = enter_key or (lambda _line: None)
        self._called = called
        self._numbers = NumbersTurn(
            inquiry=inquiry,
            post=lambda event: self._terminal().post(event),
            changed=self.refresh,
            shown_s=numbers_shown_s,
            now=clock.now,
        )
        self._listeners: list[Callable[[], None]] = []
        self._said = ("starting", "")
        self._language_s = self._called_s = -1e9
        self.language = next(iter(texts))
        self._taps = Taps()
        self._until_s: float | None = None
        self._scene = Scene(
            serial=secrets.randbelow(SERIALS),  # a page of the run before knows it not
            step=words.Step.CLOSED,
            say="starting",
            offers=(Offer.ATTENDANT,),
        )

    # --- for the page ---------------------------------------------------------------
    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are, the default one first."""
        return tuple(self._texts)

    @property
    def scene(self) -> Scene:
        """All that the page draws now."""
        if self._until_s is None:
            return self._scene
        left_s = max(0.0, self._until_s - self._clock.now())
        return msgspec.structs.replace(self._scene, left_s=round(left_s, 1))

    def subscribe(self, changed: Callable[[], None]) -> None:
        """Tell `changed` of every new scene; it asks for it."""
        self._listeners.append(changed)

    def text_stands(self, language: str) -> None:
        """The page shows the consent in this language; empty: no page shows it."""
        self._consents.stands(language)

    def consent(self, given: str) -> Consent | None:
        """Return the consent to the text that stands on the screen; None: none does."""
        return self._consents.to_the_shown(given)

    def attendant_came(self) -> None:
        """Somebody took care of the call."""
        self._called_s = -1e9
        self.refresh()

    def unseen(self) -> None:
        """No page shows the scene: then it shows neither text nor colours."""
        self.text_stands("")
        glance = self._terminal().glance
        if glance.state is State.LIGHT:
            self._terminal().post(visits.LightSkipped(glance.visit))

    # --- what the terminal says -----------------------------------------------------
    def show(self, state: str, detail: str = "") -> None:
        """Take what is to be said; see `scene.SAYS`."""
        self._said = spoken(state, detail, self._manner)
        self._taps.reader_spoke()
        self._guidance.asked(self._asked())
        self.refresh()

    def observed(self, seen: Observation) -> None:
        """Take what vision saw in one frame, for the hint."""
        if self._terminal().glance.state in (State.LOOK, State.ACTS):
            self._guidance.see(seen, seen.captured_s, self._picture(), self._asked())
        self.refresh()

    def begun(self, visit: int, purpose: Purpose, transaction: str) -> None:
        """A visit begins."""
        del visit, purpose, transaction
        self._called_s = -1e9  # a call of who was here before is not this visitor's
        self._guidance.begin()

    def concluded(self, conclusion: Conclusion, stored: Stored | None) -> None:
        """It came to an end; some ask the carrier something more."""
        if stored is not None:
            self._numbers.concluded(conclusion, stored)
        self.refresh()

    def over(self, visit: int) -> None:
        """Forget the visit."""
        self._guidance.begin()
        self._numbers.over(visit)
        self.language = next(iter(self._texts))
        self.refresh()

    async def run(self) -> None:
        """Look after what changes without a word, until cancelled."""
        while True:
            self.refresh()
            await asyncio.sleep(LOOK_EVERY_S)

    def refresh(self) -> None:
        """See whether the scene is another now, and tell it."""
        now = self._clock.now()
        glance = self._terminal().glance
        facts = self._facts()
        new = scene_of(facts, self._manner, self._scene.serial)
        until_s = glance.until_s
        if glance.state is State.ACTS and glance.asking is None:
            until_s = None  # when the next act comes is not to be foreseen
        elif self._numbers.until_s is not None:
            until_s = self._numbers.until_s  # the session's own end is a little later
        self._forget_language(glance.state, now)
        if new == self._scene and until_s == self._until_s:
            return
        was = self._scene
        if was.called and not new.called:
            self._taps.call_is_over()
        if (new.visit, new.step, new.offers) != (was.visit, was.step, was.offers):
            new = msgspec.structs.replace(new, serial=was.serial + 1)
            self._taps.renew()
        self._scene, self._until_s = new, until_s
        self._tell()

    def _facts(self) -> Facts:
        glance = self._terminal().glance
        say, detail = self._said
        numbers: tuple[words.NumberLine, ...] = ()
        if glance.state is State.IDLE and say != "starting":
            if say in CLOSED:  # said of a trouble that may be over
                say, detail = spoken("idle", "", self._manner)
            say, detail = self._trouble() or (say, detail)
        elif glance.state is State.CONSENT and glance.card_held:
            say, detail = "consent", ""  # it was read, and waits for nothing else
        elif glance.state is State.VERDICT and not say.startswith(ENDS):
            say, detail = "checking", ""  # it is being signed and made safe
        turn = self._numbers.said
        if turn is not None and glance.state is not State.IDLE:
            say, detail, numbers = turn.say, turn.detail, turn.numbers
        looking = glance.state in (State.LOOK, State.ACTS)
        return Facts(
            glance,
            say,
            detail,
            hint=self._guidance.hint if looking else None,
            numbers=numbers,
            called=self._clock.now() - self._called_s < CALL_STANDS_S,
            health=self._health(),
        )

    def _asked(self) -> Asked:
        glance = self._terminal().glance
        return Asked(rest=glance.state is State.LOOK, act=glance.asking)

    def _forget_language(self, state: State, now: float) -> None:
        if state is State.IDLE and now - self._language_s > LANGUAGE_KEPT_S:
            default = next(iter(self._texts))
            if self.language != default:
                self.language = default
                self._tell()

    def _tell(self) -> None:
        for changed in self._listeners:
            changed()

    # --- what the visitor says ------------------------------------------------------
    def speak(self, language: str) -> None:
        """Go on in this language, if there is such a one."""
        if language in self._texts:
            self._language_s = self._clock.now()
            if language != self.language:
                self.language = language
                self._tell()

    def hear(self, tap: words.Tap) -> bool:
        """Obey a tap if its scene still stands and offers it; say whether it did."""
        self.refresh()
        if not self._taps.take(tap, self._scene):
            return False
        match tap:
            case words.Begin(language=language) | words.Agree(language=language):
                if language not in self._texts:
                    return False
                self.speak(language)
            case words.CallAttendant():
                self._called_s = self._clock.now()
            case _:
                pass
        event = self._event(tap, self._scene.visit)
        if event is not None:
            self._terminal().post(event)
        self.refresh()
        return True

    def _event(self, tap: words.Tap, visit: int) -> visits.Event | None:
        """Return what the tap is to the visit; what is not for it is done here."""
        match tap:
            case words.Agree():
                agreed = self._consents.to(self.language, ON_SCREEN)
                return visits.ConsentGiven(agreed, visit)
            case words.CallAttendant():
                log.info("event=attendant_called visit=%d", visit)
                self._called(visit)
                return visits.AttendantAsked(visit) if visit else None
            case words.Begin(purpose=purpose):
                if purpose in self._manner.purposes:
                    self._terminal().begin(purpose=purpose)
            case words.LightShown(since_ms=ms):
                return visits.LightBegun(visit, self._clock.now() - ms / 1000)
            case words.EnterKey(line=lines):
                for line in lines.splitlines():
                    self._enter_key(line)
            case words.NotMine(places=places):
                self._numbers.not_mine(places)
            case _:
                return event_of(tap, visit)
        return None
