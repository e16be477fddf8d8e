"""results.jsonl and report.html: whole, countable, and safe to open."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from likeness.bench.intervals import clopper_pearson
from likeness.bench.replay_report import Line, ResultsFile, summary, write_report
from likeness.errors import UsageError

VOID = {"meta", "link", "br", "img", "input"}


class Page(HTMLParser):
    """Reads a page: text by cell, tags; a tag that is not closed is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


def line(name: str = "a", **changes: object) -> Line:
    return {
        "id": name,
        "label": "genuine",
        "species": "",
        "verdict": "accepted",
        "reasons": [],
        "match_score": 712_345,
        "match_threshold": 430_000,
        "passive_score": None,
        "acts": [
            {"act": "blink", "asked_ms": 500, "answered_ms": 1435, "passed": True},
            {"act": "turn_left", "asked_ms": 1, "answered_ms": None, "passed": False},
        ],
        "frames": 44,
        "face_frames": 43,
        "verdict_ms": 1435,
        "cpu_ms_per_frame": 12.345,
        "result": "a.b.c",
        **changes,
    }


def test_lines_are_there_while_it_runs_and_the_file_when_it_is_whole(
    tmp_path: Path,
) -> None:
    out = tmp_path / "new" / "folder"
    file = ResultsFile(out)
    file.add(line("人/один"))
    (part,) = out.iterdir()
    assert json.loads(part.read_text())["id"] == "人/один"
    file.add(line("two"))
    file.close()
    assert [path.name for path in out.iterdir()] == ["results.jsonl"]
    text = (out / "results.jsonl").read_text(encoding="utf-8")
    assert [json.loads(one) for one in text.splitlines()] == file.lines
    assert "人/один" in text  # readable, not escaped


def test_a_former_run_stands_until_the_next_is_whole(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text("former\n")
    file = ResultsFile(tmp_path)
    file.add(line())
    assert (tmp_path / "results.jsonl").read_text() == "former\n"
    file.close()
    assert "former" not in (tmp_path / "results.jsonl").read_text()


def test_a_name_that_is_not_utf8_comes_back_as_it_was(tmp_path: Path) -> None:
    name = "caf\udce9\u2028"
    file = ResultsFile(tmp_path)
    file.add(line(name))
    file.close()
    (text,) = (tmp_path / "results.jsonl").read_bytes().rstrip(b"\n").split(b"\n")
    assert json.loads(text)["id"] == name
    assert "caf" in write_report([line(name)], tmp_path).read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file is no folder")
    with pytest.raises(UsageError, match=r"out: cannot be written: Not a directory"):
        ResultsFile(tmp_path / "file" / "out")
    (tmp_path / "report.html").mkdir()
    with pytest.raises(UsageError, match=r"report\.html: cannot be written"):
        write_report([line()], tmp_path)
    with pytest.raises(UsageError, match=r"report\.html: cannot be written"):
        write_report([line()], tmp_path / "nowhere")


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl.part").symlink_to("/dev/full")
    file = ResultsFile(tmp_path)
    with pytest.raises(UsageError, match=r"part: cannot be written: No space left"):
        file.add(line())
    with pytest.raises(UsageError, match=r"jsonl: cannot be written: No space left"):
        file.close()
    assert not (tmp_path / "results.jsonl").exists()


def test_verdicts_are_counted_by_label_and_species() -> None:
    rows = summary(
        [
            line(),
            line(verdict="refused", reasons=["act_not_seen", "feed_ended"]),
            line(verdict="referred", reasons=["too_dark"]),
            line(label="attack", species="print", verdict="refused", reasons=["a"]),
            line(label="attack", species="mask", verdict="accepted"),
            line(label="", verdict="refused", reasons=["a", "b"]),
            line(label="", verdict="refused", reasons=["b"]),
        ]
    )
    counted = [
        (
            r["label"],
            r["species"],
            r["count"],
            r["accepted"],
            r["refused"],
            r["referred"],
        )
        for r in rows
    ]
    assert counted == [
        ("no label", "", 2, 0, 2, 0),
        ("attack", "mask", 1, 1, 0, 0),
        ("attack", "print", 1, 0, 1, 0),
        ("genuine", "", 3, 1, 1, 1),
    ]
    assert rows[0]["reasons"] == [("b", 2), ("a", 1)]
    assert (rows[3]["low"], rows[3]["high"]) == clopper_pearson(1, 3)
    assert (rows[1]["low"], rows[1]["high"]) == (pytest.approx(0.025), 1.0)


def test_of_nothing_there_are_no_rows(tmp_path: Path) -> None:
    assert summary([]) == []
    assert "0 visits" in write_report([], tmp_path).read_text()


def test_the_report_shows_each_visit(tmp_path: Path) -> None:
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
    report = write_report([line("good"), unplayable], tmp_path)
    cells = [" ".join(cell.split()) for cell in Page(report.read_text()).cells]
    assert report == tmp_path / "report.html"
    assert cells[cells.index("good") :][:10] == [
        "good", "genuine", "accepted", "", "0.712", "0.430",
        "blink 500 → 1435 ms; turn_left 1 → not seen", "44", "43", "1435 ms",
    ]  # fmt: skip
    assert cells[cells.index("broken") :][:10] == [
        "broken", "genuine", "referred", "feed_unreadable", "–", "–", "", "0", "43",
        "–",
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


EVIL = "<script>alert(1)</script>\"'&amp;</td></table><img src=x onerror=alert(2)>"


def test_nothing_from_outside_becomes_markup(tmp_path: Path) -> None:
    harmless = Page(write_report([line("a")], tmp_path).read_text())
    evil = write_report(
        [line(EVIL, label=EVIL, species=EVIL, reasons=[EVIL], verdict=EVIL)], tmp_path
    ).read_text()
    page = Page(evil)
    assert page.tags == harmless.tags
    assert len(page.cells) == len(harmless.cells)
    assert EVIL in page.cells
    assert "<script" not in evil
