"""What the visitor's page shows, and what it may answer: the words between both.

A scene is all of it: who reloads the page in mid-visit needs nothing else. Each scene
that offers something has a number; a tap names the one it answers, so that one that was
meant for a former scene does nothing. Leaves to others: which scene it is
(service/stage.py), sentences and drawings (the page), the wire (edges/page_server.py).
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from likeness.core.card_trouble import Trouble
from likeness.core.key_lines import NotAKey
from likeness.core.vocabulary import Act, Purpose, Reason, Verdict

Line = Annotated[str, msgspec.Meta(max_length=128)]
Language = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?$(?!\n)")]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Step(StrEnum):
    """Where the visitor stands; the page has one layout for each."""

    IDLE = "idle"  # welcome: purposes, the consent in short, "lay your card"
    CONSENT = "consent"
    CARD = "card"  # lay it, it is read, it is taken back
    LOOK = "look"  # camera on, nothing asked yet
    ACTS = "acts"
    LIGHT = "light"  # the screen shines in colours
    VERDICT = "verdict"
    ANSWER = "answer"  # the carrier's: numbers in my name
    CLOSED = "closed"  # out of service, no reader


class Offer(StrEnum):
    """What the visitor may do now; the page shows a button for each of these."""

    BEGIN = "begin"
    AGREE = "agree"
    DECLINE = "decline"
    ATTENDANT = "attendant"  # another way: stands on every step
    MORE_TIME = "more_time"
    CLOSE_EYES = "close_eyes"  # instead of a blink
    NOD = "nod"  # instead of a turn
    KEY = "key"  # type what is printed on the card
    LIGHT = "light"  # go on with the colours, after the warning
    SKIP_LIGHT = "skip_light"
    NOT_MINE = "not_mine"
    DONE = "done"


class Hint(StrEnum):
    """What would help the camera, the most urgent alone."""

    NO_FACE = "no_face"
    ONE_PERSON = "one_person"
    COME_CLOSER = "come_closer"
    GO_BACK = "go_back"
    CENTRE = "centre"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    LOOK_STRAIGHT = "look_straight"
    GLASSES = "glasses"  # they glare: take them off, or tilt the head
    HOLD_STILL = "hold_still"


# As `Terminal.obstacle` says it.
CLOSED_FOR = ("disk_full", "key_lost", "restarting", "too_hot", "memory_tight")
HEALTH = ("offline", "reader", "camera")  # what `Scene.health` may be
_NONE: tuple[str, ...] = ()
# Every `Scene.say`, and which words its `detail` may be. NUMBER: any whole number in
# decimal digits, put into the sentence in the language's own way.
NUMBER = ("#",)
SAYS: dict[str, tuple[str, ...]] = {
    "starting": _NONE,
    # IDLE, and CARD when it was begun by a tap
    "idle": _NONE,  # choose what you came for: the consent is asked after that
    "idle_card": _NONE,  # or lay the card, which is the consent: its text stands there
    "hold_still": _NONE,  # the card is being read
    "access_key": _NONE,
    "access_key_mrz": _NONE,  # six digits do not open this one
    "key_wrong": NUMBER,  # tries left
    "key_not_understood": tuple(NotAKey),
    "key_next_line": _NONE,
    "reading_chip": (*NUMBER, ""),  # KiB read
    "take_card": _NONE,
    "card_trouble": tuple(Trouble),
    # CLOSED
    "no_reader": tuple(Trouble),
    "out_of_service": CLOSED_FOR,
    # CONSENT
    "consent": _NONE,  # agree by a tap
    "consent_card": _NONE,  # or by laying the card
    "lay_card": _NONE,
    # LOOK and ACTS
    "look_here": _NONE,
    "camera_restarting": _NONE,  # it gave no picture; the visit waits for it
    **{f"ask_{act}": _NONE for act in Act},
    "act_seen": _NONE,
    # LIGHT
    "light_warning": _NONE,  # colours will change, you may skip them
    "light": _NONE,
    # VERDICT
    "checking": _NONE,
    **{f"verdict_{verdict}": (*Reason, "") for verdict in Verdict},
    # check_numbers: VERDICT until the carrier has answered, then ANSWER
    "asking_carrier": _NONE,
    "answer": NUMBER,  # how many
    "answer_none": _NONE,
    "answer_missing": _NONE,  # none came from the carrier: ask an attendant
    "disputed": NUMBER,  # how many were marked; it is safe, and on its way
    "dispute_not_kept": _NONE,  # it could not be made safe: ask an attendant
}


class NumberLine(msgspec.Struct, frozen=True, kw_only=True):
    """One number under the visitor's name, as the carrier masks it."""

    number: Line
    place: Line = ""
    since: Line = ""  # date of registration, ISO 8601

    def __repr__(self) -> str:
        """Show nothing of anybody."""
        return "NumberLine(…)"


