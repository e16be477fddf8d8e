"""Every terminal as it is now, in memory: told by messages and by the database.

Who publishes under names that nobody enrolled fills no memory: there is room for so
many of them. Judging is done when somebody looks, and for all again every few seconds,
since time alone makes a terminal silent. Leaves to others: the rules (`core.fleet*`),
the line (`watch`), pages.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from likeness.carrier.metrics import FleetCount
from likeness.core import fleet, fleet_needs, fleet_words, messages
from likeness.core.fleet import Alarms, Desired, Facts, Standing, State
from likeness.core.fleet_needs import Terminal
from likeness.core.line import Arrived
from likeness.errors import Untrusted

MOST_STRANGERS = 1_000
MOST_TERMINALS = 100_000
MOST_NAME_CHARS = 128
MOST_NEWS = 200_000  # that wait for the database
KINDS_OF_CLOCK = ("ntp", "rtc", "unsynced")


@dataclass(frozen=True, slots=True)
class News:
    """Something about a terminal that belongs into its timeline."""

    device: str
    kind: str  # "status", "birth"
    detail: str
    seen_utc_s: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The fleet, counted."""

    states: Mapping[str, int]
    levels: Mapping[str, int]
    software: Mapping[str, int]
    labels: Collection[str]
    total: int


class Fleet:
    """Belongs to the loop.

    Args:
        wall: UTC seconds.
        unread: told of each message that is none of a fleet's, or is too much.
    """

    def __init__(
        self, wall: Callable[[], float], unread: Callable[[], None] = lambda: None
    ) -> None:
        self._wall = wall
        self._unread = unread
        self._facts: dict[str, Facts] = {}
        self._rows: dict[str, Terminal] = {}
        # What lists are sorted and counted by, reckoned once for each change.
        self._order: list[str] = []
        self._ranks: dict[str, tuple[int, int, str]] = {}
        self._kinds: dict[str, tuple[str, str, str]] = {}
        self._dirty: set[str] = set()
        self._ranked: list[Terminal] | None = None
        self._summary: Summary | None = None
        self._enrolled: Mapping[str, tuple[str, ...]] | None = None
        self._strangers = 0
        self._alarmed: Collection[str] = ()
        self._drifting: Collection[str] = ()
        self._told: dict[tuple[str, str], str] = {}  # what the timeline has last
        self._sweep: deque[str] = deque()
        self.turned_away = 0  # messages under names that there was no room for
        self.news: deque[News] = deque(maxlen=MOST_NEWS)
        self.watching_s = 0.0  # since when we have a line
        self.is_up = False

    # --- what comes in --------------------------------------------------------------
    def hear(self, message: Arrived) -> None:
        """Take in one message; whatever it holds, nothing is raised."""
        try:
            device, leaf = messages.device_and_leaf(message.topic)
        except Untrusted:
            self._unread()
            return
        said = fleet_words.read(leaf, message.payload)
        if said is None:
            return  # before there is room made for who says nothing
        facts = self._facts.get(device) or self._newcomer(device)
        if facts is None:
            self.turned_away += 1
            self._unread()
            return
        if isinstance(said, fleet_words.Unread):
            self._unread()
        now = self._wall()
        self._put(fleet.hear(facts, said, now, is_live=not message.is_retained))
        self._note(device, said, int(now))

    def line_is(self, *, up: bool) -> None:
        """The line came, or went."""
        self.is_up = up
        if up:
            self.watching_s = self._wall()
            self._dirty.update(self._facts)

    def remember(self, device: str, kind: str, detail: str, seen_utc_s: int) -> None:
        """Take back what was in the timeline when we began."""
        self._told[device, kind] = detail
        facts = self._facts.get(device) or Facts(device=device)
        heard_s = max(facts.heard_s or 0.0, float(seen_utc_s))
        if kind == "status":
            word, _, boot = detail.partition(" ")
            facts = replace(
                facts,
                status=fleet_words.Status(word, boot),
                status_s=float(seen_utc_s),
                boot=boot if word == State.ONLINE else facts.boot,
            )
        self._put(replace(facts, heard_s=heard_s))

    # --- what the database and the folder say ---------------------------------------
    def enrolled(self, known: Mapping[str, tuple[str, ...]] | None) -> None:
        """Take which devices have a key, with their labels; None: nobody says it."""
        if known == self._enrolled:
            return
        self._enrolled = known
        for device in known or ():
            if device not in self._facts:
                self._put(Facts(device=device))
        self._strangers = 0
        for device, facts in list(self._facts.items()):
            is_enrolled = known is None or device in known
            self._strangers += not is_enrolled
            labels = (known or {}).get(device, ())
            self._change(facts, is_enrolled=is_enrolled, labels=labels)

    def desired(self, wanted: Mapping[str, Desired]) -> None:
        """Take what was desired since the last time."""
        for device, one in wanted.items():
            self._about(device, desired=one)

    def alarmed(self, alarms: Mapping[str, Alarms]) -> None:
        """Take all alarms of late."""
        for device in self._alarmed:
            if device not in alarms:
                self._about(device, alarms=fleet.NO_ALARMS)
        for device, found in alarms.items():
            self._about(device, alarms=found)
        self._alarmed = tuple(alarms)

    def drifting(self, scores: Mapping[str, tuple[str, ...]]) -> None:
        """Take whose scores stand apart."""
        for device in {*self._drifting, *scores}:
            self._about(device, drifting=scores.get(device, ()))
        self._drifting = tuple(scores)

    # --- what is seen ---------------------------------------------------------------
    def look(self, device: str) -> Terminal | None:
        """Return one terminal as it is now."""
        facts = self._facts.get(device)
        return self._judge(facts) if facts else None

    def ranked(self) -> list[Terminal]:
        """Return all, those first that need somebody most."""
        for device in self._dirty:
            if device not in self._rows:
                self._order.append(device)
            row = self._rows[device] = self._judge(self._facts[device])
            self._ranks[device] = row.rank
            software = row.facts.birth.software or "?"
            self._kinds[device] = (str(row.state), str(row.level), software)
        if self._dirty or self._ranked is None:
            # From the order before: a list that is nearly sorted costs little.
            self._order.sort(key=self._ranks.__getitem__)
            self._ranked = [self._rows[device] for device in self._order]
            self._summary = None
        self._dirty.clear()
        return self._ranked

    def sweep(self, turns: int) -> None:
        """Judge some again, all within so many turns: time has gone on."""
        if not self._sweep:
            self._sweep.extend(self._facts)
        share = max(100, len(self._facts) // turns)
        for _ in range(min(share, len(self._sweep))):
            device = self._sweep.popleft()
            before, facts = self._rows.get(device), self._facts[device]
            if before is None or self._judge(facts) != before:
                self._dirty.add(device)

    def summary(self) -> Summary:
        """Return the fleet's counts."""
        rows = self.ranked()
        if self._summary is None:
            states: Counter[str] = Counter()
            levels: Counter[str] = Counter()
            versions: Counter[str] = Counter()
            for (state, level, version), many in Counter(self._kinds.values()).items():
                states[state] += many
                levels[level] += many
                versions[version] += many
            labels = {one for known in (self._enrolled or {}).values() for one in known}
            self._summary = Summary(states, levels, versions, sorted(labels), len(rows))
        return self._summary

    def count(self) -> FleetCount:
        """Return what Prometheus is told."""
        rows, now = self.ranked(), self._wall()
        told = [row.facts.telemetry for row in rows]
        pending = [row.facts for row in rows if row.standing in _PENDING]
        return FleetCount(
            states=self.summary().states,
            clocks=Counter(
                one.clock if one.clock in KINDS_OF_CLOCK else "unknown" for one in told
            ),
            software=self.summary().software,
            oldest_s=[row.oldest_s for row in rows if row.oldest_s is not None],
            throttled=sum(one.is_throttled is True for one in told),
            pending=len(pending),
            pending_oldest_s=max(
                (now - one.desired.made_s for one in pending if one.desired),
                default=0.0,
            ),
            faulty=sum(
                bool(one.hung or one.line_fault or one.reader == "lost")
                or one.camera == "missing"
                for one in told
            ),
            hottest_c=max(
                (one.temperature_c for one in told if one.temperature_c is not None),
                default=None,
            ),
        )

    # --- inside ---------------------------------------------------------------------
    def _judge(self, facts: Facts) -> Terminal:
        return fleet_needs.terminal(facts, self._wall(), self.watching_s)

    def _newcomer(self, device: str) -> Facts | None:
        """Make room for a name that was never heard, if there is any."""
        known = self._enrolled
        is_enrolled = known is None or device in known
        if len(device) > MOST_NAME_CHARS or len(self._facts) >= MOST_TERMINALS:
            return None
        if not is_enrolled:
            if self._strangers >= MOST_STRANGERS:
                return None
            self._strangers += 1
        labels = (known or {}).get(device, ())
        return Facts(device=device, is_enrolled=is_enrolled, labels=labels)

    # Any: the members of `Facts`.
    def _about(self, device: str, **changes: Any) -> None:
        facts = self._facts.get(device) or self._newcomer(device)
        if facts is not None:
            self._change(facts, **changes)

    def _change(self, facts: Facts, **changes: Any) -> None:
        if any(getattr(facts, name) != value for name, value in changes.items()):
            self._put(replace(facts, **changes))

    def _put(self, facts: Facts) -> None:
        self._facts[facts.device] = facts
        self._dirty.add(facts.device)

    def _note(self, device: str, said: fleet_words.Said, now_s: int) -> None:
        """Put into the timeline what is another than before."""
        match said:
            case fleet_words.Status(word, boot):
                if self._facts[device].status != said:
                    return  # a late will
                kind, detail = "status", f"{word} {boot}"
            case fleet_words.Birth():
                kind, detail = "birth", _in_short(said)
            case _:
                return
        if self._told.get((device, kind)) != detail:
            self._told[device, kind] = detail
            self.news.append(News(device, kind, detail, now_s))


_PENDING = (Standing.PENDING, Standing.UNTOLD)


def _in_short(birth: fleet_words.Birth) -> str:
    """Say what of a birth matters when it changes."""
    return (
        f"software {birth.software}, models {birth.model_set[:12]},"
        f" key {birth.key[:12]}, epoch {birth.epoch[:8]}, profile {birth.profile}"
    )
