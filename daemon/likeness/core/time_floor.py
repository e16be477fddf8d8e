"""How far a wall clock can be believed: never below what is known to be past.

- The floor is a time that has certainly been reached: the release of this software, or
  the latest time that the carrier has signed and we have verified. It never goes back.
- A clock below the floor is wrong, whatever set it: it is as good as none.
- What expired before the floor has expired. What expires after it may be good: without
  a believed clock nobody is refused for want of one.
- A carrier's time that lies far ahead of a believed clock raises nothing: a carrier
  with a wrong clock must not take the clocks away from its terminals.

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
    now_s = believed_now(moment, floor_s)
    if now_s is not None and said_s > now_s + AHEAD_S:
        return floor_s
    return max(floor_s, said_s)
