"""From what was found to one of three answers, with reasons.

- `accepted` needs a card, every asked act and a match, all of this visit, and no doubt.
- What the person or the card failed is `refused`; it names what to do next.
- What the machine cannot tell is `referred`: an attendant takes over.
- A refusal outweighs a doubt; only refusals are then listed first.
- Who asked for an attendant gets one, whatever was found until then.

One function and the list of doubts; leaves to others: thresholds (profile.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from likeness.core.presentation import TextureVote
from likeness.core.profile import Profile
from likeness.core.solidity import Shape
from likeness.core.vocabulary import (
    NOD_ACTS,
    ActFinding,
    Card,
    MatchFinding,
    NonceSource,
    Reason,
    Verdict,
)

# The machine cannot tell; every other reason is an answer about person or card.
DOUBTS = frozenset(
    {
        Reason.ATTENDANT_ASKED,
        Reason.ALTERNATIVE_ACT,
        Reason.CARD_UNSUPPORTED,
        Reason.TRIES_USED_UP,
        Reason.CARD_INCONSISTENT,
        Reason.CLONE_IN_DOUBT,
        Reason.ISSUER_NOT_VERIFIED,
        Reason.SIGNER_EXPIRED,
        Reason.ACCESS_KEY_WRONG,
        Reason.ACCESS_DOWNGRADED,
        Reason.NO_PORTRAIT,
        Reason.PORTRAIT_NOT_USABLE,
        Reason.CAMERA_LOST,
        Reason.FEED_UNREADABLE,
        Reason.TOO_SLOW_FOR_BLINK,
        Reason.TOO_DARK,
        Reason.EYES_HIDDEN,
        Reason.NO_FRONTAL_VIEW,
        Reason.MATCH_IN_DOUBT,
        Reason.LIVENESS_IN_DOUBT,
        Reason.LIGHT_NOT_ANSWERED,
        Reason.NONCE_FROM_DEVICE,
    }
)

BLIND = frozenset(
    {
        Reason.CAMERA_LOST,
        Reason.FEED_UNREADABLE,
        Reason.TOO_SLOW_FOR_BLINK,
        Reason.TOO_DARK,
        Reason.EYES_HIDDEN,
    }
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What one visit has shown. `noted` holds what was already seen to be wrong."""

    card: Card | None
    asked: int  # how many acts the challenge holds
    acts: tuple[ActFinding, ...]
    score: float | None
    nonce_source: NonceSource
    noted: tuple[Reason, ...]
    texture: TextureVote = TextureVote.NOT_MEASURED
    shape: Shape = Shape.NOT_MEASURED


def match_finding(score: float | None, profile: Profile) -> MatchFinding | None:
    """Return the score with the threshold that it is held against."""
    return None if score is None else MatchFinding(score, profile.accept_score)


def decide(findings: Findings, profile: Profile) -> tuple[Verdict, tuple[Reason, ...]]:
    """Return the verdict and its reasons, the weightiest first."""
    reasons = [
        *findings.noted,
        *_missing(findings),
        *_presented(findings),
        *_match(findings, profile),
        *_weaker(findings, profile),
    ]
    if findings.card is None and not findings.noted:
        reasons.append(Reason.CARD_NOT_PRESENTED)
    # Where nothing was asked, there was no order of acts for the device to choose.
    own_order = findings.asked > 0 and findings.nonce_source is NonceSource.DEVICE
    if profile.needs_carrier_nonce and own_order:
        reasons.append(Reason.NONCE_FROM_DEVICE)
    reasons = list(dict.fromkeys(reasons))
    refusals = [reason for reason in reasons if reason not in DOUBTS]
    doubts = [reason for reason in reasons if reason in DOUBTS]
    if Reason.ATTENDANT_ASKED in doubts:
        return Verdict.REFERRED, _first(Reason.ATTENDANT_ASKED, doubts + refusals)
    if _excused(refusals, doubts):
        return Verdict.REFERRED, tuple(doubts + refusals)
    if refusals:
        return Verdict.REFUSED, tuple(refusals + doubts)
    return (Verdict.REFERRED if doubts else Verdict.ACCEPTED), tuple(doubts)


def _first(reason: Reason, reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    return reason, *(other for other in reasons if other is not reason)


def _weaker(findings: Findings, profile: Profile) -> list[Reason]:
    """Name acts that say less than those that were drawn; the visitor chose them."""
    nodded = any(act.passed and act.act in NOD_ACTS for act in findings.acts)
    return [Reason.ALTERNATIVE_ACT] if nodded and not profile.nods_suffice else []


def _excused(refusals: Sequence[Reason], doubts: Sequence[Reason]) -> bool:
    """Say whether an act was missed because we were blind: that is no refusal."""
    unseen = set(refusals) <= {Reason.ACT_NOT_SEEN, Reason.FEED_ENDED}
    return bool(refusals) and unseen and not BLIND.isdisjoint(doubts)


def _missing(findings: Findings) -> list[Reason]:
    """Name an act that was not seen, unless the visit ended before it for a reason."""
    passed = sum(act.passed for act in findings.acts)
    if findings.asked > 0 and passed == findings.asked:
        return []
    ended = any(reason not in DOUBTS for reason in findings.noted)
    ended = ended or Reason.ATTENDANT_ASKED in findings.noted
    never_asked = findings.asked == 0 and bool(findings.noted)
    return [] if ended or never_asked else [Reason.ACT_NOT_SEEN]


def _presented(findings: Findings) -> list[Reason]:
    """Name what speaks for a picture in the place of a face; silence says nothing."""
    reasons = []
    if findings.shape is Shape.FLAT:
        reasons.append(Reason.FLAT_FACE)
    if findings.texture is TextureVote.ATTACK:
        reasons.append(Reason.ATTACK_SUSPECTED)
    if findings.shape is Shape.DOUBT or findings.texture is TextureVote.DOUBT:
        reasons.append(Reason.LIVENESS_IN_DOUBT)
    return reasons


def _match(findings: Findings, profile: Profile) -> list[Reason]:
    if findings.score is None:
        return [] if findings.noted else [Reason.NO_FRONTAL_VIEW]
    if findings.score >= profile.accept_score:
        return []
    if findings.score >= profile.refer_score:
        return [Reason.MATCH_IN_DOUBT]
    return [Reason.NOT_SAME_PERSON]
