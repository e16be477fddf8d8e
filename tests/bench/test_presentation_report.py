"""scores.csv in the list's order; the page holds every figure and fetches nothing."""

import csv
import json
from pathlib import Path

from likeness.bench import presentation_report
from likeness.bench.det import Figures
from likeness.bench.presentation import Scored
from likeness.bench.presentation_figures import figures
from likeness.bench.presentation_list import Presentation
from likeness.core.profile import TextureRules
from replay_lines import Page

EVIL = "<script>alert(1)</script>\"'&amp;</td>"
GIVEN = [
    (Presentation("caf\udce9.jpg", "live", ""), Scored(0.1234567)),
    (Presentation("b.mp4", "live", ""), Scored(0.9)),
    (Presentation(EVIL, "attack", EVIL), Scored(0.95)),
    (Presentation("d.jpg", "attack", "print"), Scored(None, "no face found")),
    (Presentation("e.jpg", "attack", "print"), Scored(0.0)),
]


def all_figures() -> Figures:
    return {"about": {"list": EVIL}, **figures(GIVEN, TextureRules())}


def test_scores_stand_in_the_order_of_the_list(tmp_path: Path) -> None:
    path = presentation_report.write_scores(GIVEN, tmp_path / "new")
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["file", "score"],
        ["caf\udce9.jpg", "0.123457"],
        ["b.mp4", "0.900000"],
        [EVIL, "0.950000"],
        ["d.jpg", "nan"],
        ["e.jpg", "0.000000"],
    ]


def test_the_page_shows_every_group(tmp_path: Path) -> None:
    html = presentation_report.write_report(GIVEN, all_figures(), tmp_path).read_text()
    page = Page(html)
    assert html.count("<svg") == html.count("</svg>") == 2
    assert EVIL in page.cells
    assert "APCER 0 % (0–97.5; 0 of 1)" in page.cells  # the print that was judged
    assert "50 % (1.26–98.7; 1 of 2)" in page.cells  # of both prints, with no answer
    assert page.cells[page.cells.index("d.jpg") + 2] == "no face found"
    told = json.loads((tmp_path / "presentation.json").read_text())
    assert told["groups"][0]["error"]["live_from"]["hits"] == 1


def test_a_list_of_one_kind_gives_a_page_without_a_curve(tmp_path: Path) -> None:
    few = {"about": {}, **figures(GIVEN[:2], TextureRules())}
    html = presentation_report.write_report(GIVEN[:2], few, tmp_path).read_text()
    assert Page(html)
    assert html.count("<svg") == 1
    none = {"about": {}, **figures(GIVEN[3:4], TextureRules())}
    html = presentation_report.write_report(GIVEN[3:4], none, tmp_path).read_text()
    assert "<svg" not in html