class LightStep(msgspec.Struct, frozen=True, kw_only=True):
    """One colour (sRGB) and how long it fills the screen."""

    rgb: tuple[int, int, int]
    ms: int


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page draws, but for the camera's picture."""

    serial: Number
    step: Step
    say: str  # a name in the catalogues: the one sentence, e.g. "lay_card", "ask_blink"
    detail: str = ""  # what the sentence is filled with, e.g. tries left, kB read
    visit: Number = 0
    purpose: Purpose | None = None
    hint: Hint | None = None  # stands in the sentence's place while it is there
    asked: int = 0  # acts of this visit, and how many of them were answered
    done: int = 0
    act: Act | None = None  # what is to be done now: the moving drawing
    left_s: float | None = None  # until the present step ends by itself
    camera: bool = False  # the picture comes
    offers: tuple[Offer, ...] = ()
    purposes: tuple[Purpose, ...] = ()  # to choose from, in IDLE
    consent: str = ""  # version of the text that is shown
    numbers: tuple[NumberLine, ...] = ()
    light: tuple[LightStep, ...] = ()
    called: bool = False  # an attendant was asked for and did not come yet
    bell: bool = False  # a desk hears such a call; else the visitor must go there
    health: str = ""  # what the page should say beside: "offline", "reader"


class Showing(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="scene"):
    """What goes to the page, as JSON, at each change and at each new connection."""

    scene: Scene
    number: Number  # counts what was sent: `Painted` names it again
    language: Language
    languages: tuple[Language, ...]  # to choose from, the default one first
    # Of the page's files and sentences; a page that was loaded from others loads anew.
    edition: str = ""


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="beat"):
    """Goes to the page when nothing else does: who hears nothing has lost the line."""


# --- what the page says -------------------------------------------------------------
class _Tap(msgspec.Struct, frozen=True, kw_only=True, tag_field="do"):
    """A tap, and the number of the scene that it answers."""

    serial: Number


class Begin(_Tap, frozen=True, kw_only=True, tag="begin"):
    """A purpose was chosen."""

    purpose: Purpose
    language: Language = "en"


class Agree(_Tap, frozen=True, kw_only=True, tag="agree"):
    """To the consent text, in the language that was shown."""

    language: Language = "en"


class Decline(_Tap, frozen=True, kw_only=True, tag="decline"):
    """No; it is respected at once."""


class CallAttendant(_Tap, frozen=True, kw_only=True, tag="attendant"):
    """Another way."""


class MoreTime(_Tap, frozen=True, kw_only=True, tag="more_time"):
    """Longer windows for this visit."""


class Alternative(_Tap, frozen=True, kw_only=True, tag="alternative"):
    """`close_eyes` instead of blinks, or `nod` instead of turns, from now on."""

    instead: Offer


class EnterKey(_Tap, frozen=True, kw_only=True, tag="key"):
    """What is printed on the card, typed; an MRZ's lines in one, by line feeds."""

    line: Line

    def __repr__(self) -> str:
        """Show nothing of anybody."""
        return "EnterKey(…)"


class ShineLight(_Tap, frozen=True, kw_only=True, tag="light"):
    """Go on with the colours."""


class LightShown(_Tap, frozen=True, kw_only=True, tag="light_shown"):
    """The first colour stands on the screen since so many milliseconds."""

    since_ms: Number = 0


class SkipLight(_Tap, frozen=True, kw_only=True, tag="skip_light"):
    """No colours, please."""


class NotMine(_Tap, frozen=True, kw_only=True, tag="not_mine"):
    """These of the shown numbers, by their place from 0, are not the visitor's."""

    places: Annotated[tuple[Number, ...], msgspec.Meta(max_length=64)]


class Done(_Tap, frozen=True, kw_only=True, tag="done"):
    """Seen; clear the screen."""


class Speak(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="language"):
    """A language was chosen; the daemon holds it until the visit is over."""

    language: Language


class Drawn(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="drawn"):
    """The page has drawn this frame of the picture: send the next."""

    frame: Number


class Painted(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="painted"):
    """This scene stands on the screen."""

    serial: Number
    number: Number = 0  # of the `Showing` it came with


Tap = (
    Begin
    | Agree
    | Decline
    | CallAttendant
    | MoreTime
    | Alternative
    | EnterKey
    | ShineLight
    | LightShown
    | SkipLight
    | NotMine
    | Done
)
Word = Tap | Speak | Drawn | Painted  # all that a page can say
