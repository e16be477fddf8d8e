"""axe-core looks at a page: what keeps somebody from using it (WCAG 2.2 A and AA).

It comes out of a pinned wheel, whose Python is not used, and stays in the virtual
environment; it is under MPL-2.0 and never part of the project.
"""

import sys
from pathlib import Path

from likeness import packages
from likeness.bench.browser_page import Page
from likeness.pins import Member, Package, is_file_with

WHEEL = Package(
    name="axe-playwright-python",
    version="0.1.8",
    filename="axe_playwright_python-0.1.8-py3-none-any.whl",
    sha256="fdd263c998388f1a8e67cad02677e612d946248bd44d163be5e8650ea31f95f8",
)
SCRIPT = Member(
    package=WHEEL.name,
    path="axe_playwright_python/axe.min.js",
    sha256="84494fec757e4710dc751c8d7a636e457f4532f08f85c86dc9070133fbff53bc",
)
PLACE = Path(sys.prefix) / "share" / "likeness-tests"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN = """axe.run(document, {{runOnly: {{type: "tag", values: {0}}}}}).then(found =>
  found.violations.map(v => v.id + " (" + v.impact + "): " + v.help + " at " +
    v.nodes.map(n => n.target.join(" ") + " — " + n.failureSummary).join("; ")))"""


def script() -> Path:
    """Return axe.min.js, fetched once; raise PackageError if it cannot be had."""
    place = PLACE / "axe-4.12.1.min.js"
    if not is_file_with(place, SCRIPT.sha256):
        packages.extract(WHEEL, packages.fetch(WHEEL, PLACE), SCRIPT, place)
    return place


async def violations(page: Page) -> list[str]:
    """Return what axe finds wrong, a line for each rule; empty is good."""
    if await page.eval("typeof axe === 'undefined'"):
        # By the protocol: the page's own policy forbids scripts from elsewhere.
        await page.eval(script().read_text(encoding="utf-8") + "\n;0")
    found: list[str] = await page.eval(RUN.format(list(RULES)))
    return found


if __name__ == "__main__":
    script()
