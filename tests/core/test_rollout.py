"""Rollouts as tables of what was heard and what followed, and over random histories."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import orders, rollout_plan
from likeness.core.exact_test import Share
from likeness.core.rollout import (
    AGAIN_AFTER_S,
    AT_ONCE,
    BackAsked,
    Event,
    Looked,
    PauseAsked,
    ResumeAsked,
    Rollout,
    Send,
)
from likeness.core.rollout_plan import PlanFile, Refusals, Stop
from likeness.core.rollout_seen import Fault, Seen, Stage, Terminal
from likeness.core.rollout_standing import GOES_ON, HOLDS, Phase, Standing
from likeness.errors import UsageError

SOAK_S, REPORT_S = 60, 30
USUAL, NONE = Share(50, 1000), Share()
APPLIES, REFUSES, SILENT = "applies", "refuses", "silent"


def plan(
    *waves: str, failed: str = "0", results: int = 0, soak_s: int = SOAK_S
) -> PlanFile:
    return PlanFile(
        name="spring",
        desired=orders.Overrides(telemetry_every_s=60),
        where=("region=south",),
        waves=waves or ("1", "50 %", "100 %"),
        soak_s=soak_s,
        stop=Stop(
            failed=failed,
            report_within_s=REPORT_S,
            refusals=Refusals(results=results),
        ),
    )


@dataclass
class Far:
    """Terminals that answer as they are told, and a machine that is kept and loaded."""

    plan: PlanFile
    count: int
    makes_of_it: dict[str, str] = field(default_factory=dict)
    before: Share = USUAL
    since: Share = NONE
    now: float = 1000.0
    version: int = 0
    crashes: Iterator[bool] = field(default_factory=lambda: iter(()))

    def __post_init__(self) -> None:
        devices = [f"shop-{number}" for number in range(self.count)]
        self.waves = rollout_plan.waves_of(self.plan, devices)
        self.standing = Standing(since_s=self.now)
        self.terminals = [
            Terminal(device, wave)
            for wave, whole in enumerate(self.waves)
            for device in whole
        ]
        self.seen: dict[str, Seen] = {device: Seen(0, "applied") for device in devices}
        self.sent: list[tuple[str, str]] = []  # what went out, each time
        self.barred: dict[str, str] = {}
        self.has_line = True

    def step(self, event: Event | None = None) -> list[tuple[str, str]]:
        """Let one event in, keep what follows, then carry it out or crash before."""
        rollout = Rollout(self.plan, self.standing, self.terminals)
        looked = Looked(
            seen=dict(self.seen),
            heard_from_s=0.0 if self.has_line else None,
            barred={
                one: self.barred[one] for one in rollout.next_up if one in self.barred
            },
            before=self.before,
            since=self.since,
        )
        out: list[tuple[str, str]] = []
        for effect in rollout.handle(event or looked, self.now):
            kind = "wish" if isinstance(effect, Send) else "back"
            for device in effect.devices:
                self.version += 1
                rollout.numbered(device, self.version)
                out.append((kind, device))
        self.standing = rollout.standing
        self.terminals = list(rollout.terminals.values())
        if next(self.crashes, False):
            out = self.unanswered()  # what the next start sends first
        self.deliver(out)
        self.deadline = rollout.deadline(self.now)
        return out

    def unanswered(self) -> list[tuple[str, str]]:
        kinds = {Stage.SENT: "wish", Stage.RETURNING: "back"}
        phases = {Stage.SENT: (Phase.SENDING,), Stage.RETURNING: (Phase.GOING_BACK,)}
        return [
            (kinds[one.stage], one.device)
            for one in self.terminals
            if one.stage in kinds and self.standing.phase in phases[one.stage]
        ]

    def deliver(self, out: list[tuple[str, str]]) -> None:
        self.sent += out
        by_name = {one.device: one for one in self.terminals}
        for _, device in out:
            does = self.makes_of_it.get(device, APPLIES)
            if does != SILENT:
                state = "applied" if does == APPLIES else "refused"
                self.seen[device] = Seen(by_name[device].version, state, "why")  # type: ignore[arg-type]

    def run(self, until: Phase, steps: int = 200) -> None:
        """Go from deadline to deadline."""
        for _ in range(steps):
            if self.standing.phase is until:
                return
            self.step()
            self.now = max(self.now + 1, self.deadline or 0)
        raise AssertionError(f"it stands at {self.standing}")

    def stages(self) -> dict[Stage, int]:
        found: dict[Stage, int] = {}
        for one in self.terminals:
            found[one.stage] = found.get(one.stage, 0) + 1
        return found

    def wished(self) -> list[str]:
        return [device for kind, device in self.sent if kind == "wish"]


def test_it_goes_wave_by_wave_and_watches_each() -> None:
    far, told = Far(plan(), 8), []
    while far.standing.phase is not Phase.DONE:
        far.step()
        told.append((far.standing.phase, far.standing.wave, len(far.wished())))
        far.now = max(far.now + 1, far.deadline or 0)
    assert list(dict.fromkeys(told)) == [
        (Phase.SENDING, 0, 0),
        (Phase.SENDING, 0, 1),
        (Phase.SOAKING, 0, 1),
        (Phase.SENDING, 1, 1),
        (Phase.SENDING, 1, 4),
        (Phase.SOAKING, 1, 4),
        (Phase.SENDING, 2, 4),
        (Phase.SENDING, 2, 8),
        (Phase.SOAKING, 2, 8),
        (Phase.DONE, 2, 8),
    ]
    assert far.wished() == [device for wave in far.waves for device in wave]
    assert far.now >= 1000 + 3 * SOAK_S


def test_it_does_not_go_on_before_the_soak_is_over() -> None:
    far = Far(plan(), 8)
    far.run(Phase.SOAKING)
    assert far.deadline == far.standing.since_s + SOAK_S
    far.now = far.standing.since_s + SOAK_S - 1
    far.step()
    assert far.standing.phase is Phase.SOAKING
    far.now += 1
    far.step()
    assert (far.standing.phase, far.standing.wave) == (Phase.SENDING, 1)


def test_a_large_wave_goes_out_a_part_at_a_time() -> None:
    far = Far(plan("100 %"), 2 * AT_ONCE + 1)
    far.step()
    sent = []
    for _ in range(5):
        sent.append(len(far.step()))
        far.now += AGAIN_AFTER_S / 2
    assert sent == [AT_ONCE, 0, AT_ONCE, 0, 1]


def test_without_a_line_nothing_is_sent_and_nobody_is_silent() -> None:
    far = Far(plan(), 8)
    far.step()
    far.has_line = False
    assert far.step() == []
    far.has_line = True
    far.makes_of_it = dict.fromkeys(far.waves[0], SILENT)
    assert len(far.step()) == 1
    far.has_line, far.now = False, far.now + 10 * REPORT_S
    far.step()
    assert far.stages()[Stage.SENT] == 1


@pytest.mark.parametrize("does", [REFUSES, SILENT])
def test_the_canary_that_fails_is_the_only_one(does: str) -> None:
    far = Far(plan(), 8)
    far.makes_of_it = dict.fromkeys(far.waves[0], does)
    far.run(Phase.STOPPED)
    assert far.wished() == far.waves[0]
    assert far.standing.why.startswith(f"wave 1: 1 of 1 failed (1 {does[:6]}")
    for _ in range(5):
        far.now += 1000
        assert far.step() == []
    with pytest.raises(
        UsageError, match=r"'spring' is stopped .*: it cannot be resumed"
    ):
        far.step(ResumeAsked())
    with pytest.raises(UsageError, match="it cannot be paused"):
        far.step(PauseAsked())


def test_who_gives_it_back_in_the_soak_stops_it() -> None:
    far = Far(plan(), 8)
    far.run(Phase.SOAKING)
    (device,) = far.waves[0]
    far.seen[device] = replace(far.seen[device], state="refused", why="did_not_live")
    far.step()
    assert far.standing.phase is Phase.STOPPED
    assert f"the first: {device}: did_not_live" in far.standing.why


def test_who_gives_it_back_in_a_later_wave_stops_it_too() -> None:
    far = Far(plan(), 8)
    far.run(Phase.SOAKING)
    far.now += SOAK_S
    far.step()
    assert far.standing.wave == 1
    (device,) = far.waves[0]
    far.seen[device] = replace(far.seen[device], state="refused", why="did_not_live")
    assert far.step() == []
    assert far.standing.phase is Phase.STOPPED


def test_so_many_may_fail_and_it_goes_on() -> None:
    far = Far(plan(failed="1"), 8)
    far.makes_of_it = {far.waves[1][0]: REFUSES}
    far.run(Phase.DONE)
    assert far.stages() == {Stage.APPLIED: 7, Stage.FAILED: 1}


# --- health -------------------------------------------------------------------------
def test_more_refusals_stop_it() -> None:
    far = Far(plan(results=100), 8, before=Share(50, 1000))
    far.run(Phase.SOAKING)
    far.since = Share(30, 100)
    far.step()
    assert far.standing.phase is Phase.STOPPED
    assert far.standing.why.startswith("wave 1: 30 of 100 visitors refused (30.0%)")


def test_a_wave_is_not_done_before_there_are_results_to_judge() -> None:
    far = Far(plan(results=100), 8)
    far.run(Phase.SOAKING)
    far.since = Share(5, 99)
    far.now += 100 * SOAK_S
    far.step()
    assert (far.standing.phase, far.standing.wave) == (Phase.SOAKING, 0)
    assert far.deadline is None, "only news can change it"
    far.since = Share(5, 100)
    far.step()
    assert (far.standing.phase, far.standing.wave) == (Phase.SENDING, 1)
    assert far.standing.looks.count == 1
    assert far.standing.looks.results == 0, "of the next wave"


def test_looks_are_counted_over_all_waves() -> None:
    far = Far(plan(results=100), 8, since=Share(5, 100))
    far.run(Phase.DONE)
    assert far.standing.looks.count >= 3


# --- pause, resume, back ------------------------------------------------------------
def test_a_pause_in_mid_wave_leaves_the_rest_untouched() -> None:
    far = Far(plan("100 %"), AT_ONCE + 50)
    far.step()
    assert len(far.step()) == AT_ONCE
    far.step(PauseAsked())
    for _ in range(5):
        far.now += 100
        assert far.step() == []
    assert far.deadline is None
    far.step(ResumeAsked())
    assert far.standing.phase is Phase.SENDING
    assert len(far.step()) == 50


def test_a_soak_begins_anew_after_a_pause() -> None:
    far = Far(plan(), 8)
    far.run(Phase.SOAKING)
    far.step(PauseAsked())
    far.now += 10 * SOAK_S
    far.step(ResumeAsked())
    assert far.standing.phase is Phase.SOAKING
    assert far.deadline == far.now + SOAK_S


@pytest.mark.parametrize(
    "phase", [Phase.SENDING, Phase.SOAKING, Phase.PAUSED, Phase.STOPPED, Phase.DONE]
)
def test_back_from_everywhere_touches_who_was_touched(phase: Phase) -> None:
    far = Far(plan(), 8)
    if phase is Phase.STOPPED:
        far.makes_of_it = {far.waves[1][0]: REFUSES}
    far.step()
    if phase is Phase.SENDING:
        far.step()
    elif phase is Phase.PAUSED:
        far.run(Phase.SOAKING)
        far.step(PauseAsked())
    else:
        far.run(phase)
    assert far.standing.phase is phase
    touched = far.wished()
    far.makes_of_it = {}
    far.step(BackAsked())
    far.now += 1
    far.run(Phase.BACK)
    assert [device for kind, device in far.sent if kind == "back"] == touched
    assert far.stages()[Stage.RETURNED] == len(touched)
    assert far.stages().get(Stage.WAITING, 0) == 8 - len(touched)
    for event in (BackAsked(), PauseAsked(), ResumeAsked()):
        with pytest.raises(UsageError, match="is back: it cannot"):
            far.step(event)


def test_a_plan_that_touched_nobody_is_back_at_once() -> None:
    far = Far(plan(), 8)
    far.step(BackAsked())
    far.step()
    assert (far.standing.phase, far.sent) == (Phase.BACK, [])


def test_who_has_a_newer_wish_keeps_it() -> None:
    far = Far(plan("100 %"), 3)
    far.run(Phase.DONE)
    newer = far.wished()[1]
    far.barred = {newer: "it was sent a newer wish since"}
    far.step(BackAsked())
    far.run(Phase.BACK)
    backs = [device for kind, device in far.sent if kind == "back"]
    assert sorted([*backs, newer]) == sorted(far.wished())
    assert far.stages() == {Stage.RETURNED: 2, Stage.LEFT: 1}


def test_who_cannot_be_touched_has_failed_and_is_not_brought_back() -> None:
    far = Far(plan("100 %", failed="1"), 3)
    (first, *_) = far.waves[0]
    far.barred = {first: "nothing could lead back"}
    far.run(Phase.DONE)
    assert first not in far.wished()
    failed = next(one for one in far.terminals if one.device == first)
    assert (failed.fault, failed.why) == (Fault.BARRED, "nothing could lead back")
    far.step(BackAsked())
    far.run(Phase.BACK)
    assert ("back", first) not in far.sent


def test_a_silent_one_does_not_hold_up_the_way_back() -> None:
    far = Far(plan("100 %"), 3)
    far.run(Phase.DONE)
    far.makes_of_it = {"shop-1": SILENT}
    far.step(BackAsked())
    far.run(Phase.BACK)
    assert far.stages() == {Stage.RETURNED: 2, Stage.LEFT: 1}


def test_what_holds_its_terminals() -> None:
    """A stopped one does not: the next rollout is how one goes forward from it."""
    assert {*GOES_ON, Phase.PAUSED} == HOLDS
    assert {Phase.STOPPED, Phase.DONE, Phase.BACK}.isdisjoint(HOLDS)


# --- over random histories ----------------------------------------------------------
histories = st.lists(
    st.one_of(
        st.integers(0, 100).map(float),  # so many seconds, then a look
        st.sampled_from([PauseAsked(), ResumeAsked(), BackAsked(), "line", "crash"]),
        st.tuples(st.integers(0, 11), st.sampled_from([APPLIES, REFUSES, SILENT])),
        st.tuples(st.integers(0, 11), st.just("gives_back")),
    ),
    max_size=60,
)


@given(histories, st.sampled_from(["0", "1", "50 %"]))
def test_whatever_happens(history: list[object], failed: str) -> None:
    far = Far(plan(failed=failed), 12)
    for what in history:
        before, wished = far.standing, set(far.wished())
        out = _happens(far, what)
        _holds(far, before, wished, out)


def _happens(far: Far, what: object) -> list[tuple[str, str]]:
    match what:
        case float():
            far.now += what
            return far.step()
        case "line":
            far.has_line = not far.has_line
        case "crash":
            far.crashes = iter([True])
            return far.step()
        case (int(number), "gives_back"):
            device = f"shop-{number}"
            if far.seen[device].version:
                far.seen[device] = replace(far.seen[device], state="refused")
        case (int(number), str(does)):
            far.makes_of_it[f"shop-{number}"] = does
        case PauseAsked() | ResumeAsked() | BackAsked():
            try:
                return far.step(what)
            except UsageError:
                return []
    return []


def _holds(
    far: Far, before: Standing, wished: set[str], out: list[tuple[str, str]]
) -> None:
    allowed = {d for whole in far.waves[: far.standing.wave + 1] for d in whole}
    assert set(far.wished()) <= allowed, "out of turn"
    touched = {one.device for one in far.terminals if one.version}
    assert set(far.wished()) <= touched, "kept before it is sent"
    for kind, device in out:
        if kind == "wish":
            assert before.phase is Phase.SENDING, (
                "after a stop, a pause or on the way back"
            )
        else:
            assert before.phase is Phase.GOING_BACK
            assert device in touched, "who was never touched does not come back"
    if before.phase in (Phase.STOPPED, Phase.DONE, Phase.BACK):
        assert set(far.wished()) == wished
    if far.standing.phase is Phase.BACK:
        assert not any(one.is_touched or one.is_open for one in far.terminals)


@given(st.lists(st.booleans(), max_size=40), st.booleans())
def test_crashes_change_nothing(crashes: list[bool], stops: bool) -> None:
    """Whoever dies between keeping and sending, and starts again, ends as if never."""
    ends = []
    for times in ([], crashes):
        far = Far(plan(), 12, crashes=iter(times))
        if stops:
            far.makes_of_it = {far.waves[1][2]: REFUSES}
        far.run(Phase.STOPPED if stops else Phase.DONE)
        far.step(BackAsked())
        far.makes_of_it = {}
        far.run(Phase.BACK)
        ends.append(
            (far.stages(), set(far.sent), [one.device for one in far.terminals])
        )
    assert ends[0] == ends[1]
