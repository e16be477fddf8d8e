"""Which terminal goes on sending by a key that nobody has announced.

A record by a new key may come before the change to it: then it is dropped, and taken
when it comes again. If that goes on, the change is lost: on a card that broke, or in a
database here that was restored. Or somebody pretends. A person must look. Leaves to
others: dropping, keeping the alarm.
"""

from dataclasses import dataclass

STAYS_S = 900  # a terminal sends again within 300 s, with jitter, and in order
DAY_S = 86_400
KID_CHARS = 43  # of a thumbprint; what is longer is none


@dataclass(frozen=True, slots=True)
class Stranger:
    """A key by which one device has sent for long."""

    device: str
    kid: str
    day: int  # one alarm a day: whoever may publish there could make many keys

    @property
    def detail(self) -> str:
        """Say what it is and what to do."""
        return (
            f"records by key {self.kid}, which no key change has brought; if this"
            " database was restored, let the terminal send again; else see that the"
            " key is the terminal's, and add it to the device's file"
        )


class UnknownKeys:
    """Remembers one key for each device, since when."""

    def __init__(self) -> None:
        """Begin with none; a restart begins anew."""
        self._since: dict[str, tuple[str, int]] = {}

    def seen(self, device: str, kid: str, now_s: int) -> Stranger | None:
        """Take note of one; return it if it has been here for long.

        Args:
            device: one that we know, so that there are not too many.
            kid: as the record says it; its signature cannot be checked.
            now_s: seconds since 1970.
        """
        kid = kid[:KID_CHARS]
        known, since_s = self._since.setdefault(device, (kid, now_s))
        if known != kid:
            self._since[device] = (kid, now_s)
            return None
        if now_s - since_s < STAYS_S:
            return None
        return Stranger(device, kid, now_s // DAY_S)
