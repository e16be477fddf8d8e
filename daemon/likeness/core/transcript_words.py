"""How events and effects of a visit are written in a transcript, and read again.

    {"at": 12.5, "event": "Observed", "with": {…}, "did": [{"do": "show", …}]}
    {"at": 12.6, "note": "reader", "said": "card_found"}

The first line is the head: software, policy, why it was kept. Times are monotonic
seconds as they were, all else that was measured has nine digits. What is left out has
its default. Leaves to others: what is personal (transcript_masks.py), which lines are
kept (transcript.py).
"""

import hashlib
import math
from collections.abc import Mapping
from typing import Any, Final, assert_never, get_args

import msgspec

from likeness.core import visit_events as e
from likeness.core.profile import Profile
from likeness.core.vocabulary import Conclusion
from likeness.errors import UsageError

VERSION: Final = 1
EMBEDDING: Final = 128
EXACT: Final = frozenset({"captured_s", "shown_s", "for_s"})
EYES: Final = ("eye_left", "eye_right")  # nan: not asked for

Given = dict[str, Any]  # mixed JSON values, hence Any


class Policy(msgspec.Struct, frozen=True, omit_defaults=True):
    """By which rules a visit was judged; the values are all of them."""

    name: str
    digest: str  # SHA-256 of the values, hex
    values: Given


class Head(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line of a transcript."""

    transcript: int
    software: str
    policy: Policy
    why: str = ""
    facts: Given = {}  # what else is known of the terminal


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Any other line: an event with what it led to, or a note."""

    at: float
    event: str = ""
    given: Given = msgspec.field(default={}, name="with")
    did: list[Given] = []
    raised: str = ""  # the rule fell: the exception's class
    note: str = ""  # of which part
    said: str = ""


EVENTS: Final = {kind.__name__: kind for kind in get_args(e.Event)}


def policy_of(profile: Profile) -> Policy:
    """Return what is written of a policy."""
    coded = msgspec.json.encode(profile, order="deterministic")
    digest = hashlib.sha256(coded).hexdigest()
    return Policy(profile.name, digest, msgspec.json.decode(coded))


def profile_of(policy: Policy) -> Profile:
    """Read the policy again; one that has no such value any more lacks it."""
    try:
        return msgspec.convert(policy.values, Profile)
    except msgspec.ValidationError as wrong:
        raise UsageError(f"the transcript's policy cannot be read: {wrong}") from wrong


def write(event: e.Event) -> Given:
    """Return a masked event's own values."""
    return _members(msgspec.to_builtins(event))


def read(name: str, given: Mapping[str, Any]) -> e.Event:
    """Make the event again.

    Raises:
        UsageError: there is no such event, or it lacks something.
    """
    kind = EVENTS.get(name)
    if kind is None:
        raise UsageError(f"there is no event '{name}'")
    try:
        whole = _numbers(given)
        if kind is e.Enrolled:
            whole = {"embedding": None, **whole}
        if kind is e.Observed:
            whole = {**whole, "observation": _seen(whole.get("observation", {}))}
        event: e.Event = msgspec.convert(whole, kind)
    except (msgspec.ValidationError, RecursionError) as wrong:
        raise UsageError(f"{name} cannot be read: {wrong}") from wrong
    return event


def _seen(given: Any) -> Any:
    """Add what was left out; what is no observation stays, to be refused as such."""
    if not isinstance(given, dict):
        return given
    face = given.get("face")
    if isinstance(face, dict):
        face = {**dict.fromkeys(EYES, math.nan), **face}
    return {**given, "face": face}


def effect(done: e.Effect) -> Given:
    """Return what is written of an effect: nothing that is personal."""
    match done:
        case e.Show(state, detail):
            return {"do": "show", "state": state, **_unless_empty(detail=detail)}
        case e.SeekCard():
            return {"do": "seek_card"}
        case e.Enrol():
            return {"do": "enrol"}
        case e.AskNonce(purpose=purpose):
            return {"do": "ask_nonce", "purpose": str(purpose)}
        case e.StartLooking():
            return {"do": "start_looking"}
        case e.StopLooking():
            return {"do": "stop_looking"}
        case e.Conclude(conclusion):
            return {"do": "conclude", **_conclusion(conclusion)}
        case e.VisitOver():
            return {"do": "visit_over"}
        case _:
            assert_never(done)


def _conclusion(end: Conclusion) -> Given:
    match = end.match
    return _unless_empty(
        verdict=str(end.verdict),
        reasons=[str(reason) for reason in end.reasons],
        profile=end.profile,
        nonce_source=str(end.nonce_source),
        score=None if match is None else _nine(match.score),
        threshold=None if match is None else match.threshold,
        acts=[
            [str(one.act), one.asked_s, one.answered_s]  # on the capture clock
            for one in end.acts
        ],
        passive=None if end.passive is None else _nine(end.passive),
        light=None if end.light is None else str(end.light),
        light_shown=list(end.light_shown),
    )


def _unless_empty(**values: object) -> Given:
    return {name: one for name, one in values.items() if one not in (None, "", [])}


def _plain(value: object, name: str = "") -> object:
    """Return what JSON can hold, without what was not measured."""
    match value:
        case float():
            if name in EXACT and math.isfinite(value):
                return value
            return _nine(value)
        case dict():
            return _members(value)
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value


def _members(values: Given) -> Given:
    return {
        name: _plain(one, name)
        for name, one in values.items()
        if one is not None and not (name in EYES and math.isnan(one))
    }


def _nine(value: float) -> float | str:
    return float(f"{value:.9g}") if math.isfinite(value) else str(value)


def _numbers(value: Any) -> Any:
    """Undo `_plain`: what is no number in JSON is one again."""
    match value:
        case dict():
            return {key: _read_again(key, one) for key, one in value.items()}
        case list():
            return [_numbers(one) for one in value]
        case "nan" | "inf" | "-inf":
            return float(value)
        case _:
            return value


def _read_again(key: str, value: Any) -> Any:
    if key == "embedding" and isinstance(value, list):
        return (*map(_numbers, value), *[0.0] * (EMBEDDING - len(value)))
    return _numbers(value)
