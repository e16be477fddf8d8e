"""What one visit knows, what it wants to see, and the conclusion that it comes to.

Dropped whole at the visit's end. Leaves to others: the steps (session.py), the verdict
(verdict.py).
"""

from dataclasses import dataclass, field

from likeness.core import card_fields, jws, light
from likeness.core.acts import Acts
from likeness.core.camera_break import CameraBreak
from likeness.core.challenge import (
    SEED_BYTES,
    Challenge,
    draw,
    drawn_from,
    scripted,
)
from likeness.core.glance import Glance, State
from likeness.core.goodbye import Goodbye
from likeness.core.light_turn import LightTurn, Phase
from likeness.core.looking import Looking
from likeness.core.profile import Profile
from likeness.core.seen import Attention, Embedding, EmbedWhen
from likeness.core.verdict import DOUBTS, Findings, decide, match_finding
from likeness.core.visit_events import Begin
from likeness.core.vocabulary import (
    EYE_ACTS,
    TURN_ACTS,
    Act,
    ActFinding,
    Alternative,
    Card,
    CardDoubt,
    Conclusion,
    Consent,
    NonceSource,
    Reason,
)
from likeness.core.wishes import Wishes

ANY_POSE = EmbedWhen(max_yaw_deg=90.0, max_pitch_deg=90.0)


@dataclass(slots=True)
class Visit:
    """Everything that belongs to one visit and to no other."""

    begin: Begin
    looking: Looking
    wishes: Wishes
    # Laid before the consent, or why it could not be read; dropped without it.
    held: Card | Reason | None = field(default=None, repr=False)
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
    light: LightTurn | None = None
    goodbye: Goodbye | None = None
    camera_break: CameraBreak = field(default_factory=CameraBreak)

    @property
    def attention(self) -> Attention:
        """Say what the next frame should be asked, while frames are looked at."""
        if self.light is not None:
            return Attention(
                eyes=False, embed=self.looking.wants, light=self.light.wants_light
            )
        acts = self.acts
        whose = acts is not None and acts.wants_view
        return Attention(
            eyes=acts is None or acts.asking in EYE_ACTS,
            embed=ANY_POSE if whose else self.looking.wants,
            passive=self.looking.wants_texture,
            parallax=True,
        )

    def glance(self, state: State, *, until_s: float | None, goes_on: bool) -> Glance:
        """Show where the visit stands; what is on offer is so while it goes on."""
        acts, wishes, light = self.acts, self.wishes, self.light
        warned = light is not None and light.phase is Phase.OFFERED
        asked = len(acts.wanted) if acts else 0
        done = sum(one.passed for one in acts.findings) if acts else 0
        before_light = goes_on and light is None
        acts_to_come = before_light and (acts is None or done < asked)
        return Glance(
            state,
            visit=self.begin.visit,
            purpose=self.begin.purpose,
            transaction=self.begin.transaction,
            asked=asked,
            done=done,
            asking=acts.asking if acts else None,
            until_s=until_s,
            card_held=self.held is not None,
            offers_close_eyes=acts_to_come and wishes.may(Alternative.CLOSE_EYES),
            offers_nod=acts_to_come and wishes.may(Alternative.NOD),
            offers_more_time=(before_light or warned) and not wishes.more_time,
            offers_light=warned,
            light=light.sequence if light is not None and light.wants_light else None,
        )

    def take(self, card: Card, *, tries_used_up: bool) -> Reason | None:
        """Take the card; return what is wrong with it, or None to go on with it."""
        self.card = card
        begin = self.begin
        wrong = card_fields.validity(card, begin.today, is_known=begin.today_is_known)
        if wrong is None and tries_used_up:
            wrong = Reason.TRIES_USED_UP
        self.noted.extend(card.concerns)
        if wrong is None:
            # A card that is refused anyway needs no face.
            wrong = next((one for one in card.concerns if one not in DOUBTS), None)
        if wrong is None and set(card.doubts) - {CardDoubt.NAME_PRIVATE_USE}:
            self.noted.append(Reason.CARD_INCONSISTENT)
        return wrong

    def draw(self, profile: Profile, waited_s: float) -> Challenge | None:
        """Draw the acts; None for the little while that the carrier's nonce may take.

        After that our own stands in its place.
        """
        begin = self.begin
        if begin.acts is not None:
            return scripted(begin.acts)
        if not self.nonce:
            if waited_s < profile.nonce_within_s:
                return None
            self.nonce, self.nonce_source = begin.spare_nonce, NonceSource.DEVICE
        if begin.nonces_are_seeds:
            return drawn_from(self.nonce[:SEED_BYTES], profile.acts)
        return draw(
            carrier_nonce=self.nonce,
            device_nonce=begin.device_nonce,
            transaction=begin.transaction,
            count=profile.acts,
        )

    def offer_light(self, profile: Profile, now: float) -> bool:
        """After the last act offer the screen's colours, where the policy asks for it.

        Without a nonce there is nothing to draw them from.
        """
        if not profile.light or not self.nonce:
            return False
        begin = self.begin
        if begin.nonces_are_seeds:
            sequence = light.drawn_from(self.nonce[SEED_BYTES:])
        else:
            sequence = light.draw(
                carrier_nonce=self.nonce,
                device_nonce=begin.device_nonce,
                transaction=begin.transaction,
            )
        self.light = LightTurn(
            sequence, now=now, within_s=profile.light_within_s, wishes=self.wishes
        )
        self.looking.end_acts()
        return True

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
            light=self.light.outcome if self.light else None,
            light_shown=self.light.shown if self.light else (),
            ended_s=now,
        )

    def _findings(self, profile: Profile) -> Findings:
        acts = self.acts.findings if self.acts else ()
        wanted = self.acts.wanted if self.acts else ()
        if Act.BLINK in wanted and acts and self.looking.too_slow:
            self.noted.append(Reason.TOO_SLOW_FOR_BLINK)
        looking = self.looking
        unknown = looking.unsure or looking.lost_track or not looking.seen_acting
        if acts and unknown:
            self.noted.append(Reason.NO_FRONTAL_VIEW)
        if profile.silence_is_doubt and self._kept_from_seeing(acts):
            self.noted.append(Reason.LIVENESS_IN_DOUBT)
        if self.light is not None and self.light.speaks_against:
            self.noted.append(Reason.LIGHT_NOT_ANSWERED)
        scripted = self.begin.acts is not None
        return Findings(
            card=self.card,
            asked=len(wanted),
            acts=acts,
            score=self.looking.score(self.portrait) if self.portrait else None,
            nonce_source=NonceSource.DEVICE if scripted else self.nonce_source,
            noted=tuple(self.noted),
            texture=self.looking.texture.vote,
            shape=self.looking.solidity.shape,
        )

    def _kept_from_seeing(self, acts: tuple[ActFinding, ...]) -> bool:
        """Say whether a vote is missing that this visit should have given.

        Who covers the camera in mid-turn, or stands too far for texture, silences it.
        """
        turned = any(act.passed and act.act in TURN_ACTS for act in acts)
        blind = turned and not self.looking.solidity.seen
        return blind or (bool(acts) and self.looking.texture.score is None)
