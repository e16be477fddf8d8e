"""One scene for each state that the page knows: what tests show it."""

from likeness.core.scene import Hint, LightStep, NumberLine, Offer, Scene, Step
from likeness.core.vocabulary import Act, Purpose

ATTENDANT = (Offer.ATTENDANT,)
LOOKING = (
    Offer.DECLINE,
    Offer.MORE_TIME,
    Offer.CLOSE_EYES,
    Offer.NOD,
    Offer.ATTENDANT,
)
KEY = (Offer.KEY, Offer.DECLINE, Offer.MORE_TIME)
COLOURS = tuple(
    LightStep(rgb=rgb, ms=ms)
    for rgb, ms in (
        ((157, 157, 157), 400),
        ((0, 173, 0), 250),
        ((255, 79, 255), 400),
        ((0, 160, 255), 300),
        ((157, 157, 157), 400),
    )
)
NUMBERS = tuple(
    NumberLine(number=number, place=place, since=since)
    for number, place, since in (
        ("138****0042", "Shop 17, Long Street 200, Harbour District", "2019-03-08"),
        ("159****7731", "By post", "2021-11-30"),
        ("186****2209", "", "2024-02-29"),
    )
)


def acts(act: Act, done: int = 1, hint: Hint | None = None) -> Scene:
    """Return the scene that asks for this act."""
    return Scene(
        serial=7,
        step=Step.ACTS,
        say=f"ask_{act}",
        visit=1,
        purpose=Purpose.NEW_NUMBER,
        hint=hint,
        asked=4,
        done=done,
        act=act,
        left_s=9.0,
        camera=True,
        offers=LOOKING,
    )


def look(hint: Hint | None = None) -> Scene:
    """Return the scene before the acts."""
    return Scene(
        serial=6,
        step=Step.LOOK,
        say="look_here",
        visit=1,
        hint=hint,
        asked=4,
        left_s=20.0,
        camera=True,
        offers=LOOKING,
    )


def card(say: str, detail: str = "", *offers: Offer, **more: float) -> Scene:
    """Return a scene about the card."""
    return Scene(
        serial=5,
        step=Step.CARD,
        say=say,
        detail=detail,
        visit=1,
        offers=(*ATTENDANT, *offers),
        left_s=more.get("left_s"),
    )


def verdict(say: str, reason: str = "", *, called: bool = False) -> Scene:
    """Return the scene of a verdict."""
    return Scene(
        serial=9,
        step=Step.VERDICT,
        say=say,
        detail=reason,
        visit=1,
        left_s=5.0,
        offers=(Offer.DONE,) if called else (Offer.DONE, *ATTENDANT),
        called=called,
    )


def answer(say: str, numbers: tuple[NumberLine, ...] = (), detail: str = "") -> Scene:
    """Return the scene of the carrier's answer."""
    marks = (Offer.NOT_MINE,) if numbers else ()
    return Scene(
        serial=10,
        step=Step.ANSWER,
        say=say,
        detail=detail,
        visit=1,
        purpose=Purpose.CHECK_NUMBERS,
        numbers=numbers,
        left_s=28.0,
        offers=(*marks, Offer.DONE, *ATTENDANT),
    )


IDLE = Scene(
    serial=1,
    step=Step.IDLE,
    say="idle_card",
    purposes=tuple(Purpose),
    consent="2026-11",
    offers=(Offer.BEGIN, *ATTENDANT),
)
CONSENT = Scene(
    serial=2,
    step=Step.CONSENT,
    say="consent_card",
    visit=1,
    consent="2026-11",
    left_s=60.0,
    offers=(Offer.AGREE, Offer.DECLINE, Offer.MORE_TIME, *ATTENDANT),
)
WARNING = Scene(
    serial=11,
    step=Step.LIGHT,
    say="light_warning",
    visit=1,
    left_s=20.0,
    offers=(Offer.DECLINE, Offer.LIGHT, Offer.SKIP_LIGHT, *ATTENDANT),
)
SHINING = Scene(
    serial=12,
    step=Step.LIGHT,
    say="light",
    visit=1,
    light=COLOURS,
    offers=(Offer.DECLINE, Offer.SKIP_LIGHT, *ATTENDANT),
)
CLOSED = Scene(
    serial=13,
    step=Step.CLOSED,
    say="out_of_service",
    detail="disk_full",
    called=True,
    bell=True,
)

STATES: dict[str, Scene] = {
    "idle": IDLE,
    "idle-offline": Scene(
        serial=1,
        step=Step.IDLE,
        say="idle",
        purposes=tuple(Purpose),
        offers=(Offer.BEGIN, *ATTENDANT),
        health="offline",
    ),
    "consent": CONSENT,
    "lay": card("lay_card", "", Offer.MORE_TIME, Offer.DECLINE, left_s=40.0),
    "reading": card("reading_chip", "12"),
    "trouble": card("card_trouble", "wrong-card"),
    "key": card("access_key", "", *KEY, left_s=12.0),
    "key-mrz": card("access_key_mrz", "", *KEY),
    "key-wrong": card("key_wrong", "2", *KEY),
    "key-idle": Scene(  # a card was laid before anybody chose
        serial=1,
        step=Step.IDLE,
        say="access_key",
        purposes=tuple(Purpose),
        offers=(Offer.BEGIN, Offer.KEY, *ATTENDANT),
    ),
    "take": card("take_card"),
    "look": look(),
    **{f"act-{act}": acts(act) for act in Act},
    "act-seen": Scene(
        serial=8,
        step=Step.ACTS,
        say="act_seen",
        visit=1,
        asked=4,
        done=2,
        camera=True,
        offers=LOOKING,
    ),
    **{f"hint-{hint}": acts(Act.TURN_LEFT, 2, hint) for hint in Hint},
    "warning": WARNING,
    "shining": SHINING,
    "accepted": verdict("verdict_accepted"),
    "refused": verdict("verdict_refused", "not_same_person"),
    "refused-eyes": verdict("verdict_refused", "eyes_hidden"),
    "referred": verdict("verdict_referred", "match_in_doubt", called=True),
    "asking": Scene(serial=9, step=Step.VERDICT, say="asking_carrier", visit=1),
    "answer": answer("answer", NUMBERS, "3"),
    "answer-none": answer("answer_none"),
    "answer-missing": answer("answer_missing"),
    "disputed": answer("disputed", (), "2"),
    "starting": Scene(serial=0, step=Step.CLOSED, say="starting", offers=ATTENDANT),
    "closed": CLOSED,
}
