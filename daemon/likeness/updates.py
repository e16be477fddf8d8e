"""How newer models and policy numbers come here: seen, fetched, tried, switched to.

Needs the extra `update`. Leaves to others: the rules (`core.update`), signatures and
files (`edges`), which set a start uses (`models_in_use`), restarting.
"""

import contextlib
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from likeness import RELEASED_UTC_S, __version__
from likeness.config import Config
from likeness.core import policy_values, profile, time_floor, update
from likeness.core.policy_values import PolicyFile
from likeness.core.update import Offer
from likeness.core.vocabulary import Moment
from likeness.edges import new_file, store_file
from likeness.edges.model_sets import ModelSets
from likeness.edges.store_memory import kept_number
from likeness.edges.tuf_source import Source, TufSource
from likeness.errors import ConfigError, UpdateRefused
from likeness.models_in_use import folder_of, policy_of_set, sound_set
from likeness.service.timekeeping import REMEMBERED
from likeness.vision.set_trial import Timing, try_set

GIVEN = "given"  # a moment's quality: whoever stands before the terminal says so
FLOOR = "sure_time"  # in <state>/update: the latest time that was sure, seconds


@dataclass(frozen=True, slots=True)
class Wanted:
    """The one bundle that a signed wish of the carrier names."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look this time, and what the time is."""

    moment: Moment
    source: str = ""  # empty: as configured
    sure_time_s: int = 0  # a floor that the caller knows; the daemon's own is read here
    wanted: Wanted | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of an update."""

    offer: Offer
    timing: Timing | None  # None: this very set is in use already


@dataclass(frozen=True, slots=True)
class Staged:
    """A bundle that is here and was tried; nobody uses it yet."""

    offer: Offer
    timing: Timing | None  # None: this very set is in use already
    sets: ModelSets

    def use(self, then: Callable[[], None]) -> None:
        """Switch to it, from the next start on, and call `then`.

        If that raises, all is as it was.

        Raises:
            UpdateRefused: another update has come between, or the disk fails.
        """
        self.sets.use(self.offer, then)


def look(settings: Config, place: Place) -> Offer:
    """Read what a source offers, and refuse it if it may not be taken here.

    Raises:
        UpdateRefused: with what is wrong.
    """
    with _disk_faults_refused(settings):
        return _look(settings, place)[1]


def fetch(settings: Config, place: Place) -> Offer:
    """Bring the offered bundle here, without using it; in the same way as `look`."""
    with _disk_faults_refused(settings):
        source, offer, sets = _look(settings, place)
        if not update.is_here(offer, sets.ledger()):
            sets.refuse_full(offer, copies=1)
            source.fetch(offer)
        return offer


def apply(settings: Config, place: Place) -> Applied:
    """Bring the offered bundle here, try it and switch to it; the next start uses it.

    Raises:
        UpdateRefused, ModelError, ConfigError: why not; the set in use is untouched.
    """
    staged = stage(settings, place)
    staged.use(lambda: None)
    return Applied(staged.offer, staged.timing)


def stage(settings: Config, place: Place) -> Staged:
    """Bring the offered bundle here and try it, without using it.

    It takes seconds of one core and must not share a thread with the rules.

    Raises:
        UpdateRefused, ModelError, ConfigError: why not; the set in use is untouched.
    """
    with _disk_faults_refused(settings):
        source, offer, sets = _look(settings, place)
        if update.is_here(offer, sets.ledger()):
            return Staged(offer, None, sets)
        sets.refuse_full(offer, copies=2)
        bundle = source.fetch(offer)
    used = folder_of(sets, settings, sound_set(settings, sets).digest)
    timings: list[Timing] = []

    def check(new: Path) -> None:
        file, _ = policy_of_set(new)
        for known in profile.PROFILES.values():
            policy_values.moved(known, file or PolicyFile(policy=1))
        variant, threads = settings.models.variant, settings.models.threads
        timings.append(try_set(new, used, variant, threads))

    sets.stage(bundle, offer, check)
    with contextlib.suppress(OSError):  # the next fetch removes it
        bundle.unlink()
    return Staged(offer, timings[0], sets)


@contextlib.contextmanager
def _disk_faults_refused(settings: Config) -> Iterator[None]:
    """A disk that is full or cannot be written ends the update, not the daemon."""
    try:
        yield
    except OSError as problem:
        raise UpdateRefused(
            f"{settings.terminal.state_dir}: the update cannot be written:"
            f" {problem.strerror}"
        ) from problem


def _look(settings: Config, place: Place) -> tuple[TufSource, Offer, ModelSets]:
    where = place.source or settings.update.source
    if not where:
        raise UpdateRefused("update.source is empty; set it, or give --from")
    state = Path(settings.terminal.state_dir)
    # Nobody else's to look into, also where an update comes before the first start.
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    sets = ModelSets(state)
    source = TufSource(
        Source(
            place=where,
            root=_root(settings),
            target=settings.update.target,
            cache=state / "update",
            ca_file=settings.update.ca_file,
        ),
        *_time(settings, place),
    )
    offer = source.offer()
    ledger = sets.ledger()
    if place.wanted not in (None, Wanted(offer.bundle.number, offer.digest)):
        raise UpdateRefused(
            f"{where}: offers bundle {offer.bundle.number} ({offer.digest[:12]}),"
            " which is not the one that is wanted"
        )
    if not update.is_here(offer, ledger):
        here = update.Here(__version__, platform.machine(), settings.models.variant)
        update.refuse_unfit(offer, ledger, here)
    return source, offer, sets


def _root(settings: Config) -> bytes:
    path = Path(settings.update.root_file)
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ConfigError(
            f"update.root_file {path} cannot be read: {problem.strerror}; it is the"
            " publisher's root metadata"
        ) from problem


def _time(settings: Config, place: Place) -> tuple[Moment, int]:
    """Return the moment, and the latest time that was ever sure; 0: there was none.

    Sure is what the carrier has signed (`core.time_floor`), and what a clock said that
    the network had set. A time that somebody gives by hand takes the place of the
    latter, so that it also mends a wrong one; below what is signed nothing counts.
    """
    folder = Path(settings.terminal.state_dir)
    signed = max(place.sure_time_s, kept_number(folder / store_file.NAME, REMEMBERED))
    moment = time_floor.judged(place.moment, max(signed, RELEASED_UTC_S))
    path = folder / "update" / FLOOR
    try:
        known = int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        known = 0
    seen = known
    if place.moment.quality == GIVEN:
        seen = place.moment.utc_s
    elif moment.quality == time_floor.NTP:
        seen = max(known, moment.utc_s)
    if seen != known:
        path.parent.mkdir(parents=True, exist_ok=True)
        new_file.replace(path, str(seen).encode())
    return moment, max(signed, seen)
