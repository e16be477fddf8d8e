"""A person's fold follows from the list of everybody alone."""

from pathlib import Path

import pytest

from passive_training.folds import FOLDS, folds_of

NAMES = [f"p{number:02}" for number in range(10)]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    listed = tmp_path / "sources.csv"
    rows = [f"{name}.jpg,{name}" for name in reversed(NAMES) for _ in range(2)]
    listed.write_text("\n".join(["file,identity", *rows]), encoding="utf-8")
    return listed


def test_everybody_has_a_fold_and_folds_are_alike_in_size(sources: Path) -> None:
    folds = folds_of(NAMES, sources).tolist()
    assert set(folds) == set(range(FOLDS))
    sizes = [folds.count(fold) for fold in range(FOLDS)]
    assert max(sizes) - min(sizes) <= 1


def test_who_else_is_in_the_samples_does_not_matter(sources: Path) -> None:
    whole = dict(zip(NAMES, folds_of(NAMES, sources).tolist(), strict=True))
    some = ["p07", "p02", "p07", "p09"]
    assert folds_of(some, sources).tolist() == [whole[name] for name in some]
