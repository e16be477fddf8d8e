"""Lines of results.jsonl as a replay writes them, and a reader of the pages."""

from html.parser import HTMLParser

from likeness.bench.line_file import Line

VOID = {"meta", "link", "br", "img", "input"}


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
        ],
        "frames": 44,
        "face_frames": 43,
        "verdict_ms": 1435,
        "cpu_ms_per_frame": 12.345,
        "result": "a.b.c",
        "passive_threshold": 500_000,
        **changes,
    }


MISSED = {"act": "turn_left", "asked_ms": 1500, "answered_ms": None, "passed": False}


def attack(name: str, species: str, *reasons: str, **changes: object) -> Line:
    verdict = "refused" if reasons else "accepted"
    given = {"label": "attack", "species": species, "reasons": list(reasons)}
    return line(name, **{**given, "verdict": verdict, **changes})


def track(name: str = "a", **changes: object) -> Line:
    return {
        "id": name,
        "ms": [0, 40, 80, 120],
        "faces": [1, 1, 0, 2],
        "eyes": [0.31, None, None, 0.3],
        "yaw": [0.0, 5.5, None, -30.0],
        "passive": [None, None, None, None],
        "depth": [None, None, None, None],
        **changes,
    }


class Page(HTMLParser):
    """Reads a page: text by cell, tags; a tag that is not closed is an error.

    So are two elements of one id, a link to none, and anything fetched from outside.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))
        assert {one.removeprefix("#") for one in self.links} <= set(self.ids)
        assert "script" not in self.tags

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        assert not [name for name in given if name.startswith("on") or name == "src"]
        self.ids += [given["id"] or ""] if "id" in given else []
        for name in ("href", "xlink:href"):
            self.links += [given[name] or ""] if name in given else []
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and {"td", "th"} & set(self.open[-3:]):
            self.cells[-1] += data
