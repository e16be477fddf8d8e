"""One visit, from consent to the verdict and "please take your card".

    IDLE -Begin-> CONSENT -given-> CARD -presented-> LOOK -rest pose, nonce-> ACTS
      ^                                                 |                       |
      +---- RECEIPT <-Committed- VERDICT <--------------+--- anything that ends it

Where the policy asks for it, LIGHT stands between the last act and the verdict.

A visit ends exactly once, with one Conclude. What belongs to a visit lives in one
object that is dropped at its end. Answers to effects and what the visitor asks for
carry the visit's number; late ones of a former visit are ignored. Leaves to others:
reading, seeing, signing, showing.
"""

from typing import assert_never

from likeness.core import visit_events as e
from likeness.core.acts import Acts, Phase, Step
from likeness.core.challenge import commitment
from likeness.core.glance import Glance
from likeness.core.glance import State as State  # noqa: PLC0414 - for users
from likeness.core.goodbye import Goodbye
from likeness.core.looking import Looking
from likeness.core.profile import Profile
from likeness.core.seen import Attention, Observation
from likeness.core.tries import Tries
from likeness.core.visit import Visit
from likeness.core.vocabulary import CARD_LAID, TURN_ACTS, Card, Consent, Reason
from likeness.core.wishes import Wishes

NOTHING = Attention(eyes=False, embed=None)
LOOKS = (State.LOOK, State.ACTS, State.LIGHT)
ENDED = (State.IDLE, State.VERDICT, State.RECEIPT)


