"""Measures how well faces are told apart on a list of pairs.

A pair with a face that was not found counts as a non-match, genuine or not. Over all
cross-identity pairs, genuine pairs are still those of the list. Leaves to others:
reading the list, embedding, and showing the figures.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from likeness.bench.det import NOT_FOUND, Figures, Floats, Scores
from likeness.bench.embedding_cache import Embedded, Side, Wanted
from likeness.bench.pair_list import Pair, identities_of
from likeness.core.profile import Profile

CardSide = Literal["a", "b"]
Faces = Mapping[Wanted, Embedded]

FMRS = (1e-2, 1e-3, 1e-4)
BLOCK = 512  # pictures compared with all others at a time
WORST = 10


@dataclass(frozen=True, slots=True)
class Scored:
    """One pair with its score; NOT_FOUND if a face was not found."""

    pair: Pair
    score: float
    not_found: tuple[str, ...] = ()  # of "a" and "b"


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of a list of pairs, and the scores behind them for plots."""

    figures: Figures
    listed: Scores = field(repr=False)
    crossed: Scores | None = field(repr=False)

    @property
    def widest(self) -> Scores:
        """The scores with the most impostor pairs there are."""
        return self.crossed or self.listed


def sides(card_side: CardSide | None) -> tuple[Side, Side]:
    """Say on which side of a pair a picture becomes a chip portrait."""
    return ("chip" if card_side == "a" else "live"), (
        "chip" if card_side == "b" else "live"
    )


def wanted(pairs: Sequence[Pair], card_side: CardSide | None) -> list[Wanted]:
    """Return what must be embedded, each once, in order of first mention."""
    a, b = sides(card_side)
    each = (one for pair in pairs for one in ((pair.a, a), (pair.b, b)))
    return list(dict.fromkeys(each))


def score(
    pairs: Sequence[Pair], faces: Faces, card_side: CardSide | None
) -> list[Scored]:
    """Compare the two pictures of each pair; the score is a cosine, -1..1."""
    scored = []
    for pair in pairs:
        vectors = {
            name: faces[picture, side].vector
            for name, picture, side in zip(
                "ab", (pair.a, pair.b), sides(card_side), strict=True
            )
        }
        one, two = vectors["a"], vectors["b"]
        if one is None or two is None:
            lost = tuple(name for name, vector in vectors.items() if vector is None)
            scored.append(Scored(pair, NOT_FOUND, lost))
        else:
            scored.append(Scored(pair, float(one @ two)))
    return scored


def measure(
    scored: Sequence[Scored],
    faces: Faces,
    card_side: CardSide | None,
    policy: Profile,
    *,
    all_pairs: bool = False,
) -> Measured:
    """Compute every figure of these pairs.

    Args:
        scored: the pairs with their scores.
        faces: the embeddings behind them.
        card_side: which side is a chip portrait.
        policy: whose thresholds are shipped.
        all_pairs: also compare each picture with those of all other identities.
    """
    pairs = [one.pair for one in scored]
    genuine = np.array([one.score for one in scored if one.pair.same], np.float64)
    impostor = np.array([one.score for one in scored if not one.pair.same], np.float64)
    listed = Scores(genuine, impostor)
    threshold, right = listed.best()
    used = wanted(pairs, card_side)
    figures = {
        "pictures": len(used),
        "pictures_without_face": sum(faces[one].vector is None for one in used),
        "listed": _rates(listed, policy)
        | {"accuracy": {"threshold": threshold, **right.figures()}},
    }
    crossed = None
    if all_pairs:
        across, highest = _across(pairs, faces, card_side)
        crossed = Scores(genuine, across)
        figures["all_pairs"] = _rates(crossed, policy) | {"highest": highest}
    return Measured(figures, listed, crossed)


def groups(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Part the pairs by their group; those without one are in none."""
    parts: dict[str, list[Scored]] = {}
    for one in scored:
        if one.pair.group:
            parts.setdefault(one.pair.group, []).append(one)
    return dict(sorted(parts.items()))


def _rates(scores: Scores, policy: Profile) -> Figures:
    at_fmr = []
    for fmr in FMRS:
        point = scores.at_fmr(fmr)
        measured = {} if point is None else point.figures()
        at_fmr.append({"wanted": fmr, "measurable": point is not None, **measured})
    shipped = {"accept": policy.accept_score, "refer": policy.refer_score}
    return {
        "genuine": scores.genuine.size,
        "impostor": scores.impostor.size,
        "genuine_without_face": int(np.isneginf(scores.genuine).sum()),
        "impostor_without_face": int(np.isneginf(scores.impostor).sum()),
        "at_fmr": at_fmr,
        "shipped": {name: scores.at(at).figures() for name, at in shipped.items()},
        "det": scores.curve(),
    }


def _across(
    pairs: Sequence[Pair], faces: Faces, card_side: CardSide | None
) -> tuple[Floats, list[tuple[str, str, float]]]:
    """Score each two pictures of different people once; also name the highest.

    With a card side, each picture of that side meets each of the other side.
    """
    who = identities_of(pairs)
    side_a, side_b = sides(card_side)
    if card_side is None:
        left = right = list(who)
    else:
        left = list(dict.fromkeys(pair.a for pair in pairs))
        right = list(dict.fromkeys(pair.b for pair in pairs))
    rows = _stack([faces[name, side_a].vector for name in left])
    columns = _stack([faces[name, side_b].vector for name in right])
    number = {identity: i for i, identity in enumerate(dict.fromkeys(who.values()))}
    people = {name: number[identity] for name, identity in who.items()}
    across = np.array([people[name] for name in right])
    parts: list[Floats] = []
    highest: list[tuple[str, str, float]] = []
    for start, block in _blocks(rows):
        scores = block @ columns.T
        scores[np.isnan(scores)] = NOT_FOUND
        names = left[start : start + BLOCK]
        apart = np.array([people[name] for name in names])[:, None] != across
        if card_side is None:  # each two once
            apart &= (
                np.arange(len(right)) > np.arange(start, start + len(names))[:, None]
            )
        parts.append(scores[apart])
        scores[~apart] = NOT_FOUND
        for at in np.argsort(scores, axis=None)[: -WORST - 1 : -1]:
            row, column = np.unravel_index(at, scores.shape)
            found = float(scores[row, column])
            if found > NOT_FOUND:
                highest.append((names[row], right[column], found))
    highest.sort(key=lambda one: -one[2])
    return np.concatenate(parts), highest[:WORST]


def _stack(vectors: Sequence[Floats | None]) -> Floats:
    """N×D; a row of nan where there is no vector."""
    size = next((vector.size for vector in vectors if vector is not None), 1)
    rows = [np.full(size, np.nan) if vector is None else vector for vector in vectors]
    return np.stack(rows)


def _blocks(rows: Floats) -> Iterator[tuple[int, Floats]]:
    for start in range(0, len(rows), BLOCK):
        yield start, rows[start : start + BLOCK]
