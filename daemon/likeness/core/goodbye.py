"""How long the verdict stays on the screen.

Who took the card has understood; who still reads an answer is given time, but what is
on the screen is somebody's own, so it never stands for longer than the policy allows.
Leaves to others: the visit (session.py), what is shown.
"""

from likeness.core.profile import Profile


class Goodbye:
    """The end of one visit, from the moment its result is safe."""

    def __init__(self, profile: Profile, now: float) -> None:
        self._profile = profile
        self._latest_s = now + profile.linger_at_most_s
        self._least_s = now  # until then somebody reads
        self.until_s = now + profile.goodbye_s

    def linger(self, for_s: float, now: float) -> None:
        """Stay for at least so long from now on, within bounds."""
        self._least_s = min(max(self._least_s, now + for_s), self._latest_s)
        self.until_s = max(self.until_s, self._least_s)

    def card_taken(self, now: float) -> None:
        """Make room for the next visitor, unless this one still reads."""
        soon_s = min(self.until_s, now + self._profile.last_look_s)
        self.until_s = max(soon_s, self._least_s)
