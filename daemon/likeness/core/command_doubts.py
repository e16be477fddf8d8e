"""Why a command that can be read is not obeyed, whatever it asks for.

The first doubt is the answer: who replays an unknown command learns only that it is a
replay. Leaves to others: signatures, reading, when it is carried out (`commands`).
"""

from enum import StrEnum

from likeness.core import orders, time_floor

LIFE_AT_MOST_S = 24 * 3600


class Why(StrEnum):
    """Why an order is not obeyed."""

    MALFORMED = "malformed"
    WRONG_TYPE = "wrong_type"
    WRONG_DEVICE = "wrong_device"
    EXPIRED = "expired"
    NOT_YET = "not_yet"  # signed later than a believed clock says
    LIVES_TOO_LONG = "lives_too_long"
    WRONG_EPOCH = "wrong_epoch"
    REPLAYED = "replayed"
    TOO_FAR = "too_far"  # a counter that would use up those to come
    UNKNOWN_COMMAND = "unknown_command"
    BAD_ARGUMENTS = "bad_arguments"
    BUSY = "busy"  # send it again: its counter was not used
    NOT_KEPT = "not_kept"  # no room on the disk for the counter


def doubt(
    claims: orders.Command,
    *,
    device: str,
    counter: int,
    epoch: str,
    earliest_s: int,
    believed_s: int | None,
) -> Why | None:
    """Return why a command may not be obeyed; None: nothing speaks against it.

    Args:
        claims: what the carrier has signed.
        device: our name.
        counter: the last one that was accepted.
        epoch: what is written into now.
        earliest_s: the least that the time can be.
        believed_s: what a believed clock says; None: there is none.
    """
    why: Why | None = None
    if claims.aud != device:
        why = Why.WRONG_DEVICE
    elif claims.exp < claims.iat:
        why = Why.MALFORMED
    elif claims.exp < earliest_s:
        why = Why.EXPIRED
    elif time_floor.is_ahead(claims.iat, believed_s):
        why = Why.NOT_YET
    elif claims.exp - claims.iat > LIFE_AT_MOST_S:
        why = Why.LIVES_TOO_LONG
    elif claims.epoch != epoch:
        why = Why.WRONG_EPOCH
    elif claims.counter <= counter:
        why = Why.REPLAYED
    elif claims.counter > counter + orders.STEP_AT_MOST:
        why = Why.TOO_FAR
    return why
