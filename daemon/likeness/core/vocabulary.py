"""The few values that everybody shares: card, findings, conclusion.

Leaves to others: every rule, and what vision says (`seen`). Fields with personal data
never show in a repr. Times are seconds on the monotonic clock of their source; dates
are calendar dates.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum, auto


class Purpose(StrEnum):
    """Why the person stands before the terminal (design, section 1)."""

    NEW_NUMBER = "new_number"
    REPLACE_SIM = "replace_sim"
    NEW_INTERNET = "new_internet"
    REVERIFY_OWNER = "reverify_owner"
    CHECK_NUMBERS = "check_numbers"


class Environment(StrEnum):
    """What a result may be used for; a carrier accepts only what it is set to."""

    PRODUCTION = "production"
    TEST = "test"
    BENCH = "bench"


class Act(StrEnum):
    """A liveness act that the visitor is asked for; left is the person's own left."""

    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    # Never drawn: asked in another's place, of whom that one is hard (decision 27).
    CLOSE_EYES = "close_eyes"  # for a second, instead of a blink
    RAISE_CHIN = "raise_chin"  # instead of a turn to the left
    LOWER_CHIN = "lower_chin"  # instead of a turn to the right


EYE_ACTS = frozenset({Act.BLINK, Act.CLOSE_EYES})  # are judged by the lids
TURN_ACTS = frozenset({Act.TURN_LEFT, Act.TURN_RIGHT})  # show depth
NOD_ACTS = frozenset({Act.RAISE_CHIN, Act.LOWER_CHIN})  # show none


class Alternative(StrEnum):
    """What a visitor may ask for in the place of acts that are hard."""

    CLOSE_EYES = "close_eyes"  # instead of blinks
    NOD = "nod"  # instead of turns


class Verdict(StrEnum):
    """The three answers; `referred` hands over to an attendant."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REFERRED = "referred"


class Reason(StrEnum):
    """Why a visit was not accepted; each has a next step for the clerk."""

    # the visitor
    CONSENT_REFUSED = "consent_refused"
    CANCELLED = "cancelled"
    ATTENDANT_ASKED = "attendant_asked"
    # the card
    CARD_NOT_PRESENTED = "card_not_presented"
    CARD_NOT_READ = "card_not_read"
    CARD_REJECTED = "card_rejected"
    CARD_UNSUPPORTED = "card_unsupported"
    CARD_INCONSISTENT = "card_inconsistent"
    CARD_EXPIRED = "card_expired"
    CARD_NOT_YET_VALID = "card_not_yet_valid"
    CARD_REMOVED = "card_removed"
    TRIES_USED_UP = "tries_used_up"
    # what a chip proves, and how it let us in (decision 25)
    CARD_TAMPERED = "card_tampered"  # its data are not as they were signed
    CARD_CLONED = "card_cloned"  # a copy: it does not have the chip's own key
    CLONE_IN_DOUBT = "clone_in_doubt"  # it should prove that it is no copy, and did not
    ISSUER_NOT_VERIFIED = "issuer_not_verified"
    ISSUER_REFUSED = "issuer_refused"  # the same, where the operator refuses it
    SIGNER_EXPIRED = "signer_expired"
    SIGNER_REVOKED = "signer_revoked"
    ACCESS_KEY_WRONG = "access_key_wrong"
    ACCESS_DOWNGRADED = "access_downgraded"
    NO_PORTRAIT = "no_portrait"
    PORTRAIT_NOT_USABLE = "portrait_not_usable"
    # the live picture
    CAMERA_LOST = "camera_lost"
    FEED_UNREADABLE = "feed_unreadable"
    FEED_ENDED = "feed_ended"
    NO_FACE = "no_face"
    FACE_LOST = "face_lost"
    SECOND_FACE = "second_face"
    FACE_CHANGED = "face_changed"
    PICTURE_JUMPED = "picture_jumped"
    PICTURE_FROZEN = "picture_frozen"
    TOO_SLOW_FOR_BLINK = "too_slow_for_blink"
    TOO_DARK = "too_dark"
    TOO_FAR = "too_far"
    EYES_HIDDEN = "eyes_hidden"
    NO_FRONTAL_VIEW = "no_frontal_view"
    # the acts and the match
    ACT_NOT_SEEN = "act_not_seen"
    FLAT_FACE = "flat_face"
    ATTACK_SUSPECTED = "attack_suspected"
    LIVENESS_IN_DOUBT = "liveness_in_doubt"
    LIGHT_NOT_ANSWERED = "light_not_answered"  # the screen's colours (decision 31)
    NOT_SAME_PERSON = "not_same_person"
    MATCH_IN_DOUBT = "match_in_doubt"
    NONCE_FROM_DEVICE = "nonce_from_device"
    ALTERNATIVE_ACT = "alternative_act"  # a nod shows less than a turn


class CardKind(StrEnum):
    """Which document was read."""

    RESIDENT = "cn_resident"
    HK_MACAO_TAIWAN = "cn_hk_macao_taiwan"
    FOREIGNER_2017 = "cn_foreigner_2017"
    FOREIGNER_2023 = "cn_foreigner_2023"
    ICAO_ID = "icao_id"  # a card of form TD1 or TD2
    ICAO_PASSPORT = "icao_passport"  # TD3
    BENCH = "bench"  # a picture from a visit file: no chip was read


class Sex(Enum):
    """GB/T 2261.1: 0 unknown, 1 male, 2 female, 9 not stated."""

    UNKNOWN = 0
    MALE = 1
    FEMALE = 2
    NOT_STATED = 9


class CardDoubt(StrEnum):
    """What does not fit on a card that could be read; reported, never mended."""

    CHECK_DIGIT = "check_digit"
    BIRTH = "birth"
    SEX = "sex"
    EXPIRY = "expiry"  # it states no day that there is
    DETAILS = "details"  # further personal details cannot be read
    VALIDITY_ORDER = "validity_order"
    NAME_PRIVATE_USE = "name_private_use"


@dataclass(frozen=True, slots=True)
class Card:
    """One document, whatever reader it came from; nothing in it is invented."""

    kind: CardKind
    number: str = field(repr=False)
    name: str = field(repr=False)
    other_name: str = field(default="", repr=False)  # Chinese or Latin second name
    sex: Sex = field(default=Sex.UNKNOWN, repr=False)
    birth: date | None = field(default=None, repr=False)
    valid_from: date | None = field(default=None, repr=False)
    valid_to: date | None = field(default=None, repr=False)  # None: see long_term
    long_term: bool = field(default=False, repr=False)
    issuer: str = field(default="", repr=False)
    nationality: str = field(default="", repr=False)  # ISO 3166-1 alpha-3
    doubts: tuple[CardDoubt, ...] = ()
    checked: tuple[str, ...] = ()  # facts of trust, e.g. "sam_authenticated"
    # What did not hold or was not checked, and why, e.g. "issuer_chain:no_store".
    unchecked: tuple[str, ...] = ()
    concerns: tuple[Reason, ...] = ()  # what that means for the verdict
    reader_id: str = ""  # SAM id: identifies the reader, not the person
    portrait_record: bytes = field(default=b"", repr=False)  # as the chip holds it
    addresses: tuple[str, ...] = field(default=(), repr=False)  # reader.addresses
    fingerprint_record: bytes = field(default=b"", repr=False)  # reader.fingerprint
    evidence_sha256: str = field(default="", repr=False)  # of the raw record


@dataclass(frozen=True, slots=True)
class Portrait:
    """An encoded picture (BMP, PNG, JPEG), or the reason why there is none.

    `digest` is the SHA-256, in hex, of the picture as its source gave it, where `image`
    is another form of it; empty: of `image` itself.
    """

    image: bytes | None = field(repr=False)
    reason: str = ""
    digest: str = field(default="", repr=False)


class LightOutcome(StrEnum):
    """What came of the colours that the screen showed to the face."""

    ANSWERED = "answered"
    FLAT = "flat"  # in kind, but like a plane
    ANOTHER = "another"  # colours change a lot, and not as shown
    NOT_VISIBLE = "not_visible"  # nothing can be said, as in a bright shop
    SKIPPED = "skipped"  # not wanted, or not shown


class NonceSource(StrEnum):
    """Who made the carrier's half of the seed that orders the acts."""

    CARRIER = "carrier"
    POOL = "pool"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class ActFinding:
    """One asked act and its answer; times in seconds on the capture clock."""

    act: Act
    asked_s: float
    answered_s: float | None

    @property
    def passed(self) -> bool:
        """An act with an answer was seen in time; one without was not."""
        return self.answered_s is not None


