"""What the fleet's pages show, as pieces of HTML that can be replaced one by one.

A page is the same pieces when it is loaded and when something changes, so nothing has
to be drawn twice. All text from outside is escaped by the templates. Leaves to others:
HTTP and streams (`web`), the facts (`memory`, `health`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from likeness.carrier.fleet import figures as fleet_figures
from likeness.carrier.fleet import health as fleet_health
from likeness.carrier.fleet import plots as fleet_plots
from likeness.carrier.fleet.health import Figures, View
from likeness.carrier.fleet.memory import Fleet, Summary
from likeness.carrier.fleet.records import Line
from likeness.core.drift import Drift
from likeness.core.fleet import State
from likeness.core.fleet_needs import Level, Terminal, lasting
from likeness.core.fleet_words import printable

FOLDER = Path(__file__).parent / "page"
ON_A_PAGE = 50
MOST_PAGES = 100_000
DAY_S = 86_400
JUST_NOW_S = 90

Pieces = dict[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which terminals somebody looks at."""

    state: str = ""
    level: str = ""
    software: str = ""
    label: str = ""
    search: str = ""
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Wanted":
        """Read a query; what is none of ours asks for nothing."""
        number = asked.get("page", "")
        page = int(number) if number.isascii() and number.isdigit() else 1
        state, level = asked.get("state", ""), asked.get("level", "")
        return cls(
            state=state if state in list(State) else "",
            level=level if level in list(Level) else "",
            software=asked.get("software", "")[:64],
            label=asked.get("label", "")[:128],
            search=asked.get("search", "").strip()[:128],
            page=min(max(page, 1), MOST_PAGES),
        )

    def takes(self, row: Terminal) -> bool:
        """Say whether a terminal is meant."""
        facts = row.facts
        return (
            (not self.state or row.state == self.state)
            and (not self.level or row.level == self.level)
            and (not self.software or (facts.birth.software or "?") == self.software)
            and (not self.label or self.label in facts.labels)
            and self.search.casefold() in facts.device.casefold()
        )

    def of_these(self, rows: list[Terminal]) -> list[Terminal]:
        """Return those that are meant, in their order."""
        if self == Wanted(page=self.page):
            return rows
        return [row for row in rows if self.takes(row)]

    def query(self, **changes: Any) -> str:
        """Return it as an address, from its first page on, with these changed."""
        one = replace(self, page=1, **changes)
        named = {name: getattr(one, name) for name in self.__slots__}
        said = {name: value for name, value in named.items() if value not in ("", 1)}
        return f"?{urlencode(said)}" if said else "."

    def at(self, page: int) -> str:
        """Return the address of another page of the same."""
        query = self.query()
        sign = "?" if query == "." else f"{query}&"
        return f"{sign}page={page}"


class Views:
    """Draws everything; belongs to the loop."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._env = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.filters.update(
            ago=ago,
            lasting=lasting,
            utc=utc,
            percent=fleet_figures.percent,
            printable=printable,
            address=lambda device: f"terminal?{urlencode({'device': device})}",
        )
        self._cameras: tuple[View, Pieces] | None = None  # drawn once for each view

    def page(self, name: str, pieces: Pieces, **more: object) -> str:
        """Return a whole page, around these pieces."""
        return self._env.get_template(name).render(
            pieces={key: Markup(html) for key, html in pieces.items()},  # noqa: S704
            **more,
        )

    # --- the overview ---------------------------------------------------------------
    def overview(self, wanted: Wanted, now: float) -> Pieces:
        """Return the pieces of the list of terminals."""
        ranked, summary = self._fleet.ranked(), self._fleet.summary()
        rows = wanted.of_these(ranked)
        pages = max(1, -(-len(rows) // ON_A_PAGE))
        page = min(wanted.page, pages)
        shown = rows[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
        pieces = {
            "line": self._line(now),
            "counts": self._draw("counts", summary, wanted),
            "found": self._draw("found", len(rows), summary.total),
            "pages": self._draw("pages", wanted, page, pages),
        }
        for place in range(ON_A_PAGE):
            row = shown[place] if place < len(shown) else None
            pieces[f"row-{place}"] = self._draw("row", place, row, now)
        return pieces

    def choices(self, wanted: Wanted) -> dict[str, object]:
        """Return what the form of the overview offers."""
        summary: Summary = self._fleet.summary()
        software = [name for name, _ in _most(summary.software)]
        return {
            "wanted": wanted,
            "states": list(State),
            "levels": list(Level),
            "software": sorted({*software, *filter(None, [wanted.software])}),
            "labels": sorted(
                {*list(summary.labels)[:500], *filter(None, [wanted.label])}
            ),
        }

    # --- one terminal ---------------------------------------------------------------
    def terminal(
        self,
        row: Terminal,
        view: View,
        timeline: Sequence[Line],
        days: Sequence[tuple[int, Figures]],
        reasons: Sequence[tuple[str, int]],
        now: float,
    ) -> Pieces:
        """Return the pieces of one terminal's page."""
        device = row.facts.device
        figures = view.terminals.get(device, Figures())
        return {
            "line": self._line(now),
            "state": self._draw("state", row, now),
            "needs": self._draw("needs", row),
            "facts": self._draw("facts", row, now),
            "health": self._draw(
                "health",
                figures,
                fleet_health.rates(figures),
                fleet_health.rates(view.fleet),
                self._drift(view, device),
                fleet_figures.plots(days, "of this camera"),
                reasons if figures.results >= fleet_health.LEAST else (),
            ),
            "timeline": self._draw("timeline", timeline),
        }

    def _drift(self, view: View, device: str) -> list[tuple[str, Drift | None]]:
        return [
            ("match", view.match.get(device)),
            ("passive", view.passive.get(device)),
        ]

    # --- all cameras ----------------------------------------------------------------
    def cameras(self, view: View, now: float) -> Pieces:
        """Return the pieces of the page of biometric figures."""
        if self._cameras is None or self._cameras[0] is not view:
            rows = [
                (one, fleet_plots.effect(one.drift.effect, one.drift.error_of_effect))
                for one in fleet_figures.apart(view)
            ]
            pieces = {
                "rates": self._draw(
                    "rates",
                    view,
                    fleet_health.rates(view.fleet),
                    fleet_figures.bar(view.fleet),
                ),
                "plots": self._draw(
                    "plots", fleet_figures.plots(view.daily, "of the fleet")
                ),
                "cameras": self._draw("cameras", rows, len(view.match)),
            }
            self._cameras = (view, pieces)
        return {"line": self._line(now), **self._cameras[1]}

    # --- inside ---------------------------------------------------------------------
    def _line(self, now: float) -> str:
        fleet = self._fleet
        return self._draw("line", fleet.is_up, fleet.watching_s, fleet.turned_away, now)

    def _draw(self, macro: str, *given: object) -> str:
        module = self._env.get_template("pieces.html").module
        return str(getattr(module, macro)(*given)).strip()


def ago(seconds: float | None, now: float) -> str:
    """Say when something was, coarsely."""
    if seconds is None:
        return "never"
    past = now - seconds
    return "just now" if past < JUST_NOW_S else f"{lasting(past)} ago"


def utc(seconds: float | None) -> str:
    """Return a time as people and machines read it."""
    if seconds is None:
        return "never"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%SZ}"


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:200]
