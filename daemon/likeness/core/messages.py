"""Every message between terminal and carrier, as types: signed claims and plain facts.

One struct per message, used by both sides. Unknown members are let through, so that an
old reader understands a newer writer; a missing or ill-typed one is refused. Leaves to
others: signatures, expiry, who may say what.
"""

from typing import Annotated, Any, Literal, TypeVar

import msgspec

from likeness.core import jws
from likeness.core.vocabulary import Environment, NonceSource, Purpose, Verdict
from likeness.errors import Untrusted

ROOT = "likeness/v1"

# The JWS `typ` of each signed message (RFC 8725, 3.11: explicit typing).
RESULT = "likeness-result+jws"
EPOCH = "likeness-epoch+jws"
KEY = "likeness-key+jws"
KEY_PROOF = "likeness-key-proof+jws"
ASK = "likeness-ask+jws"
ANCHOR = "likeness-anchor+jws"
VISIT = "likeness-visit+jws"
RECEIPT = "likeness-receipt+jws"
REFUSAL = "likeness-refusal+jws"
COMMAND = "likeness-command+jws"  # what they say stands in `orders`
DESIRED = "likeness-desired+jws"
REPLY = "likeness-reply+jws"

ASK_VISIT = "visit"
ASK_TIME_ANCHOR = "time_anchor"

Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
LAST_SECOND = 253_402_300_799  # of the year 9999: no calendar goes further
Time = Annotated[int, msgspec.Meta(ge=0, le=LAST_SECOND)]  # seconds since 1970
Micro = Annotated[int, msgspec.Meta(ge=-(2**53 - 1), le=2**53 - 1)]  # × 10⁶
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
# In Python "$" also stands before a line feed at the end; a name holds none.
Digest = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$(?!\n)")]  # SHA-256
Epoch = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
Short = Annotated[str, msgspec.Meta(max_length=256)]
# A transaction that somebody else has named: the carrier, or a shop by its desk. It is
# a part of the desk's addresses; a whole segment "." or ".." would be taken for a way.
Reference = Annotated[
    str, msgspec.Meta(pattern=r"^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,64}$(?!\n)")
]


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was not measured is left out, not sent as null."""


class Match(Message, frozen=True, kw_only=True):
    """Cosine and threshold × 10⁶."""

    score: Micro
    threshold: Micro


class Act(Message, frozen=True, kw_only=True):
    """One asked act; milliseconds since the first act was asked."""

    act: Short
    asked_ms: int
    answered_ms: int | None = None
    passed: bool


class Light(Message, frozen=True, kw_only=True):
    """What came of the screen's colours (decision 31)."""

    outcome: Short  # vocabulary.LightOutcome
    # Each colour and its length in ms, e.g. "green 310", as drawn from the nonces
    # (core/light.py); left out when none were shown.
    colours: list[Short] | None = None


class Liveness(Message, frozen=True, kw_only=True):
    """What was asked and answered; scores × 10⁶."""

    acts: list[Act]
    passive: Micro | None = None
    threshold: Micro | None = None
    light: Light | None = None  # left out where the policy does not ask for it


class Consent(Message, frozen=True, kw_only=True):
    """Which text was agreed to, and by which gesture."""

    text: Short
    given: Short
    language: Short | None = None  # BCP 47, of the text that was shown
    digest: Digest | None = None  # of exactly the text that was shown
    at: Time | None = None


class CardFacts(Message, frozen=True, kw_only=True):
    """Which document was read, without saying whose."""

    kind: Short
    issuer: Short | None = None
    checked: list[Short]
    # What did not hold or was not checked, and why; left out where there is nothing.
    unchecked: list[Short] | None = None
    reader: Short | None = None  # its own id: real-name rules want the device
    portrait_digest: Digest | None = None  # see report.portrait_digest


class _Record(Message, frozen=True, kw_only=True):
    """What each link of a device's chain says (design 3.4)."""

    iss: Name  # the device
    jti: Name
    iat: Time
    epoch: Epoch
    seq: Seq
    boot: Short
    mono_ms: int  # since boot, sleep included
    time_quality: Short
    software: Short
    key_tier: Short
    environment: Environment


class Result(_Record, frozen=True, kw_only=True):
    """The claims of a result (design 3.4)."""

    prev: Digest
    purpose: Purpose
    transaction: Short | None = None
    nonce: Short | None = None
    nonce_source: NonceSource
    device_nonce: Short | None = None
    verdict: Verdict
    reasons: list[Short]
    match: Match | None = None
    liveness: Liveness | None = None
    models: dict[str, str]  # role → SHA-256
    policy: Short
    consent: Consent | None = None
    card: CardFacts | None = None
    person: str | None = None  # a JWE to the carrier's person key


class Former(Message, frozen=True, kw_only=True):
    """The last record of the epoch before that the carrier had receipted."""

    epoch: Epoch
    seq: Seq
    hash: Digest


