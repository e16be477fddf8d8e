"""Which taps count: each once, and only in the scene that offered it.

Leaves to others: scenes (stage.py), what a visit makes of it (the session).
"""

from likeness.core import scene as words
from likeness.core import visit_events as visits
from likeness.core.scene import Offer, Scene
from likeness.core.vocabulary import Alternative

OFFERS: dict[type, Offer] = {
    words.Begin: Offer.BEGIN,
    words.Agree: Offer.AGREE,
    words.Decline: Offer.DECLINE,
    words.CallAttendant: Offer.ATTENDANT,
    words.MoreTime: Offer.MORE_TIME,
    words.EnterKey: Offer.KEY,
    words.ShineLight: Offer.LIGHT,
    words.LightShown: Offer.SKIP_LIGHT,  # which stands as long as the colours do
    words.SkipLight: Offer.SKIP_LIGHT,
    words.NotMine: Offer.NOT_MINE,
    words.Done: Offer.DONE,
}
INSTEAD = {Offer.CLOSE_EYES: Alternative.CLOSE_EYES, Offer.NOD: Alternative.NOD}


class Taps:
    """Remembers what was tapped in the present scene."""

    def __init__(self) -> None:
        self._taken: set[tuple[type, Offer]] = set()
        self._key_waits = False  # for what the reader says to it

    def renew(self) -> None:
        """The scene offers other things from now on."""
        self._taken.clear()

    def call_is_over(self) -> None:
        """Somebody came, or nobody for too long: an attendant may be called again."""
        self._taken.discard((words.CallAttendant, Offer.ATTENDANT))

    def reader_spoke(self) -> None:
        """Another line of a key may be entered: the reader has answered to the last."""
        self._key_waits = False

    def take(self, tap: words.Tap, scene: Scene) -> bool:
        """Say whether it counts; the same one will not count again."""
        offer = _offer(tap)
        if tap.serial != scene.serial or offer not in scene.offers:
            return False
        if isinstance(tap, words.LightShown):
            return True  # no tap; a page that was loaded anew must say it again
        if isinstance(tap, words.EnterKey):
            # Impatience must not use up the tries that a chip allows.
            waits, self._key_waits = self._key_waits, True
            return not waits
        if (type(tap), offer) in self._taken:
            return False
        self._taken.add((type(tap), offer))
        return True


def event_of(tap: words.Tap, visit: int) -> visits.Event | None:
    """Return what a tap is to the visit, where that needs nothing else."""
    match tap:
        case words.Decline():
            return visits.ConsentRefused(visit)
        case words.MoreTime():
            return visits.MoreTimeAsked(visit)
        case words.Alternative(instead=instead):
            return visits.AlternativeAsked(visit, INSTEAD[instead])
        case words.ShineLight():
            return visits.LightAccepted(visit)
        case words.SkipLight():
            return visits.LightSkipped(visit)
        case words.Done():
            return visits.Left(visit)
        case _:
            return None


def _offer(tap: words.Tap) -> Offer | None:
    if isinstance(tap, words.Alternative):
        return tap.instead if tap.instead in INSTEAD else None
    return OFFERS[type(tap)]
