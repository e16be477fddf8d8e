"""Makes a scene out of where a visit stands and what was last said.

Pure: the same facts give the same scene. Leaves to others: who says what and when
(service/stage.py), the words between page and daemon (scene.py).
"""

from dataclasses import dataclass

from likeness.core.glance import Glance, State
from likeness.core.scene import Hint, LightStep, NumberLine, Offer, Scene, Step
from likeness.core.vocabulary import Purpose

# What a chip's reader says while it waits for what is printed on the card.
KEY_WANTED = frozenset(
    {"access_key", "access_key_mrz", "key_wrong", "key_not_understood", "key_next_line"}
)
CLOSED = frozenset({"no_reader", "out_of_service"})
ANSWERED = frozenset(
    {"answer", "answer_none", "answer_missing", "disputed", "dispute_not_kept"}
)
# A visitor may go back on it until the verdict, whatever the screen must say.
DECLINABLE = (State.CONSENT, State.CARD, State.LOOK, State.ACTS, State.LIGHT)
WELCOMES = frozenset({"idle", "idle_card"})
NO_PICTURE = "camera_restarting"  # the last one would stand there, still


@dataclass(frozen=True, slots=True)
class ConsentText:
    """What one language's consent text is known by."""

    version: str
    digest: str  # base64url SHA-256


@dataclass(frozen=True, slots=True)
class Manner:
    """How this terminal meets its visitors; from its configuration."""

    purposes: tuple[Purpose, ...]
    consent: str  # version of the text
    by_card: bool  # laying the card where the text stands is the consent
    keys_typed: bool = False  # on the page, what is printed on the card
    bell: bool = False  # somebody hears that an attendant is called


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a scene is made of."""

    glance: Glance
    say: str
    detail: str = ""
    hint: Hint | None = None
    numbers: tuple[NumberLine, ...] = ()
    called: bool = False
    health: str = ""


def spoken(state: str, detail: str, manner: Manner) -> tuple[str, str]:
    """Return the sentence's name and what it is filled with, of what `Show` says."""
    match state, detail:
        case (("idle" | "consent"), _):
            return (f"{state}_card" if manner.by_card else state), ""
        case "ask_act", act:
            return f"ask_{act}", ""
        case "act_seen", _:
            return state, ""
        case "reading_chip", progress:
            return state, progress.removesuffix(" kB")
        case _:
            return state, detail


def scene_of(facts: Facts, manner: Manner, serial: int) -> Scene:
    """Compose everything that the page draws."""
    glance, step = facts.glance, step_of(facts)
    at_rest = step is Step.IDLE
    return Scene(
        serial=serial,
        step=step,
        say=facts.say,
        detail=facts.detail,
        visit=glance.visit,
        purpose=glance.purpose,
        hint=None if facts.say == NO_PICTURE else facts.hint,
        asked=glance.asked,
        done=glance.done,
        act=glance.asking,
        camera=step in (Step.LOOK, Step.ACTS) and facts.say != NO_PICTURE,
        offers=offers_of(facts, manner),
        purposes=manner.purposes if at_rest else (),
        consent=manner.consent if stands_consent(facts) else "",
        numbers=facts.numbers if step is Step.ANSWER else (),
        light=light_of(glance),
        called=facts.called,
        bell=manner.bell,
        health=facts.health,
    )


def stands_consent(facts: Facts) -> bool:
    """Say whether the consent text is on the page: no card agrees to another layout."""
    step = step_of(facts)
    return step is Step.CONSENT or (step is Step.IDLE and facts.say in WELCOMES)


def light_of(glance: Glance) -> tuple[LightStep, ...]:
    """Return the colours that the page is to show now, both rests included."""
    if glance.light is None:
        return ()
    return tuple(LightStep(rgb=rgb, ms=ms) for rgb, ms in glance.light.on_screen)


def step_of(facts: Facts) -> Step:
    """Say which of the page's layouts fits."""
    if facts.say in CLOSED or facts.say == "starting":
        return Step.CLOSED
    if facts.say in ANSWERED:
        return Step.ANSWER
    state = facts.glance.state
    return Step.VERDICT if state is State.RECEIPT else Step[state.name]


def offers_of(facts: Facts, manner: Manner) -> tuple[Offer, ...]:
    """Return what the visitor may do now; an attendant may be called on every step."""
    glance, step = facts.glance, step_of(facts)
    offers = {
        Offer.BEGIN: step is Step.IDLE and bool(manner.purposes),
        Offer.AGREE: step is Step.CONSENT,
        Offer.DECLINE: glance.state in DECLINABLE,
        Offer.KEY: manner.keys_typed and facts.say in KEY_WANTED,
        Offer.MORE_TIME: glance.offers_more_time,
        Offer.CLOSE_EYES: glance.offers_close_eyes,
        Offer.NOD: glance.offers_nod,
        Offer.LIGHT: glance.offers_light,
        Offer.SKIP_LIGHT: step is Step.LIGHT,
        Offer.NOT_MINE: facts.say == "answer",
        Offer.DONE: glance.state is State.RECEIPT,
        Offer.ATTENDANT: True,
    }
    return tuple(offer for offer, there in offers.items() if there)
