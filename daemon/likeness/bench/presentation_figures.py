"""Computes the error rates of the passive classifier on a list of presentations.

ISO/IEC 30107-3:2023: APCER, attacks taken for bona fide, of each species by itself;
BPCER, the opposite; both of the presentations that were judged. APNRR and BPNRR are
those that were not; `total` counts them as errors, too. ACER and EER are not of that
standard and stand here to compare with older papers. Leaves to others: scoring.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from likeness.bench.det import Figures, Rate, Scores
from likeness.bench.presentation import Scored
from likeness.bench.presentation_list import Presentation
from likeness.core.profile import TextureRules

Given = Sequence[tuple[Presentation, Scored]]

SHOWN = 12  # worst files of a kind
NOT_NAMED = "not named"


def thresholds(rules: TextureRules) -> dict[str, float]:
    """Name the shipped thresholds: a score below is no longer live, or an attack."""
    return {"live_from": rules.live_from, "attack_below": rules.attack_below}


def figures(given: Given, rules: TextureRules) -> Figures:
    """Compute everything that presentation.json holds about this list."""
    at = thresholds(rules)
    rows = [
        _row(label, species, group, at) for (label, species), group in _parted(given)
    ]
    whole = scores(given)
    return {
        "files": len(given),
        "thresholds": at,
        "groups": rows,
        "at": {name: _working_point(given, rows, at, name) for name in at},
        "eer": equal_error(whole),
        "det": whole.curve(),
        "worst": _worst(given),
        "not_judged": [
            {"file": one.file, "label": one.label, "species": one.species, "why": why}
            for one, why in ((one, s.reason) for one, s in given if s.score is None)
        ],
    }


def scores(given: Given) -> Scores:
    """Scores of live presentations against those of attacks, where there are any."""
    live, attacks = (
        [s.score for one, s in given if one.label == label and s.score is not None]
        for label in ("live", "attack")
    )
    return Scores(np.array(live, float), np.array(attacks, float))


def by_species(given: Given) -> dict[str, Scores]:
    """The same for each species of attack, against all live presentations."""
    live = [(one, s) for one, s in given if one.label == "live"]
    return {
        species: scores([*live, *group])
        for (label, species), group in _parted(given)
        if label == "attack"
    }


def equal_error(both: Scores) -> dict[str, Any] | None:
    """Return the threshold where both errors are nearest, and their mean there.

    It is chosen on the very files that it is judged by, so it flatters.
    """
    if not (both.genuine.size and both.impostor.size):
        return None
    every = np.unique(np.concatenate([both.genuine, both.impostor]))
    points = [both.at(float(one)) for one in np.append(every, np.nextafter(1.0, 2.0))]
    best = min(points, key=lambda p: abs(p.fmr.share - p.fnmr.share))
    rate = (best.fmr.share + best.fnmr.share) / 2
    return {"threshold": best.threshold, "rate": rate}


def _row(label: str, species: str, group: Given, at: Mapping[str, float]) -> Figures:
    """Count one species of one label; an error is its APCER or BPCER."""
    judged = [s.score for _, s in group if s.score is not None]
    silent = len(group) - len(judged)
    wrong = {
        name: sum((score >= t) == (label == "attack") for score in judged)
        for name, t in at.items()
    }
    return {
        "label": label,
        "species": species,
        "files": len(group),
        "error": {name: Rate(n, len(judged)).figures() for name, n in wrong.items()},
        "no_answer": Rate(silent, len(group)).figures(),
        "total": {
            name: Rate(n + silent, len(group)).figures() for name, n in wrong.items()
        },
    }


def _working_point(
    given: Given, rows: Sequence[Figures], at: Mapping[str, float], name: str
) -> Figures:
    """All live files together, and the species that is worst."""
    live = [(one, s) for one, s in given if one.label == "live"]
    bpcer = _row("live", "", live, at)["error"][name]
    tried = [
        (row["species"], row["error"][name])
        for row in rows
        if row["label"] == "attack" and row["error"][name]["rate"] is not None
    ]
    # Of equals the one that was tried more often says more.
    species, apcer = max(
        tried, key=lambda one: (one[1]["rate"], one[1]["tries"]), default=("", None)
    )
    acer = None
    if apcer is not None and bpcer["rate"] is not None:
        acer = (apcer["rate"] + bpcer["rate"]) / 2
    return {
        "bpcer": bpcer,
        "worst_species": species,
        "worst_apcer": apcer,
        "acer": acer,
    }


def _worst(given: Given) -> dict[str, list[Figures]]:
    """Name the live files of the lowest scores, the attacks of the highest."""
    judged = [(one, s.score) for one, s in given if s.score is not None]
    live = sorted((p for p in judged if p[0].label == "live"), key=lambda p: p[1])
    attacks = sorted((p for p in judged if p[0].label == "attack"), key=lambda p: -p[1])
    return {
        kind: [
            {"file": one.file, "species": one.species, "score": score}
            for one, score in group[:SHOWN]
        ]
        for kind, group in (("live_lowest", live), ("attacks_highest", attacks))
    }


def _parted(given: Given) -> list[tuple[tuple[str, str], Given]]:
    groups: dict[tuple[str, str], list[tuple[Presentation, Scored]]] = {}
    for one, scored in given:
        key = (one.label, one.species or (NOT_NAMED if one.label == "attack" else ""))
        groups.setdefault(key, []).append((one, scored))
    # Live first: "live" sorts after "attack".
    return sorted(groups.items(), key=lambda pair: (pair[0][0] != "live", pair[0][1]))
