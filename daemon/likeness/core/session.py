"""One visit, from consent to the verdict and "please take your card".

    IDLE -Begin-> CONSENT -given-> CARD -presented-> LOOK -rest pose, nonce-> ACTS
      ^                                                 |                       |
      +---- RECEIPT <-Committed- VERDICT <--------------+--- anything that ends it

A visit ends exactly once, with one Conclude. What belongs to a visit lives in one
object that is dropped at its end. Answers to effects carry the visit's number; late
ones of a former visit are ignored. Leaves to others: reading, seeing, signing, showing.
"""

from typing import assert_never

from likeness.core import card_fields
from likeness.core.acts import Acts, Phase, Step
from likeness.core.challenge import commitment, draw, scripted
from likeness.core.glance import Glance
from likeness.core.glance import State as State  # noqa: PLC0414 - for users
from likeness.core.looking import Looking
from likeness.core.profile import Profile
from likeness.core.tries import Tries
from likeness.core.verdict import DOUBTS
from likeness.core.visit import Visit
from likeness.core.visit_events import (
    AlternativeAsked,
    AskNonce,
    AttendantAsked,
    Begin,
    Cancelled,
    CardFailed,
    CardPresented,
    CardTaken,
    Committed,
    Conclude,
    ConsentGiven,
    ConsentRefused,
    Effect,
    Enrol,
    Enrolled,
    Event,
    Left,
    Lingered,
    MoreTimeAsked,
    NonceGranted,
    Observed,
    PictureEnded,
    SeekCard,
    Show,
    StartLooking,
    StopLooking,
    TimePassed,
    VisitOver,
)
from likeness.core.vocabulary import (
    CARD_LAID,
    EYE_ACTS,
    Attention,
    Card,
    CardDoubt,
    Conclusion,
    Consent,
    EmbedWhen,
    NonceSource,
    Observation,
    Reason,
    Verdict,
)

# A visit that was referred for one of these is a try as well.
PERSON_DOUBTS = frozenset(
    {Reason.LIVENESS_IN_DOUBT, Reason.MATCH_IN_DOUBT, Reason.ACT_NOT_SEEN}
)
ANY_POSE = EmbedWhen(max_yaw_deg=90.0, max_pitch_deg=90.0)


