import csv
import json
from pathlib import Path

import pytest

from likeness.bench import match, match_report
from likeness.bench.det import NOT_FOUND, Figures
from likeness.bench.embedding_cache import Embedded
from likeness.bench.match import Measured, Scored
from likeness.bench.pair_list import Pair
from likeness.bench.promise import promises, shipped_profiles
from likeness.core import profile
from likeness.errors import UsageError

THRESHOLDS = {"accept": 0.43, "refer": 0.375}
SCORED = [
    Scored(Pair("a/1.jpg", "a/<2>.jpg", same=True), 0.71),
    Scored(Pair("a/1.jpg", "a/3.jpg", same=True), 0.123456789),
    Scored(Pair("a/1.jpg", "caf\udce9.jpg", same=False), -0.05),
    Scored(Pair("a/1.jpg", "c.jpg", same=False), NOT_FOUND, ("b",)),
]


def figures_of(measured: Measured) -> Figures:
    return {
        "list": "pairs.csv",
        "card_side": "a",
        "variant": "w8",
        "runtime": "some runtime",
        "profile": "standard",
        "thresholds": THRESHOLDS,
        "all": measured.figures,
        "groups": {"east": measured.figures},
        "promises": promises({"east": measured.widest}, shipped_profiles()),
    }


@pytest.fixture
def measured() -> Measured:
    pairs = [one.pair for one in SCORED]
    faces = {one: Embedded(None) for one in match.wanted(pairs, None)}
    return match.measure(SCORED, faces, None, profile.named("standard"))


def test_scores_name_the_faces_not_found(tmp_path: Path) -> None:
    path = match_report.write_scores(SCORED, tmp_path)

    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["a", "b", "same", "score", "not_found"]
    assert [row["score"] for row in rows] == ["0.710000", "0.123457", "-0.050000", ""]
    assert [row["not_found"] for row in rows] == ["", "", "", "b"]
    assert [row["same"] for row in rows] == ["1", "1", "0", "0"]
    assert rows[2]["b"] == "caf\udce9.jpg"


def test_figures_come_back_as_they_were(tmp_path: Path, measured: Measured) -> None:
    figures = figures_of(measured)

    path = match_report.write_json(figures, tmp_path)

    read = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert read["all"]["listed"]["shipped"] == figures["all"]["listed"]["shipped"]


def test_the_page_holds_all_and_fetches_nothing(
    tmp_path: Path, measured: Measured
) -> None:
    path = match_report.write_page(
        figures_of(measured), SCORED, measured, {"east": measured}, tmp_path
    )

    page = path.read_text(encoding="utf-8", errors="surrogateescape")
    assert page.count("<svg") == page.count("</svg>") == 2
    assert "<script" not in page
    assert 'src="' not in page
    assert "<link" not in page
    assert "&lt;2&gt;.jpg" in page  # a name is text, whatever stands in it
    assert "not measurable: 2 impostor pairs cannot show it" in page
    assert "50 %" in page  # one of two genuine pairs fails at both shipped thresholds
    assert "side a as a chip portrait" in page
    # Five working points; two profiles' two promises, which two pairs cannot show.
    assert page.count("<td>east</td>") == 5 + 4
    assert page.count("<td>not measurable</td>") == 4
    assert [one.name for one in tmp_path.iterdir()] == ["match.html"]


def test_the_same_figures_give_the_same_page(
    tmp_path: Path, measured: Measured
) -> None:
    pages = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pages.append(
            match_report.write_page(
                figures_of(measured), SCORED, measured, {}, tmp_path / name
            ).read_bytes()
        )

    assert pages[0] == pages[1]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "none").touch()
    with pytest.raises(UsageError, match=r"scores\.csv: cannot be written"):
        match_report.write_scores(SCORED, tmp_path / "none")
