"""How far a wall clock can be believed: never below what is known to be past.

- The floor is a time that has certainly been reached: the release of this software, or
  the latest time that the carrier has signed and we have verified. It never goes back.
- A clock below the floor is wrong, whatever set it: it is as good as none.
- What expired before the floor has expired. What expires after it may be good: without
  a believed clock nobody is refused for want of one.
- A carrier's time that lies far ahead of a believed clock raises nothing: a carrier
  with a wrong clock must not take the clocks away from its terminals.
- One that was wrong while we had no clock may have put the floor into the future, where
  everything has expired for ever. It goes back only for two witnesses that agree: a
  clock that was set, and a word that the carrier gave to a fresh question of ours.

Leaves to others: reading clocks, keeping the floor.
"""

from dataclasses import replace

from likeness.core.vocabulary import Moment

NTP = "ntp"  # set over the network in this boot
RTC = "rtc"  # set from a battery clock at this boot
UNSYNCED = "unsynced"
BELIEVED = frozenset({NTP, RTC})

AHEAD_S = 300  # clocks of honest machines differ less


def judged(moment: Moment, floor_s: int) -> Moment:
    """Return the moment; "unsynced" if its wall clock lies below the floor."""
    return moment if moment.utc_s >= floor_s else replace(moment, quality=UNSYNCED)


def is_believed(moment: Moment) -> bool:
    """Say whether the wall clock of a judged moment can be believed."""
    return moment.quality in BELIEVED


def believed_now(moment: Moment, floor_s: int) -> int | None:
    """Return seconds since 1970, or None while nobody knows."""
    moment = judged(moment, floor_s)
    return moment.utc_s if is_believed(moment) else None


def earliest_now(moment: Moment, floor_s: int) -> int:
    """Return the least that the time can be; what expired before this has expired."""
    now_s = believed_now(moment, floor_s)
    return floor_s if now_s is None else now_s


def raised(floor_s: int, said_s: int, moment: Moment) -> int:
    """Return the floor after the carrier signed that it is `said_s`."""
    believed_s = believed_now(moment, floor_s)
    if is_ahead(said_s, believed_s):
        return floor_s
    # Not above a believed clock: a second's difference would make it as good as none.
    reached_s = said_s if believed_s is None else min(said_s, believed_s)
    return max(floor_s, reached_s)


def is_ahead(said_s: int, believed_s: int | None) -> bool:
    """Say whether a carrier's time is later than a believed clock can bear."""
    return believed_s is not None and said_s > believed_s + AHEAD_S


def mended(floor_s: int, said_s: int, moment: Moment, least_s: int) -> int:
    """Return the floor after the carrier answered us freshly that it is `said_s`.

    Args:
        floor_s: as it is.
        said_s: signed over a question that we asked just now, so it is no old word.
        moment: as the clock says it, not judged.
        least_s: what is past whoever says what: the release.
    """
    was_set = moment.quality in BELIEVED and moment.utc_s >= least_s
    agree = was_set and abs(said_s - moment.utc_s) <= AHEAD_S
    if not agree or floor_s <= said_s + AHEAD_S:
        return floor_s
    return max(least_s, min(said_s, moment.utc_s))


def earliest_of_broker(moment: Moment, floor_s: int, least_s: int) -> int:
    """Return the least that the time can be for the certificate of a broker.

    A clock that was set and lies below the floor is not believed, but one of the two is
    wrong: without the line nobody would ever learn which.
    """
    in_dispute = moment.quality in BELIEVED and least_s <= moment.utc_s < floor_s
    return moment.utc_s if in_dispute else earliest_now(moment, floor_s)
