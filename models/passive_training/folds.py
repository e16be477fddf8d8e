"""Says in which fold each person is; both training and measuring must agree on it."""

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

FOLDS = 3


def folds_of(identities: list[str], sources: Path) -> npt.NDArray[np.int64]:
    """Return the fold of each sample's person: all that are listed in turn, by name.

    The whole list counts, whoever is in the samples: else folds would shift.
    """
    with sources.open(encoding="utf-8") as lines:
        everybody = sorted({row["identity"] for row in csv.DictReader(lines)})
    place = {name: rank % FOLDS for rank, name in enumerate(everybody)}
    return np.array([place[name] for name in identities])
