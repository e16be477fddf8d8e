"""Checks group by group what thresholds promise: the false match rate really reached.

A threshold that was set on one group may let in many times more of another. So for each
group, each profile and both thresholds the rate is counted at the number that ships.
Leaves to others: who belongs to which group, and showing it.
"""

from collections.abc import Iterable, Mapping

from likeness.bench.det import Figures, Scores
from likeness.core.profile import PROFILES, Profile

# Of impostor pairs: so many may be accepted, so many may at least be referred.
PROMISED = {"accept": 1e-4, "refer": 1e-3}


def shipped_profiles() -> list[Profile]:
    """Return the profiles that a carrier may use."""
    return [one for one in PROFILES.values() if "production" in one.only_in]


def promises(
    groups: Mapping[str, Scores], profiles: Iterable[Profile]
) -> list[Figures]:
    """Return a row for each group, profile and threshold.

    `kept` is "yes" if the rate is at most the promised one, else "no"; "not measurable"
    where fewer impostor pairs met than one promised match takes. `certain` says
    whether even the upper end of the rate's interval is within the promise.
    """
    rows = []
    for group, scores in groups.items():
        for profile in profiles:
            for kind, promised in PROMISED.items():
                threshold = getattr(profile, f"{kind}_score")
                point = scores.at(threshold).figures()
                kept = "yes" if scores.at(threshold).fmr.share <= promised else "no"
                if scores.impostor.size * promised < 1 and kept == "yes":
                    kept = "not measurable"
                certain = point["fmr"]["high"] <= promised
                rows.append(
                    {"group": group, "profile": profile.name, "kind": kind}
                    | {"promised": promised, "kept": kept, "certain": certain}
                    | point
                )
    return rows
