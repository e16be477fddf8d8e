"""report.html and report.json: whole, countable, and safe to open."""

import json
from pathlib import Path

import pytest

from likeness.bench import replay_report
from likeness.bench.line_file import Line
from likeness.bench.replay_report import write_report
from likeness.errors import UsageError
from replay_lines import MISSED, Page, attack, line, track

ABOUT = {"about": {"software": "0", "profile": "standard"}}


def write(folder: Path, *lines: Line) -> Path:
    return write_report(lines, {"a": track("a")}, ABOUT, folder)


def test_the_report_shows_each_visit(tmp_path: Path) -> None:
    two_acts = line("good", acts=[*line()["acts"], MISSED], passive_score=1_000)
    unplayable = line(
        "broken",
        verdict="referred",
        reasons=["feed_unreadable"],
        match_score=None,
        match_threshold=None,
        acts=[],
        frames=0,
        verdict_ms=None,
    )
    report = write(tmp_path, two_acts, unplayable)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "report.html",
        "report.json",
    ]
    assert report == tmp_path / "report.html"
    cells = [" ".join(cell.split()) for cell in Page(report.read_text()).cells]
    assert cells[cells.index("good") :][:11] == [
        "good", "genuine", "accepted", "", "0.712", "0.430", "0.001",
        "blink 500 → 1435 ms; turn_left 1500 → not seen", "44", "43", "1435 ms",
    ]  # fmt: skip
    assert cells[cells.index("broken") :][:11] == [
        "broken", "genuine", "referred", "feed_unreadable", "–", "–", "–", "", "0",
        "43", "–",
    ]  # fmt: skip
    assert "1 could not be played" in report.read_text()


def test_every_figure_of_the_page_is_in_the_json(tmp_path: Path) -> None:
    lines = [line("a"), attack("b", "print"), attack("c", "print", "flat_face")]
    page = write(tmp_path, *lines).read_text()
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["about"] == ABOUT["about"]
    (prints,) = told["attacks"]
    assert prints["iapar"]["rate"] == 0.5
    assert "50 % <span class=" in page
    assert "1 of 2" in page
    assert told["worst"]["others_accepted"] == ["b"]


def test_a_visit_is_drawn_and_found_from_the_tables(tmp_path: Path) -> None:
    page = Page(write(tmp_path, line("a"), line("b")).read_text())
    assert page.ids.count("visit-1") == 1
    assert "visit-2" not in page.ids  # nothing is known of its frames
    assert page.links.count("#visit-1") == 1


def test_the_worst_are_drawn_when_not_all_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_report, "MOST_DRAWN", 1)
    lines = [line("a"), line("b", verdict="refused", reasons=["no_face"])]
    tracks = {name: track(name) for name in "ab"}
    html = write_report(lines, tracks, ABOUT, tmp_path).read_text()
    assert "visit-2" in Page(html).ids
    assert "visit-1" not in Page(html).ids
    assert "1 visits are not drawn" in html


def test_scores_of_both_kinds_are_drawn(tmp_path: Path) -> None:
    lines = [line(f"g{n}", match_score=n * 100_000, passive_score=n * 100_000)
             for n in range(10)]  # fmt: skip
    lines += [line(f"i{n}", label="impostor", match_score=n * 50_000)
              for n in range(10)]  # fmt: skip
    lines += [attack(f"a{n}", "print", passive_score=n * 50_000) for n in range(10)]
    html = write_report(lines, {}, ABOUT, tmp_path).read_text()
    assert Page(html)
    assert html.count("<svg") == html.count("</svg>") == 4
    assert html.count("<figure>") == 4


def test_the_same_lines_give_the_same_page(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    one = write(tmp_path, line("a"), attack("b", "print")).read_bytes()
    assert write(tmp_path / "b", line("a"), attack("b", "print")).read_bytes() == one


def test_of_nothing_there_is_a_page(tmp_path: Path) -> None:
    assert "0 visits" in write(tmp_path).read_text()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(UsageError, match=r"report\.json: cannot be written: Is a"):
        write(tmp_path, line())


EVIL = "<script>alert(1)</script>\"'&amp;</td></table><img src=x onerror=alert(2)>"


def test_nothing_from_outside_becomes_markup(tmp_path: Path) -> None:
    harmless = Page(
        write(tmp_path, line("a", verdict="x", reasons=["y"], label="z")).read_text()
    )
    evil = line(EVIL, label=EVIL, species=EVIL, reasons=[EVIL], verdict=EVIL)
    acts = [{**one, "act": EVIL} for one in line()["acts"]]
    tracks = {EVIL: track(EVIL)}
    html = write_report([evil | {"acts": acts}], tracks, ABOUT, tmp_path).read_text()
    page = Page(html)
    assert page.tags == harmless.tags
    assert len(page.cells) == len(harmless.cells)
    assert EVIL in page.cells
    assert "<script" not in html