@dataclass(frozen=True, slots=True)
class MatchFinding:
    """Cosine of the live views with the portrait, and what it must reach."""

    score: float
    threshold: float


CARD_LAID = "card_laid"  # decision 4: laying the card is the gesture


@dataclass(frozen=True, slots=True)
class Consent:
    """Which text was agreed to, and by which gesture."""

    text: str  # its version
    given: str  # CARD_LAID, "screen", "clerk"
    language: str = ""  # BCP 47, of the text that was shown
    digest: str = ""  # base64url SHA-256 of exactly the text that was shown
    at_s: int = 0  # seconds since 1970; 0: not noted


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The end of one visit: everything a result is made of, and no picture."""

    visit: int
    purpose: Purpose
    verdict: Verdict
    reasons: tuple[Reason, ...]
    transaction: str
    nonce: str  # base64url; empty when there was none
    nonce_source: NonceSource
    device_nonce: str  # base64url
    profile: str
    consent: Consent | None = None
    card: Card | None = field(default=None, repr=False)
    portrait_sha256: str = field(default="", repr=False)
    match: MatchFinding | None = None
    acts: tuple[ActFinding, ...] = ()
    passive: float | None = None
    passive_threshold: float | None = None
    light: LightOutcome | None = None  # None: it was not asked for
    light_shown: tuple[str, ...] = ()  # LightSequence.words; empty: it did not begin
    ended_s: float = 0.0  # capture clock


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, with the doubt that belongs to it."""

    utc_s: int  # seconds since 1970, as the wall clock believes
    quality: str  # "ntp", "rtc", "unsynced"
    boot: str  # boot id
    mono_ms: int  # milliseconds since boot, sleep included


@dataclass(frozen=True, slots=True)
class Today:
    """Which day it is."""

    day: date
    is_known: bool = True  # else it is the earliest day that today can be


class Health(Enum):
    """What one part of the terminal can do."""

    STARTING = auto()
    WELL = auto()
    LOST = auto()
