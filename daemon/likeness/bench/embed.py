"""Embeds a list of pictures, for measurements outside of this program (design 3.1).

Leaves to others: vision itself, and showing how far we are.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from likeness.core.seen import Embedding
from likeness.errors import UsageError
from likeness.vision.look import Looker, decode

DIMENSIONS = 128


@dataclass(frozen=True, slots=True)
class Embedded:
    """One line of the list; without an embedding `problem` says why."""

    line: str
    embedding: Embedding | None
    problem: str = ""


def read_list(path: Path) -> list[str]:
    """Return the lines of a list of pictures, verbatim.

    Raises:
        UsageError: it cannot be read, or it is empty.
    """
    try:
        # Names of files need not be UTF-8; surrogates carry them through.
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}") from problem
    # Not splitlines: only a line feed ends a line, a name may hold anything else.
    lines = text.removesuffix("\n").split("\n") if text else []
    if not lines:
        raise UsageError(f"{path}: names no picture; write one path per line")
    return lines


def embed(
    lines: list[str], root: Path, looker: Looker, *, card: bool = False
) -> Iterator[Embedded]:
    """Embed the most central large face of each picture, in order of the list.

    Args:
        lines: paths below `root`, or absolute ones.
        root: a folder.
        looker: vision.
        card: take the pictures as card portraits, as they are.
    """
    for line in lines:
        yield _one(line, root / line, looker, card)


def write(results: list[Embedded], out: Path) -> None:
    """Write `paths`, `found`, `embeddings` (N×128 float32) as one npz file, or nothing.

    Raises:
        UsageError: it cannot be written there.
    """
    embeddings = np.zeros((len(results), DIMENSIONS), np.float32)
    for row, result in zip(embeddings, results, strict=True):
        if result.embedding is not None:
            row[:] = result.embedding
    arrays = {
        "paths": np.array([result.line for result in results], np.str_),
        "found": np.array([result.embedding is not None for result in results]),
        "embeddings": embeddings,
    }
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".embed-", dir=out.parent) as folder:
            draft = Path(folder) / out.name
            with draft.open("wb") as file:  # given a name, numpy would add a suffix
                np.savez(file, **arrays)
            draft.replace(out)
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror}") from problem


def _one(line: str, path: Path, looker: Looker, card: bool) -> Embedded:
    try:
        encoded = path.read_bytes()
    except (OSError, ValueError) as problem:  # ValueError: a null byte in the name
        why = problem.strerror if isinstance(problem, OSError) else "is no path"
        return Embedded(line, None, f"{path}: {why}")
    picture = decode(encoded)
    if picture is None:
        return Embedded(line, None, f"{path}: is no picture that can be decoded")
    embedding = looker.enrol(encoded) if card else looker.embed_picture(picture)
    return Embedded(line, embedding, "" if embedding else f"{path}: no face found")
