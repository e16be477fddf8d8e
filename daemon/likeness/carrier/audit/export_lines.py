"""What stands in a signed export: one JSON object a line, each with one purpose.

1. `export`: whose, which period, the device's keys and the tokens that changed them;
2. `result`, one line for each record: its token, when it was received, and why it was
   not taken, if it was not; chain after chain, in order of places;
3. `alarm`, one line for each, with its token as proof;
4. `summary`: each chain's first and last link, and what the carrier knows to be wrong;
5. `seal`: a JWS by the carrier's audit key over the SHA-256 of all bytes before it.

Tokens are the terminal's own, unchanged. Leaves to others: writing (`export`), checking
(`export_check`).
"""

import msgspec

from likeness.core import messages
from likeness.core.messages import Digest, Epoch, Name, Seq, Time

AUDIT = "likeness-audit+jws"  # the seal's `typ`
VERSION = 1


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A newer version of the form is another version: nothing is passed over."""


class DeviceKey(_Part, frozen=True, kw_only=True):
    """One public key of the device, and where it may sign."""

    jwk: messages.PublicKey
    in_file: bool  # else a key change has brought it
    since: str  # the same in words, with its end


class Opening(_Part, frozen=True, kw_only=True):
    """The first line."""

    version: int
    device: Name
    from_s: int  # of reception, by the carrier's clock; seconds since 1970
    to_s: int  # and before this
    made_utc_s: Time
    keys: list[DeviceKey]
    key_changes: list[str]  # tokens, also those before the period


class Alarm(_Part, frozen=True, kw_only=True):
    """One thing that the carrier was alarmed about."""

    kind: str
    epoch: str
    seq: int
    detail: str
    raised_utc_s: int
    token: str


class Linked(_Part, frozen=True, kw_only=True):
    """One end of what is exported of a chain."""

    seq: Seq
    hash: Digest


class Chain(_Part, frozen=True, kw_only=True):
    """What is exported of one chain."""

    epoch: Epoch
    before: Linked | None  # what the first one here follows; none: it begins the chain
    last: Linked
    records: int
    is_whole: bool


class Stated(_Part, frozen=True, kw_only=True):
    """One thing that the carrier says is wrong, or worth a look."""

    kind: str
    epoch: str
    seq: int
    said: str
    do: str


class Summary(_Part, frozen=True, kw_only=True):
    """The last line before the seal."""

    chains: list[Chain]
    findings: list[Stated]
    more: int  # findings that are not listed
    alarms: int
    results: dict[str, int]  # "verdict purpose" → how many


class Line(_Part, frozen=True, kw_only=True, omit_defaults=True):
    """One line; exactly one of its members, but for those of a record."""

    export: Opening | None = None
    result: str | None = None
    received: Time = 0
    refusal: str = ""
    alarm: Alarm | None = None
    summary: Summary | None = None
    seal: str | None = None


class Seal(_Part, frozen=True, kw_only=True):
    """The claims of the seal."""

    iss: str
    iat: Time
    device: Name
    from_s: int
    to_s: int
    lines: int  # before the seal
    sha256: Digest  # base64url, of all bytes before the seal's line


def encode(line: Line) -> bytes:
    """Return one line with its end."""
    return messages.to_json(line) + b"\n"