class Session:
    """The rules of a visit; one visit at a time."""

    def __init__(self, profile: Profile, *, tries_key: bytes) -> None:
        """Begin idle; `tries_key` is random and known to nobody else."""
        self._profile = profile
        self._state = State.IDLE
        self._visit: Visit | None = None
        self._tries = Tries(
            most=profile.tries, within_s=profile.tries_within_s, key=tries_key
        )
        self._until_s: float | None = None  # when the present state has lasted too long

    @property
    def state(self) -> State:
        """Where the visit stands."""
        return self._state

    @property
    def deadline(self) -> float | None:
        """When to come back with TimePassed, if nothing happens first."""
        acts = self._visit.acts if self._visit else None
        if self._state is State.ACTS and acts is not None:
            return acts.deadline
        return self._until_s

    @property
    def glance(self) -> Glance:
        """Say where the visit stands."""
        visit = self._visit
        if visit is None:
            return Glance(self._state)
        acts = visit.acts
        return Glance(
            self._state,
            visit=visit.begin.visit,
            purpose=visit.begin.purpose,
            transaction=visit.begin.transaction,
            asked=len(visit.challenge.acts) if visit.challenge else 0,
            done=sum(one.passed for one in acts.findings) if acts else 0,
            asking=acts.asking if acts else None,
            until_s=self.deadline,
        )

    @property
    def attention(self) -> Attention:
        """Say what the next frame should be asked."""
        visit = self._visit
        if visit is None or self._state not in (State.LOOK, State.ACTS):
            return Attention(eyes=False, embed=None)
        acts = visit.acts
        eyes = self._state is State.LOOK or (acts and acts.asking in EYE_ACTS)
        whose = acts is not None and acts.wants_view
        return Attention(
            eyes=bool(eyes),
            embed=ANY_POSE if whose else visit.looking.wants,
            passive=visit.looking.wants_texture,
            parallax=True,
        )

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take in one event; return what must now be done, in order."""
        if isinstance(event, Begin):
            return self._begin(event, now)
        visit = self._visit
        if visit is None or self._stale(event, visit):
            return []
        match event:
            case ConsentGiven() | ConsentRefused() | Cancelled() | AttendantAsked():
                return self._by_visitor(visit, event, now)
            case MoreTimeAsked() | AlternativeAsked() | Lingered() | Left():
                return []
            case CardPresented() | CardFailed() | CardTaken():
                return self._by_reader(visit, event, now)
            case Enrolled() | NonceGranted():
                return self._by_answer(visit, event, now)
            case Observed(_, observation):
                return self._observed(visit, observation, now)
            case PictureEnded(reason):
                return self._picture_ended(visit, reason, now)
            case Committed():
                return self._committed(now)
            case TimePassed():
                return self._time_passed(visit, now)
            case _:
                assert_never(event)

    def _by_visitor(
        self,
        visit: Visit,
        event: ConsentGiven | ConsentRefused | Cancelled | AttendantAsked,
        now: float,
    ) -> list[Effect]:
        match event:
            case ConsentGiven(consent, _):
                return self._consent(visit, consent, now)
            case ConsentRefused():
                return self._end(visit, Reason.CONSENT_REFUSED, now)
            case Cancelled():
                return self._end(visit, Reason.CANCELLED, now)
            case AttendantAsked():
                return self._end(visit, Reason.ATTENDANT_ASKED, now)
            case _:
                assert_never(event)

    def _by_reader(
        self, visit: Visit, event: CardPresented | CardFailed | CardTaken, now: float
    ) -> list[Effect]:
        match event:
            case CardPresented(card):
                return self._card(visit, card, now)
            case CardFailed(reason):
                waits = self._state is State.CARD
                return self._end(visit, reason, now) if waits else []
            case CardTaken():
                return self._taken(visit, now)
            case _:
                assert_never(event)

    def _by_answer(
        self, visit: Visit, event: Enrolled | NonceGranted, now: float
    ) -> list[Effect]:
        match event:
            case Enrolled():
                return self._enrolled(visit, event, now)
            case NonceGranted(_, nonce, source):
                if visit.challenge is None:
                    visit.nonce, visit.nonce_source = nonce, source
                return self._maybe_ask(visit, now)
            case _:
                assert_never(event)

    # --- the steps ------------------------------------------------------------------
    def _begin(self, begin: Begin, now: float) -> list[Effect]:
        if self._state is not State.IDLE:
            return []
        self._visit = Visit(begin, Looking(self._profile))
        self._go(State.CONSENT, now + self._profile.consent_within_s)
        return [Show("consent")]

    def _consent(self, visit: Visit, consent: Consent, now: float) -> list[Effect]:
        if self._state is not State.CONSENT:
            return []
        visit.consent = consent
        self._go(State.CARD, now + self._profile.card_within_s)
        if consent.given == CARD_LAID:
            return [SeekCard()]  # it lies there: asking for it again would mislead
        return [Show("lay_card"), SeekCard()]

    def _card(self, visit: Visit, card: Card, now: float) -> list[Effect]:
        if self._state is not State.CARD:
            return []
        visit.card = card
        begin = visit.begin
        wrong = card_fields.validity(card, begin.today, is_known=begin.today_is_known)
        if wrong is None and self._tries.used_up(card, now):
            wrong = Reason.TRIES_USED_UP
        visit.noted.extend(card.concerns)
        if wrong is None:
            # A card that is refused anyway needs no face.
            wrong = next((one for one in card.concerns if one not in DOUBTS), None)
        if wrong is not None:
            return self._end(visit, wrong, now)
        if set(card.doubts) - {CardDoubt.NAME_PRIVATE_USE}:
            visit.noted.append(Reason.CARD_INCONSISTENT)
        begin = visit.begin
        self._go(State.LOOK, now + self._profile.face_within_s)
        return [
            Show("look_here"),
            Enrol(begin.visit, card),
            AskNonce(
                begin.visit,
                begin.transaction,
                begin.purpose,
                commitment(begin.device_nonce),
            ),
            StartLooking(begin.visit),
        ]

    def _count_try(self, visit: Visit, end: Conclusion, now: float) -> None:
        if visit.card is None:
            return
        doubted = not PERSON_DOUBTS.isdisjoint(end.reasons)
        if end.verdict is Verdict.ACCEPTED:
            self._tries.succeeded(visit.card)
        elif visit.acts is not None and (end.verdict is Verdict.REFUSED or doubted):
            self._tries.failed(visit.card, now)

    def _taken(self, visit: Visit, now: float) -> list[Effect]:
        if self._state in (State.LOOK, State.ACTS) and self._profile.card_must_stay:
            return self._end(visit, Reason.CARD_REMOVED, now)
        if self._state is State.RECEIPT and self._until_s is not None:
            # The visitor has understood; the next one must not wait for us.
            self._until_s = min(self._until_s, now + self._profile.last_look_s)
        return []

    def _enrolled(self, visit: Visit, event: Enrolled, now: float) -> list[Effect]:
        visit.enrolled = True
        visit.portrait = event.embedding
        visit.portrait_sha256 = event.portrait_sha256
        if event.embedding is None:
            visit.noted.append(event.reason or Reason.NO_PORTRAIT)
        return self._maybe_ask(visit, now)

    def _observed(self, visit: Visit, seen: Observation, now: float) -> list[Effect]:
        if self._state not in (State.LOOK, State.ACTS):
            return []
        broken = visit.looking.see(seen)
        if self._state is State.LOOK:
            if now >= (self._until_s or now):
                return self._time_passed(visit, now)
            return self._maybe_ask(visit, now)
        if broken is not None:
            return self._end(visit, broken, now)
        acts = visit.acts
        if acts is None:
            return []
        step = acts.see(seen.face, seen.captured_s) if seen.face else None
        done = self._stepped(visit, step, now)
        return done or self._stepped(visit, acts.tick(now), now)

    def _maybe_ask(self, visit: Visit, now: float) -> list[Effect]:
        """Begin the acts as soon as rest pose, portrait and nonce are there."""
        if self._state is not State.LOOK or not visit.enrolled:
            return []
        rest = visit.looking.rest
        if rest is None or not self._challenge(visit, now):
            return []
        challenge = visit.challenge
        if challenge is None:
            return []
        visit.looking.begin_acts()
        visit.acts = Acts(challenge, rest, self._profile.rules, now)
        self._go(State.ACTS, None)
        return self._stepped(visit, visit.acts.tick(now), now)

    def _challenge(self, visit: Visit, now: float) -> bool:
        """Draw the acts; wait a little for the carrier's nonce, then use our own."""
        begin = visit.begin
        if begin.acts is not None:
            visit.challenge = scripted(begin.acts)
            return True
        if not visit.nonce:
            asked_s = (self._until_s or now) - self._profile.face_within_s
            if now < asked_s + self._profile.nonce_within_s:
                return False
            visit.nonce, visit.nonce_source = begin.spare_nonce, NonceSource.DEVICE
        visit.challenge = draw(
            carrier_nonce=visit.nonce,
            device_nonce=begin.device_nonce,
            transaction=begin.transaction,
            count=self._profile.acts,
        )
        return True

    def _stepped(self, visit: Visit, step: Step | None, now: float) -> list[Effect]:
        if step is None or step.act is None:
            return []
        match step.phase:
            case Phase.ASKED:
                if step.act not in EYE_ACTS:
                    visit.looking.begin_turn()
                return [Show("ask_act", step.act)]
            case Phase.PAUSE:
                return [Show("act_seen", step.act)]
            case Phase.MISSED:
                blind = visit.looking.why_blind(step.act)
                visit.noted += [blind] if blind else []
                return self._end(visit, Reason.ACT_NOT_SEEN, now)
            case Phase.DONE:
                return self._end(visit, None, now)
            case _:
                assert_never(step.phase)

    def _picture_ended(self, visit: Visit, reason: Reason, now: float) -> list[Effect]:
        why = visit.looking.why_no_rest()
        if why and reason is Reason.FEED_ENDED and self._state is State.LOOK:
            visit.noted.append(why)
        return self._end(visit, reason, now)

    def _time_passed(self, visit: Visit, now: float) -> list[Effect]:
        if self._state is State.ACTS and visit.acts is not None:
            return self._stepped(visit, visit.acts.tick(now), now)
        if self._until_s is None or now < self._until_s:
            return []
        match self._state:
            case State.CONSENT:
                return self._end(visit, Reason.CONSENT_REFUSED, now)
            case State.CARD:
                return self._end(visit, Reason.CARD_NOT_PRESENTED, now)
            case State.LOOK:
                why = visit.looking.why_no_rest() or Reason.NO_FACE
                return self._end(visit, why, now)
            case State.RECEIPT:
                self._visit = None
                self._go(State.IDLE, None)
                return [Show("idle"), VisitOver(visit.begin.visit)]
            case _:
                return []

    def _committed(self, now: float) -> list[Effect]:
        if self._state is not State.VERDICT:
            return []
        self._go(State.RECEIPT, now + self._profile.goodbye_s)
        return []

    # --- the end --------------------------------------------------------------------
    def _end(self, visit: Visit, reason: Reason | None, now: float) -> list[Effect]:
        if self._state in (State.IDLE, State.VERDICT, State.RECEIPT):
            return []
        if reason is not None:
            visit.noted.append(reason)
        self._go(State.VERDICT, None)
        conclusion = visit.conclude(self._profile, now)
        self._count_try(visit, conclusion, now)
        return [StopLooking(), Conclude(conclusion)]

    def _go(self, state: State, until_s: float | None) -> None:
        self._state = state
        self._until_s = until_s

    @staticmethod
    def _stale(event: Event, visit: Visit) -> bool:
        number = getattr(event, "visit", None)
        return number is not None and number != visit.begin.visit
