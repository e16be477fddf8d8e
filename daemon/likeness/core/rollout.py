"""How a wish goes out to terminals in waves, when it stops, and how it comes back.

    PLANNED ─→ SENDING ─→ SOAKING ─→ (next wave) SENDING … ─→ DONE
                  └──────────┴── too many failed, or refuse more ─→ STOPPED
    PLANNED, SENDING, SOAKING ←─ pause, resume ─→ PAUSED
    all but these two ── back ─→ GOING BACK ─→ BACK

- Nobody is touched out of turn, and nobody after a stop: from there only back leads on.
- Who was touched comes back, nobody else; who got a newer wish since keeps that one.
- What is heard decides, not what was heard before: a terminal that was silent and then
  reports has not failed any more, one that gave the wish back later has.
- The state is complete: it is kept before any effect is carried out, so a crash at any
  step repeats a message at most, and that changes nothing.

Leaves to others: which terminals and waves (`rollout_plan`), numbers, signing, sending,
what is heard (`rollout_seen`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from likeness.core import rollout_plan, rollout_seen, rollout_stop
from likeness.core.exact_test import Share
from likeness.core.rollout_plan import PlanFile
from likeness.core.rollout_seen import Fault, Seen, Stage, Terminal
from likeness.core.rollout_standing import GOES_ON, PAUSABLE, Phase, Standing
from likeness.errors import UsageError

# So many restart together at most, and the next ones so much later: each comes back
# with a new line, and a broker takes some hundred of these in a second.
AT_ONCE = 100
AGAIN_AFTER_S = 1.0
NONE = Share()


# --- events -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Looked:
    """What is known now.

    Attributes:
        seen: of each terminal that was heard.
        heard_from_s: since then all is heard that is said; None: there is no line.
        barred: why some of those whose turn it is cannot be touched.
        before: results of the fleet before, and how many of them refused.
        since: the same of this wave's terminals since their change.
    """

    seen: Mapping[str, Seen]
    heard_from_s: float | None
    barred: Mapping[str, str] = field(default_factory=dict)
    before: Share = NONE
    since: Share = NONE


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """Somebody wants it to wait."""


@dataclass(frozen=True, slots=True)
class ResumeAsked:
    """Somebody wants it to go on."""


@dataclass(frozen=True, slots=True)
class BackAsked:
    """Somebody wants all as it was before."""


Event = Looked | PauseAsked | ResumeAsked | BackAsked


# --- effects ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Send:
    """Number, sign and send the wish to these."""

    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SendBack:
    """The same with what each had before."""

    devices: tuple[str, ...]


Effect = Send | SendBack


class Rollout:
    """One rollout; `standing` and `terminals` are to be kept after each event."""

    def __init__(
        self, plan: PlanFile, standing: Standing, terminals: Iterable[Terminal]
    ) -> None:
        """Take up where it stands; terminals in the order of their turns."""
        self._plan = plan
        self.standing = standing
        self.terminals = {one.device: one for one in terminals}

    @property
    def next_up(self) -> list[str]:
        """The devices whose turn it is, as many as may go out at once."""
        match self.standing.phase:
            case Phase.SENDING:
                found = self._waiting()
            case Phase.GOING_BACK:
                found = self._touched()
            case _:
                found = []
        return [one.device for one in found[:AT_ONCE]]

    def deadline(self, now: float) -> float | None:
        """Return when time alone may change something; None: only news can."""
        at, open_s = self.standing, [o.sent_s for o in self._all if o.is_open]
        if at.phase not in GOES_ON:
            return None
        if at.phase is Phase.SOAKING:
            then = at.since_s + self._soak_s
        elif self.next_up:
            return max(now, self._last_sent_s + AGAIN_AFTER_S)
        elif open_s:
            then = min(open_s) + self._plan.stop.report_within_s
        else:
            return now
        return then if then >= now else None

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take one event; return what is to be done once the state is kept.

        Raises:
            UsageError: it cannot be paused, resumed or brought back where it stands.
        """
        match event:
            case Looked():
                return self._look(event, now)
            case PauseAsked():
                self._refuse_unless(PAUSABLE, "be paused")
                self._enter(Phase.PAUSED, now, paused_in=self.standing.phase)
            case ResumeAsked():
                self._refuse_unless({Phase.PAUSED}, "be resumed")
                # A soak begins anew: nobody watched meanwhile.
                self._enter(self.standing.paused_in or Phase.PLANNED, now)
            case BackAsked():
                self._refuse_unless(
                    frozenset(Phase) - {Phase.BACK, Phase.GOING_BACK}, "be brought back"
                )
                self._enter(Phase.GOING_BACK, now)
            case _:
                assert_never(event)
        return []

    def numbered(self, device: str, version: int) -> None:
        """Take note of the version under which an effect was carried out."""
        self.terminals[device] = replace(self.terminals[device], version=version)

    # --- looking --------------------------------------------------------------------
    def _look(self, facts: Looked, now: float) -> list[Effect]:
        heard_from_s = facts.heard_from_s
        if heard_from_s is None:
            return []  # without a line nothing is known, and nothing can be sent
        match self.standing.phase:
            case Phase.PLANNED:
                self._enter(Phase.SENDING, now)
                return []
            case Phase.GOING_BACK:
                return self._go_back(facts, heard_from_s, now)
            case Phase.SENDING | Phase.SOAKING:
                return self._go_on(facts, heard_from_s, now)
            case _:
                return []

    def _go_on(self, facts: Looked, heard_from_s: float, now: float) -> list[Effect]:
        for one in self._all:
            seen, stop = facts.seen.get(one.device, Seen()), self._plan.stop
            judged = rollout_seen.after_wish(one, seen, stop, heard_from_s, now)
            self.terminals[one.device] = judged
        soaked = self._has_soaked(facts, now)
        if why := self._fault(facts, soaked=soaked):
            self._enter(Phase.STOPPED, now, why=why)
        elif soaked or not self._wave():  # a wave may add nobody
            self._next_wave(now)
        elif self.standing.phase is Phase.SENDING:
            return self._send(facts, now)
        return []

    def _send(self, facts: Looked, now: float) -> list[Effect]:
        if not self._waiting():
            if not any(one.is_open for one in self._wave()):
                self._enter(Phase.SOAKING, now)
            return []
        sent = self._hand_out(facts, now, Stage.SENT, Stage.FAILED)
        return [Send(sent)] if sent else []

    def _go_back(self, facts: Looked, heard_from_s: float, now: float) -> list[Effect]:
        for one in self._all:
            seen, stop = facts.seen.get(one.device, Seen()), self._plan.stop
            judged = rollout_seen.after_back(one, seen, stop, heard_from_s, now)
            self.terminals[one.device] = judged
        if not self._touched():
            if not any(one.is_open for one in self._all):
                self._enter(Phase.BACK, now)
            return []
        sent = self._hand_out(facts, now, Stage.RETURNING, Stage.LEFT)
        return [SendBack(sent)] if sent else []

    def _hand_out(
        self, facts: Looked, now: float, sent: Stage, barred: Stage
    ) -> tuple[str, ...]:
        """Move those whose turn it is; return who is to be sent something."""
        if now < self._last_sent_s + AGAIN_AFTER_S:
            return ()
        devices = []
        for device in self.next_up:
            one = self.terminals[device]
            if why := facts.barred.get(device):
                one = replace(one, stage=barred, fault=Fault.BARRED, why=why)
            else:
                one = replace(one, stage=sent, sent_s=now, fault=None, why="")
                devices.append(device)
            self.terminals[device] = one
        return tuple(devices)

    # --- judging --------------------------------------------------------------------
    def _fault(self, facts: Looked, *, soaked: bool) -> str:
        """Say why it must stop; empty: it need not."""
        at, stop = self.standing, self._plan.stop
        why = rollout_stop.too_many_failed(stop, at.wave, self._all)
        if why or not rollout_stop.is_to_be_looked_at(
            stop.refusals, at.looks, facts.since, last=soaked
        ):
            return why
        looks = at.looks.one_more(facts.since)
        self.standing = replace(at, looks=looks)
        worse = rollout_stop.refuses_more(
            stop.refusals, looks, facts.since, facts.before
        )
        return worse and f"wave {at.wave + 1}: {worse}"

    def _has_soaked(self, facts: Looked, now: float) -> bool:
        if self.standing.phase is not Phase.SOAKING:
            return False
        enough = facts.since.of >= self._plan.stop.refusals.results
        return enough and now >= self.standing.since_s + self._soak_s

    # --- moving ---------------------------------------------------------------------
    def _next_wave(self, now: float) -> None:
        wave = self.standing.wave + 1
        if wave == len(self._plan.waves):
            self._enter(Phase.DONE, now)
        else:
            self._enter(Phase.SENDING, now)
            looks = replace(self.standing.looks, results=0)
            self.standing = replace(self.standing, wave=wave, looks=looks)

    def _enter(
        self, phase: Phase, now: float, *, why: str = "", paused_in: Phase | None = None
    ) -> None:
        self.standing = replace(
            self.standing, phase=phase, since_s=now, why=why, paused_in=paused_in
        )

    def _refuse_unless(self, phases: Iterable[Phase], what: str) -> None:
        at = self.standing
        if at.phase not in phases:
            why = f" ({at.why})" if at.why else ""
            raise UsageError(
                f"rollout '{self._plan.name}' is {at.phase.replace('_', ' ')}{why}:"
                f" it cannot {what}"
            )

    # --- who ------------------------------------------------------------------------
    @property
    def _all(self) -> list[Terminal]:
        return list(self.terminals.values())

    def _wave(self) -> list[Terminal]:
        return [one for one in self._all if one.wave == self.standing.wave]

    def _waiting(self) -> list[Terminal]:
        return [one for one in self._wave() if one.stage is Stage.WAITING]

    def _touched(self) -> list[Terminal]:
        """Who has our wish and is not on the way back."""
        return [one for one in self._all if one.is_touched]

    @property
    def _last_sent_s(self) -> float:
        return max((one.sent_s for one in self._all), default=0.0)

    @property
    def _soak_s(self) -> int:
        return rollout_plan.soak_of(self._plan, self.standing.wave)