class Session:
    """The rules of a visit; one visit at a time."""

    def __init__(
        self, profile: Profile, *, tries_key: bytes, tries: Tries | None = None
    ) -> None:
        """Begin idle.

        Args:
            profile: the policy.
            tries_key: random, and known to nobody else.
            tries: those of former visits, where a transcript is replayed.
        """
        self._profile = profile
        self._state = State.IDLE
        self._visit: Visit | None = None
        self._tries = tries or Tries(
            most=profile.tries, within_s=profile.tries_within_s, key=tries_key
        )
        # How long a state may last that ends by itself; acts have their own windows.
        self._windows = {
            State.CONSENT: profile.consent_within_s,
            State.CARD: profile.card_within_s,
            State.LOOK: profile.face_within_s,
        }
        self._since_s = 0.0  # since when the present state lasts

    @property
    def state(self) -> State:
        """Where the visit stands."""
        return self._state

    @property
    def deadline(self) -> float | None:
        """When to come back with TimePassed, if nothing happens first."""
        visit = self._visit
        if visit is None:
            return None
        if self._state is State.ACTS:
            return visit.acts.deadline if visit.acts else None
        if self._state is State.LIGHT:
            return visit.light.deadline if visit.light else None
        if self._state is State.RECEIPT:
            return visit.goodbye.until_s if visit.goodbye else None
        if self._state is State.LOOK and visit.camera_break.goes_on:
            return visit.camera_break.deadline
        window_s = self._windows.get(self._state)
        return (
            None if window_s is None else self._since_s + visit.wishes.window(window_s)
        )

    @property
    def glance(self) -> Glance:
        """Say where the visit stands."""
        visit = self._visit
        if visit is None:
            return Glance(self._state)
        return visit.glance(
            self._state, until_s=self.deadline, goes_on=self._state not in ENDED
        )

    @property
    def attention(self) -> Attention:
        """Say what the next frame should be asked."""
        looks = self._state in LOOKS
        return self._visit.attention if self._visit and looks else NOTHING

    def handle(self, event: e.Event, now: float) -> list[e.Effect]:
        """Take in one event; return what must now be done, in order."""
        if isinstance(event, e.Begin):
            return self._begin(event, now)
        visit = self._visit
        if visit is None or self._stale(event, visit):
            return []
        if isinstance(event, e.ByVisitor):
            return self._by_visitor(visit, event, now)
        if isinstance(event, e.Wish):
            return self._by_wish(visit, event, now)
        if isinstance(event, e.OfLight):
            return self._by_light(visit, event, now)
        if isinstance(event, e.ByReader):
            return self._by_reader(visit, event, now)
        if isinstance(event, e.Answer):
            return self._by_answer(visit, event, now)
        if isinstance(event, e.OfPicture):
            return self._by_picture(visit, event, now)
        match event:
            case e.Observed(_, observation):
                return self._observed(visit, observation, now)
            case e.TimePassed():
                return self._time_passed(visit, now)
            case _:
                assert_never(event)

    def _by_visitor(
        self, visit: Visit, event: e.ByVisitor, now: float
    ) -> list[e.Effect]:
        match event:
            case e.ConsentGiven(consent, _):
                return self._consent(visit, consent, now)
            case e.ConsentRefused():
                return self._end(visit, Reason.CONSENT_REFUSED, now)
            case e.Cancelled():
                return self._end(visit, Reason.CANCELLED, now)
            case e.AttendantAsked():
                return self._end(visit, Reason.ATTENDANT_ASKED, now)
            case e.Lingered(_, for_s):
                if visit.goodbye:
                    visit.goodbye.linger(for_s, now)
                return []
            case e.Left():
                return self._leave(visit) if visit.goodbye else []
            case _:
                assert_never(event)

    def _by_wish(self, visit: Visit, event: e.Wish, now: float) -> list[e.Effect]:
        """Hear a wish; one that comes after its window changes nothing any more."""
        deadline = self.deadline
        if self._state in ENDED or deadline is None or now >= deadline:
            return []
        match event:
            case e.MoreTimeAsked():
                visit.wishes.more_time = True  # also of the window that runs
                return []
            case e.AlternativeAsked(_, instead):
                wished = visit.wishes.choose(instead)
                if not wished or visit.acts is None:
                    return []
                return self._stepped(visit, visit.acts.ask_anew(now), now)
            case _:
                assert_never(event)

    def _by_reader(self, visit: Visit, event: e.ByReader, now: float) -> list[e.Effect]:
        match event:
            case e.CardPresented(card):
                return self._card(visit, card, now)
            case e.CardFailed(reason):
                return self._card_failed(visit, reason, now)
            case e.CardTaken():
                return self._taken(visit, now)
            case _:
                assert_never(event)

    def _by_answer(self, visit: Visit, event: e.Answer, now: float) -> list[e.Effect]:
        match event:
            case e.Enrolled():
                return self._enrolled(visit, event, now)
            case e.NonceGranted(_, nonce, source):
                if visit.challenge is None:
                    visit.nonce, visit.nonce_source = nonce, source
                return self._maybe_ask(visit, now)
            case e.Committed():
                return self._committed(visit, now)
            case _:
                assert_never(event)

    def _by_picture(
        self, visit: Visit, event: e.OfPicture, now: float
    ) -> list[e.Effect]:
        if self._state not in LOOKS:
            return []
        match event:
            case e.PictureEnded(reason):
                return self._picture_ended(visit, reason, now)
            case e.PictureStalled():
                if not visit.camera_break.begin(self._state, now):
                    return self._picture_ended(visit, Reason.CAMERA_LOST, now)
                visit.looking.interrupted()
                return [e.Show("camera_restarting")]
            case e.PictureBack():
                if not visit.camera_break.end():
                    return []
                self._go(State.LOOK, now)  # with the whole of its time
                return [e.Show("look_here")]
            case _:
                assert_never(event)

    # --- the steps ------------------------------------------------------------------
    def _begin(self, begin: e.Begin, now: float) -> list[e.Effect]:
        if self._state is not State.IDLE:
            return []
        profile = self._profile
        self._visit = Visit(begin, Looking(profile), Wishes(profile.alternatives))
        self._go(State.CONSENT, now)
        return [e.Show("consent")]

    def _consent(self, visit: Visit, consent: Consent, now: float) -> list[e.Effect]:
        if self._state is not State.CONSENT:
            return []
        visit.consent = consent
        self._go(State.CARD, now)
        held, visit.held = visit.held, None
        if isinstance(held, Card):
            return self._card(visit, held, now)
        if held is not None:
            return self._end(visit, held, now)
        if consent.given == CARD_LAID:
            return [e.SeekCard()]  # it lies there: asking for it again would mislead
        return [e.Show("lay_card"), e.SeekCard()]

    def _card(self, visit: Visit, card: Card, now: float) -> list[e.Effect]:
        if self._state is State.CONSENT:
            visit.held = card
        if self._state is not State.CARD:
            return []
        begin = visit.begin
        wrong = visit.take(card, tries_used_up=self._tries.used_up(card, now))
        if wrong is not None:
            return self._end(visit, wrong, now)
        self._go(State.LOOK, now)
        return [
            e.Show("look_here"),
            e.Enrol(begin.visit, card),
            e.AskNonce(
                begin.visit,
                begin.transaction,
                begin.purpose,
                commitment(begin.device_nonce),
            ),
            e.StartLooking(begin.visit),
        ]

    def _card_failed(self, visit: Visit, reason: Reason, now: float) -> list[e.Effect]:
        if self._state is State.CONSENT and reason is not Reason.CARD_NOT_READ:
            visit.held = reason  # one that only moved is read again
        return self._end(visit, reason, now) if self._state is State.CARD else []

    def _taken(self, visit: Visit, now: float) -> list[e.Effect]:
        visit.held = None
        if self._state in (State.LOOK, State.ACTS) and self._profile.card_must_stay:
            return self._end(visit, Reason.CARD_REMOVED, now)
        if self._state is State.LIGHT:  # who takes it now has done what was asked
            return self._by_light(visit, e.LightSkipped(visit.begin.visit), now)
        if visit.goodbye:
            visit.goodbye.card_taken(now)
        return []

    def _enrolled(self, visit: Visit, event: e.Enrolled, now: float) -> list[e.Effect]:
        visit.enrolled = True
        visit.portrait = event.embedding
        visit.portrait_sha256 = event.portrait_sha256
        if event.embedding is None:
            visit.noted.append(event.reason or Reason.NO_PORTRAIT)
        return self._maybe_ask(visit, now)

    def _observed(self, visit: Visit, seen: Observation, now: float) -> list[e.Effect]:
        if self._state not in LOOKS:
            return []
        broken = visit.looking.see(seen)
        if self._state is State.LOOK:
            if now >= (self.deadline or now):
                return self._time_passed(visit, now)
            return self._maybe_ask(visit, now)
        if visit.light is not None:
            visit.light.see(seen, broken)
            return self._by_light(visit, e.TimePassed(), now)
        if broken is not None:
            return self._end(visit, broken, now)
        acts = visit.acts
        if acts is None:
            return []
        step = acts.see(seen.face, seen.captured_s) if seen.face else None
        done = self._stepped(visit, step, now)
        return done or self._acts_go_on(visit, acts, now)

    def _maybe_ask(self, visit: Visit, now: float) -> list[e.Effect]:
        """Begin the acts as soon as rest pose, portrait and nonce are there."""
        if self._state is not State.LOOK or not visit.enrolled:
            return []
        rest = visit.looking.rest
        if rest is None:
            return []
        waited_s = now - self._since_s
        visit.challenge = challenge = visit.draw(self._profile, waited_s)
        if challenge is None:
            return []
        visit.looking.begin_acts()
        visit.acts = Acts(challenge, rest, self._profile.rules, now, visit.wishes)
        self._go(State.ACTS, now)
        return self._stepped(visit, visit.acts.tick(now), now)

    def _stepped(self, visit: Visit, step: Step | None, now: float) -> list[e.Effect]:
        if step is None or step.act is None:
            return []
        match step.phase:
            case Phase.ASKED:
                if step.act in TURN_ACTS:
                    visit.looking.begin_turn()
                return [e.Show("ask_act", step.act)]
            case Phase.PAUSE:
                return [e.Show("act_seen", step.act)]
            case Phase.MISSED:
                blind = visit.looking.why_blind(step.act)
                visit.noted += [blind] if blind else []
                return self._end(visit, Reason.ACT_NOT_SEEN, now)
            case Phase.DONE:
                return self._acts_done(visit, now) or [e.Show("look_here")]
            case _:
                assert_never(step.phase)

    def _acts_go_on(self, visit: Visit, acts: Acts, now: float) -> list[e.Effect]:
        if acts.phase is Phase.DONE:
            return self._acts_done(visit, now)
        return self._stepped(visit, acts.tick(now), now)

    def _acts_done(self, visit: Visit, now: float) -> list[e.Effect]:
        """Go on to the end; after a gap only once it was seen whose acts they were."""
        if visit.looking.unsure:
            overdue = now >= (self.deadline or now)
            return self._end(visit, None, now) if overdue else []
        if not visit.offer_light(self._profile, now):
            return self._end(visit, None, now)
        self._go(State.LIGHT, now)
        return [e.Show("light_warning")]

    def _by_light(
        self, visit: Visit, event: e.OfLight | e.TimePassed, now: float
    ) -> list[e.Effect]:
        turn = visit.light
        if turn is None or self._state is not State.LIGHT:
            return []
        shows = turn.handle(event, now)
        return self._end(visit, turn.broken, now) if turn.is_over else [*shows]

    def _picture_ended(
        self, visit: Visit, reason: Reason, now: float
    ) -> list[e.Effect]:
        if self._state is State.LIGHT:
            return self._by_light(visit, e.LightSkipped(visit.begin.visit), now)
        acts = visit.acts
        if acts and acts.phase is Phase.DONE and reason is Reason.FEED_ENDED:
            return self._end(visit, None, now)  # only a view of the face was wanting
        why = visit.looking.why_no_rest()
        if why and reason is Reason.FEED_ENDED and self._state is State.LOOK:
            visit.noted.append(why)
        return self._end(visit, reason, now)

    def _time_passed(self, visit: Visit, now: float) -> list[e.Effect]:
        if self._state is State.ACTS and visit.acts is not None:
            return self._acts_go_on(visit, visit.acts, now)
        if self._state is State.LIGHT:
            return self._by_light(visit, e.TimePassed(), now)
        if self.deadline is None or now < self.deadline:
            return []
        match self._state:
            case State.CONSENT:
                return self._end(visit, Reason.CONSENT_REFUSED, now)
            case State.CARD:
                return self._end(visit, Reason.CARD_NOT_PRESENTED, now)
            case State.LOOK if visit.camera_break.goes_on:
                return self._end(visit, Reason.CAMERA_LOST, now)
            case State.LOOK:
                why = visit.looking.why_no_rest() or Reason.NO_FACE
                return self._end(visit, why, now)
            case State.RECEIPT:
                return self._leave(visit)
            case _:
                return []

    # --- the end --------------------------------------------------------------------
    def _end(self, visit: Visit, reason: Reason | None, now: float) -> list[e.Effect]:
        if self._state in ENDED:
            return []
        visit.held = None
        if reason is not None:
            visit.noted.append(reason)
        self._go(State.VERDICT, now)
        conclusion = visit.conclude(self._profile, now)
        self._tries.note(conclusion, now, acted=visit.acts is not None)
        return [e.StopLooking(), e.Conclude(conclusion)]

    def _committed(self, visit: Visit, now: float) -> list[e.Effect]:
        if self._state is State.VERDICT:
            visit.goodbye = Goodbye(self._profile, now)
            self._go(State.RECEIPT, now)
        return []

    def _leave(self, visit: Visit) -> list[e.Effect]:
        self._visit = None
        self._state = State.IDLE
        return [e.Show("idle"), e.VisitOver(visit.begin.visit)]

    def _go(self, state: State, now: float) -> None:
        self._state, self._since_s = state, now

    @staticmethod
    def _stale(event: e.Event, visit: Visit) -> bool:
        number = getattr(event, "visit", None)
        return number is not None and number != visit.begin.visit
