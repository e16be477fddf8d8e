"""When a rollout must not go on: too many failed, or they refuse more visitors.

Leaves to others: what is counted, what a stop means (`rollout`).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from likeness.core import exact_test, rollout_plan
from likeness.core.exact_test import Share
from likeness.core.rollout_plan import Refusals, Stop
from likeness.core.rollout_seen import Fault, Stage, Terminal


@dataclass(frozen=True, slots=True)
class Looks:
    """How often refusals were compared, in all waves; and with what at last."""

    count: int = 0
    results: int = 0  # of this wave, at the last look

    def one_more(self, since: Share) -> "Looks":
        """Return the looks with one at these results."""
        return Looks(self.count + 1, since.of)


def too_many_failed(stop: Stop, wave: int, terminals: Iterable[Terminal]) -> str:
    """Say why; empty: not too many. Of former waves only who refused counts.

    Those were watched to the end of their soak: a shop that closes in the evening is no
    sign against what it was sent in the morning.
    """
    by_wave: dict[int, list[Terminal]] = {}
    for one in terminals:
        by_wave.setdefault(one.wave, []).append(one)
    for number in range(wave + 1):
        whole = by_wave.get(number, [])
        failed = [
            one
            for one in whole
            if one.stage is Stage.FAILED
            and (number == wave or one.fault is Fault.REFUSED)
        ]
        may = rollout_plan.amount_of(stop.failed, len(whole), up=False)
        if len(failed) > may:
            kinds = Counter(str(one.fault).replace("_", " ") for one in failed)
            named = ", ".join(
                f"{count} {kind}" for kind, count in sorted(kinds.items())
            )
            first = failed[0]
            return (
                f"wave {number + 1}: {len(failed)} of {len(whole)} failed ({named}),"
                f" at most {may} may; the first: {first.device}: {first.why}"
            )
    return ""


def is_to_be_looked_at(
    rule: Refusals, looks: Looks, since: Share, *, last: bool
) -> bool:
    """Say whether refusals are compared now: results have doubled, or the wave ends."""
    enough = 0 < rule.results <= since.of
    return enough and (last or since.of >= 2 * looks.results)


def refuses_more(rule: Refusals, looks: Looks, since: Share, before: Share) -> str:
    """Say how much more; empty: not more than chance explains, or too little to matter.

    Looking again and again would find a rise by chance alone: look k has the level
    level / (k (k + 1)), and these add up to `level` at most (Boole's inequality).
    """
    k = looks.count
    p = exact_test.greater(since, before)
    rise = since.value - before.value
    if p >= rule.level / (k * (k + 1)) or rise <= rule.rise:
        return ""
    return (
        f"{since.count} of {since.of} visitors refused ({since.value:.1%}), before it"
        f" was {before.value:.1%} of {before.of} (p = {p:.2g}, look {k})"
    )
