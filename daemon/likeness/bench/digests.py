"""Says in a few signs what a measurement depends on, so that a later run can tell.

Recordings by their content, models by their manifest's digests, rules by their source.
Leaves to others: what is done when a digest has changed.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

import likeness
from likeness.vision.models import ModelSet

SIGNS = 16  # 64 bits: two inputs are not mistaken for one another by chance
ABSENT = "absent"
BLOCK = 1 << 20
# What a verdict depends on; reports and commands may change in between.
PARTS = ("core", "vision", "service", "edges")


def of_recording(path: Path) -> str:
    """Digest a video, a picture, or a folder of pictures; `absent` if it is not there.

    What cannot be read counts as absent: playing it will say why.
    """
    try:
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.is_file())
            return _of(part for file in files for part in (file.name, of_file(file)))
        return of_file(path)
    except (OSError, ValueError):  # ValueError: a null byte in the name
        return ABSENT


def of_file(path: Path) -> str:
    """Digest one file's content; raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()[:SIGNS]


def of_models(models: ModelSet) -> str:
    """Name the variant and digest the models and what runs them."""
    facts = [str(models.runtime), cv2.__version__, np.__version__]
    facts += [f"{role} {sha256}" for role, sha256 in sorted(models.digests.items())]
    return f"{models.variant} {_of(facts)}"


def of_software(*bench: str) -> str:
    """Name the version and digest the source of the rules, and of files of bench."""
    root = Path(likeness.__path__[0])
    sources = [file for part in PARTS for file in sorted((root / part).glob("*.py"))]
    sources += [root / "sight.py", *(root / "bench" / name for name in bench)]
    return f"{likeness.__version__} {_of(of_file(source) for source in sources)}"


def of_text(text: str) -> str:
    """Digest a text."""
    return _of([text])


def _of(parts: "Iterator[str] | list[str]") -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()[:SIGNS]
