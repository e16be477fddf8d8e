"""What one visit knows, and the conclusion that it comes to.

Dropped whole at the visit's end. Leaves to others: the steps (session.py), the verdict
(verdict.py).
"""

from dataclasses import dataclass, field

from likeness.core import jws
from likeness.core.acts import Acts
from likeness.core.challenge import Challenge
from likeness.core.looking import Looking
from likeness.core.profile import Profile
from likeness.core.verdict import Findings, decide, match_finding
from likeness.core.visit_events import Begin
from likeness.core.vocabulary import (
    EYE_ACTS,
    Act,
    ActFinding,
    Card,
    Conclusion,
    Consent,
    Embedding,
    NonceSource,
    Reason,
)


@dataclass(slots=True)
class Visit:
    """Everything that belongs to one visit and to no other."""

    begin: Begin
    looking: Looking
    consent: Consent | None = None
    card: Card | None = field(default=None, repr=False)
    portrait: Embedding | None = field(default=None, repr=False)
    portrait_sha256: str = field(default="", repr=False)
    enrolled: bool = False
    nonce: bytes = b""
    nonce_source: NonceSource = NonceSource.DEVICE
    challenge: Challenge | None = None
    acts: Acts | None = None
    noted: list[Reason] = field(default_factory=list)

    def conclude(self, profile: Profile, now: float) -> Conclusion:
        """Decide on what was found; nothing is left to see."""
        begin = self.begin
        found = self._findings(profile)
        texture = self.looking.texture.score
        verdict, reasons = decide(found, profile)
        return Conclusion(
            visit=begin.visit,
            purpose=begin.purpose,
            verdict=verdict,
            reasons=reasons,
            transaction=begin.transaction,
            nonce=jws.encode(self.nonce),
            nonce_source=found.nonce_source,
            device_nonce=jws.encode(begin.device_nonce),
            profile=profile.name,
            consent=self.consent,
            card=self.card,
            portrait_sha256=self.portrait_sha256,
            match=match_finding(found.score, profile),
            acts=found.acts,
            passive=texture,
            passive_threshold=None if texture is None else profile.texture.live_from,
            ended_s=now,
        )

    def _findings(self, profile: Profile) -> Findings:
        acts = self.acts.findings if self.acts else ()
        wanted = self.challenge.acts if self.challenge else ()
        if Act.BLINK in wanted and acts and self.looking.too_slow:
            self.noted.append(Reason.TOO_SLOW_FOR_BLINK)
        if acts and not self.looking.seen_acting:
            self.noted.append(Reason.NO_FRONTAL_VIEW)
        if profile.silence_is_doubt and self._kept_from_seeing(acts):
            self.noted.append(Reason.LIVENESS_IN_DOUBT)
        scripted = self.begin.acts is not None
        return Findings(
            card=self.card,
            asked=len(wanted),
            acts=acts,
            score=self.looking.score(self.portrait) if self.portrait else None,
            nonce_source=NonceSource.DEVICE if scripted else self.nonce_source,
            noted=tuple(self.noted),
            texture=self.looking.texture.vote,
            shape=self.looking.solidity.finding.shape,
        )

    def _kept_from_seeing(self, acts: tuple[ActFinding, ...]) -> bool:
        """Say whether a vote is missing that this visit should have given.

        Who covers the camera in mid-turn, or stands too far for texture, silences it.
        """
        turned = any(act.passed and act.act not in EYE_ACTS for act in acts)
        blind = turned and not self.looking.solidity.seen
        return blind or (bool(acts) and self.looking.texture.score is None)
