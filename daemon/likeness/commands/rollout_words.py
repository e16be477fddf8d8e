"""What `carrier rollout` shows: a draft, and where a rollout stands.

Leaves to others: where it comes from (`carrier.rollout`, `carrier.rollout.check`).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from likeness.carrier.rollout.check import Draft
from likeness.carrier.rollout.rows import Row, said_of
from likeness.core import rollout_plan
from likeness.core.exact_test import Share
from likeness.core.rollout import Rollout
from likeness.core.rollout_seen import Stage, Terminal
from likeness.core.rollout_standing import Phase, Standing

NAMED = 10  # so many terminals of a wave are named
PROBLEMS = 20


def draft(found: Draft, *, show_all: bool) -> list[str]:
    """Return a draft as lines."""
    plan, lines = found.plan, []
    lines.append(f"{plan.name}: {_terminals(found.turns)}")
    for wave, whole in enumerate(found.waves):
        soak_s = rollout_plan.soak_of(plan, wave)
        lines.append(
            f"wave {wave + 1}: {_terminals(whole)}, then {soak_s} s of watching:"
            f" {_some(whole)}"
        )
    for text, count in found.differences:
        lines.append(f"changes at {count}: {text}")
    same = sum(not one.differs for one in found.turns)
    if same:
        lines.append(f"differs in nothing at {same}: they start anew all the same")
    unheard = [one.device for one in found.turns if not one.heard]
    if unheard:
        lines.append(
            f"never reported on this broker: {len(unheard)}; each that stays silent"
            f" fails: {_some(unheard)}"
        )
    if found.before.of:
        lines.append(f"refused before: {_share(found.before)} visitors of the fleet")
    if show_all:
        for one in found.turns:
            what = "; ".join(one.differs) or "nothing differs"
            lines.append(
                f"{one.device}: wave {one.wave + 1}, now version {one.version}: {what}"
            )
    problems = found.problems
    lines += [f"PROBLEM: {text}" for text in problems[:PROBLEMS]]
    if len(problems) > PROBLEMS:
        lines.append(f"PROBLEM: and {len(problems) - PROBLEMS} more")
    lines.append("it cannot begin" if problems else "nothing was signed or sent")
    return lines


def standing(at: Standing) -> str:
    """Return where a rollout stands, in a line."""
    said = said_of(at.phase)
    if at.phase in (Phase.SENDING, Phase.SOAKING):
        said = f"wave {at.wave + 1} {said}"
    if at.paused_in is not None:
        said += f" (wave {at.wave + 1} {said_of(at.paused_in)})"
    return f"{said}: {at.why}" if at.why else said


def status(
    row: Row, rollout: Rollout, since: Share, *, brief: bool, show_all: bool
) -> list[str]:
    """Return where a rollout stands, as lines."""
    at = rollout.standing
    moment = datetime.fromtimestamp(at.since_s, UTC)
    lines = [f"{row.plan.name}: {standing(at)}; since {moment:%Y-%m-%dT%H:%M:%SZ}"]
    if brief:
        return lines
    everyone = list(rollout.terminals.values())
    for wave in range(len(row.plan.waves)):
        whole = [one for one in everyone if one.wave == wave]
        lines.append(f"wave {wave + 1}: {_terminals(whole)}: {_stages(whole)}")
    if row.plan.stop.refusals.results:
        lines.append(
            f"refused in wave {at.wave + 1}: {_share(since)} visitors; before:"
            f" {_share(row.before)}"
        )
    shown = [
        one for one in everyone if show_all or one.stage in (Stage.FAILED, Stage.LEFT)
    ]
    for one in shown:
        fault = f" {one.fault.replace('_', ' ')}: {one.why}" if one.fault else ""
        lines.append(f"{one.device}: {one.stage}, version {one.version}{fault}")
    return lines


def as_facts(row: Row, rollout: Rollout, since: Share) -> dict[str, object]:
    """Return the same for programs."""
    at = rollout.standing
    return {
        "name": row.plan.name,
        "phase": at.phase,
        "wave": at.wave + 1,
        "waves": len(row.plan.waves),
        "since_utc_s": int(at.since_s),
        "why": at.why,
        "paused_in": at.paused_in or "",
        "refused_before": {"count": row.before.count, "of": row.before.of},
        "refused_since": {"count": since.count, "of": since.of},
        "terminals": [
            {
                "device": one.device,
                "wave": one.wave + 1,
                "stage": one.stage,
                "version": one.version,
                "fault": one.fault or "",
                "why": one.why,
            }
            for one in rollout.terminals.values()
        ],
    }


def _terminals(whole: Sequence[object]) -> str:
    return "1 terminal" if len(whole) == 1 else f"{len(whole)} terminals"


def _stages(whole: Sequence[Terminal]) -> str:
    counted = Counter(str(one.stage) for one in whole)
    return ", ".join(f"{count} {stage}" for stage, count in counted.items()) or "none"


def _some(devices: Sequence[str]) -> str:
    more = len(devices) - NAMED
    return ", ".join(devices[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _share(share: Share) -> str:
    return f"{share.count} of {share.of} ({share.value:.1%})"
