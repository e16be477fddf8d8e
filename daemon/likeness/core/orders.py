"""What the carrier may order: commands, and the configuration that it desires.

Arguments are typed and bounded, and an unknown one is refused: it may have meant
something. Leaves to others: signatures, whether an order may be obeyed (`commands`,
`desired`), every other message (`messages`).
"""

from typing import Annotated, Any, Literal

import msgspec

from likeness.core.messages import (
    Digest,
    Epoch,
    FromCarrier,
    Message,
    Name,
    Seq,
    Short,
    Time,
)

Counter = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
# A counter or version signed by mistake must not use up all that are to come. Carriers
# begin at their clock, so a first step is as large as that; two million go into 2**53.
STEP_AT_MOST = 2**32 - 1
# So long a run lasts at least that ends by order: ten starts in five minutes would make
# the unit reboot the device (StartLimitBurst), and a few more may come from elsewhere.
RESTARTS_AFTER_S = 30.0
DesiredState = Literal["applied", "refused", "pending"]
REASON_CHARS = 256  # of a `Short`
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


# --- commands -----------------------------------------------------------------------
class _Action(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="name",
    forbid_unknown_fields=True,
):
    """One command with its arguments; the tag is its name."""


class Restart(_Action, frozen=True, tag="restart"):
    """Stop in order between two visits; the unit starts the daemon again."""


class Diagnose(_Action, frozen=True, tag="diagnose"):
    """Send versions, counters, the last log lines and what the doctor says."""


class Announce(_Action, frozen=True, tag="announce"):
    """Say birth, status, time anchor and reported once more."""


class SelfTest(_Action, frozen=True, tag="self_test"):
    """Let each model give its golden answer, between visits."""


class RotateKey(_Action, frozen=True, tag="rotate_key"):
    """Make the next device key, then restart: it takes over at the start."""


class SetLogLevel(_Action, frozen=True, kw_only=True, tag="log_level"):
    """Log more, or less, for a time; then it is as before by itself."""

    level: Literal["debug", "info", "warning"]
    for_s: Annotated[int, msgspec.Meta(ge=1, le=3600)]


Action = Restart | Diagnose | Announce | SelfTest | RotateKey | SetLogLevel
ACTIONS: dict[str, type[Action]] = {
    "restart": Restart,
    "diagnose": Diagnose,
    "announce": Announce,
    "self_test": SelfTest,
    "rotate_key": RotateKey,
    "log_level": SetLogLevel,
}


class Command(FromCarrier, frozen=True, kw_only=True):
    """The claims of a command: for one device, in one epoch of its chain, once."""

    counter: Counter  # greater than that of each command before
    epoch: Epoch  # a new database knows no counter; it obeys nothing old, either
    command: msgspec.Raw  # an `Action`


class Reply(Message, frozen=True, kw_only=True):
    """What became of a command."""

    iss: Name
    jti: Name
    iat: Time
    command: Name | None = None  # its jti; none: it could not be read
    of: Digest  # SHA-256 of its signing input
    outcome: Literal["done", "refused", "failed"]
    reason: Short = ""
    # Any: each command has its own answer, flat or one level deep.
    result: dict[str, Any] = msgspec.field(default_factory=dict)


# --- configuration ------------------------------------------------------------------
class Bundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Models and policy, by number and digest; they come from `update.source`."""

    number: Counter
    digest: Sha256


class Overrides(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """All that can be changed from afar; what is left out is as in the file.

    Device, environment, keys, broker and state_dir are not here, so they cannot be; nor
    are purpose and consent_text: what visitors agreed to is changed where it is shown.
    """

    telemetry_every_s: Annotated[int, msgspec.Meta(ge=5, le=3600)] | None = None
    log_level: Literal["info", "warning", "error"] | None = None
    profile: Name | None = None
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None
    keep_mib: Annotated[int, msgspec.Meta(ge=1, le=4096)] | None = None
    bundle: Bundle | None = None


class Desired(FromCarrier, frozen=True, kw_only=True):
    """The claims of a desired configuration."""

    version: Counter  # greater than that of each one before
    digest: Digest  # see `desired.digest_of`
    config: msgspec.Raw  # `Overrides`


class RefusedWish(Message, frozen=True, kw_only=True):
    """A desired configuration that was refused, and is not the newest."""

    version: Seq  # 0: it cannot be read
    digest: Digest | None = None
    reason: Short = ""


class Reported(Message, frozen=True, kw_only=True):
    """What became of the newest configuration that was desired, and what runs."""

    version: Seq  # 0: none was ever desired
    digest: Digest | None = None
    state: DesiredState
    reason: Short = ""
    refused: RefusedWish | None = None  # the last one beside it
    # Any: text, numbers, and the facts of the model set.
    running: dict[str, Any]
