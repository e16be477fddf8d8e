"""Writes a report's two forms: a page that is one file, and the figures behind it.

The page fetches nothing and names in it are escaped. Leaves to others: what is said.
"""

import json
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader

from likeness.bench.det import Figures
from likeness.bench.line_file import write_whole


def write_page(
    template: str, path: Path, *, templates: Path | None = None, **values: object
) -> Path:
    """Fill a template of bench/templates; raise UsageError if it cannot be written.

    A template of another folder, `templates`, may include ours.
    """
    own = PackageLoader("likeness.bench")
    pages = Environment(
        loader=ChoiceLoader([own, FileSystemLoader(templates)]) if templates else own,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return write_whole(path, pages.get_template(template).render(values))


def write_json(figures: Figures, path: Path) -> Path:
    """Write every figure as a number; raise UsageError if it cannot be written."""
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
    return write_whole(path, text + "\n")
