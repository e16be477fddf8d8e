"""What is reported of the wishes that came: the newest's state, and what was refused.

- The report stays about the newest wish: what is older, for another terminal or of a
  number or time that cannot be never takes its place. It stands beside it, as the last
  one that was refused.
- The same again says nothing new. Of other refusals so many are said in a minute and no
  more: old wishes are well signed for ever, and whoever holds the broker may send them
  as often as he likes.

Leaves to others: whether a wish is taken (`desired`), publishing, what runs.
"""

from typing import assert_never

import msgspec

from likeness.core import orders
from likeness.core.brake import Brake
from likeness.core.desired import Refused, Why, Wish

REFUSALS_AT_MOST = 10  # said in a minute
REFUSALS_WITHIN_S = 60.0
# What is refused for one of these says nothing of which wish is the newest.
BESIDE = frozenset(
    {Why.WRONG_TYPE, Why.WRONG_DEVICE, Why.STALE, Why.NOT_YET, Why.TOO_FAR}
)


class DesiredReport:
    """What one run has to say; `said` without what runs."""

    def __init__(self, in_force: Wish | None, refused: Refused | None) -> None:
        """Begin with what a start has found; a refused one was given back by it."""
        self.said = orders.Reported(
            version=in_force.version if in_force else 0,
            digest=in_force.digest if in_force else None,
            state="applied",
            running={},
        )
        if refused is not None:
            self.said = self._with(refused)
        self._brake = Brake(REFUSALS_AT_MOST, REFUSALS_WITHIN_S)

    def is_superseded(self, version: int) -> bool:
        """Say whether a newer wish than this was heard in this run."""
        return version < self.said.version

    def note(self, about: Wish | Refused, now: float) -> bool:
        """Take note of a wish that waits or is refused; say whether that is news."""
        before, new = self.said, self._with(about)
        if new == before:
            return False
        moved = new.version > before.version or "pending" in (new.state, before.state)
        if not moved and not self._brake.lets(now):
            return False
        self.said = new
        return True

    def _with(self, about: Wish | Refused) -> orders.Reported:
        match about:
            case Wish(version=version, digest=digest):
                return msgspec.structs.replace(
                    self.said,
                    version=version,
                    digest=digest,
                    state="pending",
                    reason="",
                )
            case Refused(why, version, digest):
                reason = why[: orders.REASON_CHARS]
                if not self._is_about_the_newest(about):
                    beside = orders.RefusedWish(
                        version=version, digest=digest, reason=reason
                    )
                    return msgspec.structs.replace(self.said, refused=beside)
                return msgspec.structs.replace(
                    self.said,
                    version=version,
                    digest=digest,
                    state="refused",
                    reason=reason,
                )
            case _:
                assert_never(about)

    def _is_about_the_newest(self, refused: Refused) -> bool:
        said = self.said
        if refused.why in BESIDE or refused.version < said.version:
            return False
        # What is in force stays so, whatever else was signed under its number.
        same = (refused.version, refused.digest) == (said.version, said.digest)
        return refused.version > said.version or (same and said.state != "applied")
