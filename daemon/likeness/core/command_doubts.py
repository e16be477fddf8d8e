"""Why an order that can be read is not obeyed, whatever it asks for.

The first doubt is the answer: who replays an unknown command learns only that it is a
replay. Leaves to others: signatures, reading, when it is carried out (`commands`).
"""

from enum import StrEnum

from likeness.core import orders, time_floor
from likeness.core.messages import FromCarrier

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
    why = of_place_and_time(
        claims,
        device=device,
        life_at_most_s=LIFE_AT_MOST_S,
        earliest_s=earliest_s,
        believed_s=believed_s,
    )
    if why is None and claims.epoch != epoch:
        why = Why.WRONG_EPOCH
    return why or of_counter(claims.counter, counter)


def of_place_and_time(
    claims: FromCarrier,
    *,
    device: str,
    life_at_most_s: int,
    earliest_s: int,
    believed_s: int | None,
) -> Why | None:
    """Return why any order is not for us, or not for now; None: it is.

    Args:
        claims: what the carrier has signed.
        device: our name.
        life_at_most_s: no order of this kind is good for longer.
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
    elif claims.exp - claims.iat > life_at_most_s:
        why = Why.LIVES_TOO_LONG
    return why


def of_counter(counter: int, last: int) -> Why | None:
    """Return why an order's counter cannot follow the last that was accepted."""
    if counter <= last:
        return Why.REPLAYED
    return Why.TOO_FAR if counter > last + orders.STEP_AT_MOST else None
