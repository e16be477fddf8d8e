"""The page's own files, read once: what is not in here is not served.

Leaves to others: the catalogues (sentences.py), HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from likeness.errors import ConfigError

FOLDER = Path(__file__).parent.parent / "page"
INDEX = "index.html"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file as it goes out."""

    kind: str
    data: bytes


def load(folder: Path = FOLDER) -> Mapping[str, File]:
    """Return the files by their path under `folder`, with `/` between its parts.

    Raises:
        ConfigError: there is no page, or a file of it cannot be read.
    """
    files = {}
    try:
        for path in sorted(folder.rglob("*")):
            kind = TYPES.get(path.suffix)
            if kind is not None and path.is_file():
                files[path.relative_to(folder).as_posix()] = File(
                    kind, path.read_bytes()
                )
    except OSError as problem:
        raise ConfigError(f"{folder}: cannot be read: {problem.strerror}") from problem
    if INDEX not in files:
        raise ConfigError(
            f"{folder / INDEX} is missing: the program is not installed whole"
        )
    return files
