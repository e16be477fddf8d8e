"""Computes every figure of a replay from the lines of results.jsonl.

Terms of ISO/IEC 30107-3:2023: IAPAR, attacks that the whole system accepts; APCER,
attacks that presentation attack detection alone takes for bona fide; BPCER, the
opposite, both of the presentations it answered; APNRR and BPNRR, those it did not. Acts
are a part of that detection. Leaves to others: playing, and showing the figures.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from statistics import median

import numpy as np

from likeness.bench.det import NOT_FOUND, Figures, Floats, Rate, Scores
from likeness.bench.line_file import Line
from likeness.core.vocabulary import Reason, Verdict

GENUINE, IMPOSTOR, ATTACK = "genuine", "impostor", "attack"
SHOWN = 12  # worst cases of a kind
MOST_REASONS = 4

# What presentation attack detection says against a visit.
AGAINST = frozenset(
    {
        Reason.ACT_NOT_SEEN,
        Reason.FLAT_FACE,
        Reason.ATTACK_SUSPECTED,
        Reason.LIVENESS_IN_DOUBT,
        Reason.FACE_CHANGED,
        Reason.SECOND_FACE,
        Reason.FACE_LOST,
        Reason.PICTURE_JUMPED,
        Reason.PICTURE_FROZEN,
    }
)


class Answer(StrEnum):
    """What presentation attack detection made of one visit."""

    BONA_FIDE = "bona_fide"
    ATTACK = "attack"
    NONE = "none"


def pad_answer(line: Line) -> Answer:
    """Tell it from the acts and reasons; whether the faces match is left aside."""
    if line["verdict"] == Verdict.ACCEPTED:
        return Answer.BONA_FIDE
    if not AGAINST.isdisjoint(line["reasons"]):
        return Answer.ATTACK
    acts = line["acts"]
    if not acts:
        return Answer.NONE
    return Answer.BONA_FIDE if all(a["passed"] for a in acts) else Answer.ATTACK


def is_played(line: Line) -> bool:
    """Say whether there was anything to judge: a visit file may be unplayable."""
    return bool(line["frames"])


def figures(lines: Sequence[Line]) -> Figures:
    """Compute everything that report.json holds about these visits."""
    played = [line for line in lines if is_played(line)]
    match, passive = match_scores(played), passive_scores(played)
    return {
        "visits": len(lines),
        "not_played": [line["id"] for line in lines if not is_played(line)],
        "verdicts": summary(lines),
        "genuine": _genuine([o for o in played if o["label"] == GENUINE]),
        "impostors": _accepted([o for o in played if o["label"] == IMPOSTOR]),
        "attacks": _attacks([o for o in played if o["label"] == ATTACK]),
        "match": _match(match, _thresholds(played)),
        "passive": _curve(passive),
        "costs": {
            "cpu_ms_per_frame": _spread(o["cpu_ms_per_frame"] for o in played),
            "verdict_ms": _spread(
                o["verdict_ms"] for o in played if o["verdict"] == Verdict.ACCEPTED
            ),
            "frames": sum(o["frames"] for o in played),
        },
        "worst": _worst(played),
    }


def summary(lines: Sequence[Line]) -> list[Figures]:
    """Count verdicts by label and species, with the interval of the accepted."""
    rows = []
    for (label, species), group in _parted(
        lines, lambda line: (line["label"], line["species"])
    ):
        verdicts = Counter(line["verdict"] for line in group)
        accepted = Rate(verdicts[Verdict.ACCEPTED], len(group)).figures()
        reasons = Counter(reason for line in group for reason in line["reasons"])
        rows.append(
            {
                "label": label or "no label",
                "species": species,
                "count": len(group),
                "accepted": verdicts[Verdict.ACCEPTED],
                "refused": verdicts[Verdict.REFUSED],
                "referred": verdicts[Verdict.REFERRED],
                "low": accepted["low"],
                "high": accepted["high"],
                "reasons": reasons.most_common(MOST_REASONS),
            }
        )
    return rows


def match_scores(lines: Sequence[Line]) -> Scores:
    """Match scores of genuine and impostor visits; attackers hold the right card."""
    return _scores(lines, "match_score", IMPOSTOR)


def passive_scores(lines: Sequence[Line]) -> Scores:
    """Scores of the passive classifier for genuine visits and attacks, if it gave any.

    Unlike a face that cannot be compared, a visit that it did not judge is left out.
    """
    return _scores([o for o in lines if o["passive_score"] is not None],
                   "passive_score", ATTACK)  # fmt: skip


def _scores(lines: Sequence[Line], key: str, other: str) -> Scores:
    def of(label: str) -> Floats:
        given = [line[key] for line in lines if line["label"] == label]
        return np.array([NOT_FOUND if s is None else s / 1e6 for s in given], float)

    return Scores(of(GENUINE), of(other))


def _thresholds(lines: Sequence[Line]) -> list[float]:
    given = {line["match_threshold"] for line in lines} - {None}
    return [threshold / 1e6 for threshold in sorted(given)]


def _match(scores: Scores, thresholds: Sequence[float]) -> Figures:
    return _curve(scores) | {"at": [scores.at(t).figures() for t in thresholds]}


def _curve(scores: Scores) -> Figures:
    return {
        "positives": int(scores.genuine.size),
        "negatives": int(scores.impostor.size),
        "det": scores.curve(),
    }


def _genuine(group: Sequence[Line]) -> Figures:
    answers = Counter(pad_answer(line) for line in group)
    answered = len(group) - answers[Answer.NONE]
    return {
        "visits": len(group),
        "bpcer": Rate(answers[Answer.ATTACK], answered).figures(),
        "bpnrr": Rate(answers[Answer.NONE], len(group)).figures(),
        "accepted": _accepted(group)["accepted"],
    }


def _accepted(group: Sequence[Line]) -> Figures:
    hits = sum(line["verdict"] == Verdict.ACCEPTED for line in group)
    return {"visits": len(group), "accepted": Rate(hits, len(group)).figures()}


def _attacks(group: Sequence[Line]) -> list[Figures]:
    """Count each species by itself: the standard forbids to average over them."""
    rows = []
    for species, attacks in _parted(group, lambda line: (line["species"],)):
        answers = Counter(pad_answer(line) for line in attacks)
        answered = len(attacks) - answers[Answer.NONE]
        rows.append(
            {
                "species": species[0] or "not named",
                "visits": len(attacks),
                "iapar": _accepted(attacks)["accepted"],
                "apcer": Rate(answers[Answer.BONA_FIDE], answered).figures(),
                "apnrr": Rate(answers[Answer.NONE], len(attacks)).figures(),
            }
        )
    return rows


def _worst(lines: Sequence[Line]) -> dict[str, list[str]]:
    """Name the visits to look at first, the worst first."""
    genuine = [line for line in lines if line["label"] == GENUINE]
    others = [line for line in lines if line["label"] in (IMPOSTOR, ATTACK)]
    kinds = {
        "genuine_not_accepted": sorted(
            (o for o in genuine if o["verdict"] != Verdict.ACCEPTED),
            key=_nearness, reverse=True,
        ),
        "others_accepted": [o for o in others if o["verdict"] == Verdict.ACCEPTED],
        "others_nearest": sorted(
            (o for o in others if o["verdict"] != Verdict.ACCEPTED),
            key=_nearness,
        )[:SHOWN],
    }  # fmt: skip
    return {kind: [line["id"] for line in group] for kind, group in kinds.items()}


def _nearness(line: Line) -> tuple[int, int, int]:
    """Order visits by how little stood between them and acceptance."""
    missed = sum(not act["passed"] for act in line["acts"])
    never_asked = not line["acts"]
    margin = (line["match_score"] or -1_000_000) - (line["match_threshold"] or 0)
    return (never_asked, len(line["reasons"]) + missed, -margin)


def _spread(values: Iterable[float | None]) -> Figures:
    given = [value for value in values if value is not None]
    if not given:
        return {"count": 0, "median": None, "p95": None}
    high = float(np.percentile(given, 95))
    return {"count": len(given), "median": median(given), "p95": round(high, 3)}


def _parted(
    lines: Sequence[Line], key: Callable[[Line], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], list[Line]]]:
    groups: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return sorted(groups.items())
