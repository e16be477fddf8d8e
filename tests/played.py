"""A visit played to the rules: what came in, and everything that went out."""

from collections.abc import Iterable
from dataclasses import replace

import visits as v
from likeness.core import visit_events as e
from likeness.core.profile import PROFILES, Profile
from likeness.core.seen import Observation
from likeness.core.session import Session, State
from likeness.core.vocabulary import Act, Conclusion, Consent, Purpose, Reason, Verdict

ACTS = (Act.BLINK, Act.TURN_LEFT)
STANDARD = replace(PROFILES["standard"], needs_carrier_nonce=False)


class Visit:
    """A session, its clock, and everything that came out of it."""

    def __init__(
        self, profile: Profile = STANDARD, *, acts: tuple[Act, ...] | None = ACTS
    ) -> None:
        self.session = Session(profile, tries_key=b"test")
        self.visitor = v.Visitor()
        self.effects: list[e.Effect] = []
        self.begin = e.Begin(
            visit=1,
            purpose=Purpose.NEW_NUMBER,
            transaction="t-1",
            device_nonce=b"d" * 32,
            spare_nonce=b"s" * 32,
            today=v.TODAY,
            acts=acts,
        )
        self.give(self.begin)

    def give(self, *events: e.Event) -> None:
        for event in events:
            self.effects += self.session.handle(event, self.visitor.now)

    def watch(self, frames: Iterable[Observation]) -> None:
        for seen in frames:
            self.give(e.Observed(1, seen))

    def consent_and_card(self, *, enrol: bool = True) -> None:
        self.give(e.ConsentGiven(Consent("2026-11", "card_laid")))
        self.give(e.CardPresented(v.card()))
        if enrol:
            self.give(e.Enrolled(1, v.embedding(1)))

    def fail(self, number: int) -> None:
        """Begin the acts, then walk away; the result is committed."""
        self.give(e.ConsentGiven(Consent("2026-11", "card_laid")))
        self.give(e.CardPresented(v.card()), e.Enrolled(number, v.embedding(1)))
        for seen in self.visitor.still(0.8):
            self.give(e.Observed(number, seen))
        for _ in range(20):
            self.give(e.Observed(number, self.visitor.frame(None)))
        self.give(e.Committed(number))

    def next(self, number: int) -> None:
        """Let the goodbye pass and begin another visit."""
        self.visitor.now += 10
        self.give(e.TimePassed())
        self.effects.clear()
        self.give(replace(self.begin, visit=number))

    def until_asked(self) -> None:
        self.watch(self.visitor.still(0.8))
        assert self.session.state is State.ACTS

    @property
    def conclusion(self) -> Conclusion:
        (only,) = [f.conclusion for f in self.effects if isinstance(f, e.Conclude)]
        return only

    @property
    def shown(self) -> list[tuple[str, str]]:
        return [(f.state, f.detail) for f in self.effects if isinstance(f, e.Show)]


def break_it(visit: Visit, how: str) -> None:
    visitor = visit.visitor
    match how:
        case "lost":
            visit.watch(visitor.frame(None) for _ in range(20))
        case "second":
            visit.watch(visitor.frame(faces=2) for _ in range(20))
        case "jumped":
            moved = replace(v.STILL, box=replace(v.STILL.box, x=500))
            visit.watch([visitor.frame(), visitor.frame(moved)])
        case "changed":
            visitor.person = 3
            visit.watch([visitor.frame()])
        case "taken":
            visit.give(e.CardTaken())
        case "camera":
            visit.give(e.PictureEnded(Reason.CAMERA_LOST))
        case "ended":
            visit.give(e.PictureEnded(Reason.FEED_ENDED))
        case "cancelled":
            visit.give(e.Cancelled())


def refused_for(visit: Visit) -> tuple[Verdict, Reason]:
    return visit.conclusion.verdict, visit.conclusion.reasons[0]