class EpochBegins(_Record, frozen=True, kw_only=True):
    """The claims of row 0: a new chain begins."""

    former: Former | None = None
    reason: Short | None = None  # chain.EpochReason; none: the first of its life


class PublicKey(Message, frozen=True, kw_only=True):
    """A P-256 public key as JWK (RFC 7518, 6.2.1); `kid` is its thumbprint."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Digest  # 32 bytes
    y: Digest
    kid: Digest


class KeyChange(_Record, frozen=True, kw_only=True):
    """From the next place on the new key signs; signed by the one before it.

    What the old key signed at a later place, or in another epoch beyond `open`, is not
    the terminal's.
    """

    prev: Digest
    key: PublicKey
    new_key_tier: Short
    proof: Annotated[str, msgspec.Meta(max_length=2048)]  # a `KeyProof`, signed by it
    open: Annotated[list[Former], msgspec.Meta(max_length=32)] = []


class KeyProof(Message, frozen=True, kw_only=True):
    """Who holds the new key agrees to take this one place; good for no other."""

    iss: Name
    epoch: Epoch
    seq: Seq
    prev: Digest
    former: Digest  # thumbprint of the key that is replaced


class Ask(Message, frozen=True, kw_only=True):
    """A terminal asks for a visit's nonce, bound by its own commitment."""

    iss: Name
    jti: Name
    iat: Time
    ask: Short  # "visit"
    commitment: Digest  # SHA-256 of the device nonce
    transaction: Name
    purpose: Purpose


class TimeAnchor(Message, frozen=True, kw_only=True):
    """A terminal's clock is set: this millisecond of its boot was this time."""

    iss: Name
    jti: Name
    iat: Time
    ask: Short  # "time_anchor"
    boot: Short
    mono_ms: Seq  # since boot, sleep included
    utc_s: Time
    quality: Literal["ntp", "rtc"]


class FromCarrier(Message, frozen=True, kw_only=True):
    """What each message from the carrier says."""

    aud: Name  # one device
    jti: Name
    iat: Time
    exp: Time


class Visit(FromCarrier, frozen=True, kw_only=True):
    """The answer to an `ask`: the carrier's half of the seed."""

    counter: int
    transaction: Name
    purpose: Purpose
    nonce: Digest  # 32 bytes
    commitment: Digest


class Receipt(FromCarrier, frozen=True, kw_only=True):
    """All records of the epoch up to `upto` are kept; `head` is the last one's hash."""

    epoch: Epoch
    upto: Seq
    head: Digest


class Refusal(FromCarrier, frozen=True, kw_only=True):
    """One record will never be taken; it is well signed, but not for this carrier."""

    epoch: Epoch
    seq: Seq
    hash: Digest
    reason: Short


class Person(Message, frozen=True, kw_only=True):
    """What is inside `person`, for the carrier's eyes only."""

    number: str
    name: str
    salt: str  # of the portrait's digest
    addresses: list[str] | None = None  # only where the operator asks for them

    def __repr__(self) -> str:
        """Show nothing of anybody."""
        return "Person(…)"


class Status(Message, frozen=True, kw_only=True):
    """Whether the terminal is there; `boot` tells a late will from a true one."""

    status: Annotated[
        str, msgspec.Meta(extra_json_schema={"enum": ["online", "stopping", "lost"]})
    ]
    boot: str


Claims = TypeVar("Claims", bound=msgspec.Struct)


def to_json(message: msgspec.Struct | dict[str, Any]) -> bytes:
    """Return compact JSON; the same message gives the same bytes."""
    return msgspec.json.encode(message, order="deterministic")


def from_json(data: bytes, kind: type[Claims]) -> Claims:
    """Read one message.

    Raises:
        Untrusted: not JSON, a member twice, or not of this kind. The text names the
            member, never its value.
    """
    jws.load_object(data)  # msgspec would let a member appear twice
    try:
        return msgspec.json.decode(data, type=kind, strict=True)
    except msgspec.ValidationError as problem:
        raise Untrusted(f"claims that do not fit: {_place(str(problem))}") from problem
    except msgspec.DecodeError as problem:
        raise Untrusted("not JSON") from problem


def _place(problem: str) -> str:
    """Name the member only: `Expected `int`, got `str` - at `$.a.b`` → `a.b`."""
    what, at, where = problem.rpartition(" - at `$")
    return (where.strip(".") if at else what + where).replace("`", "")[:64]


def topic(device: str, leaf: str) -> str:
    """Return one topic of a device (design 3.5)."""
    return f"{ROOT}/{device}/{leaf}"


def device_and_leaf(name: str) -> tuple[str, str]:
    """Split a topic into device and leaf.

    Raises:
        Untrusted: not one of our topics.
    """
    root, device, leaf = ([*name.rsplit("/", 2), "", ""])[:3]
    if root != ROOT or not device or not leaf:
        raise Untrusted("not a topic of ours")
    return device, leaf
