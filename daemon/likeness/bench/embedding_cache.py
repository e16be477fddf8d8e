"""Embeds the pictures of a measurement once, and remembers it, so a run can resume.

An embedding is found again by the picture's content, the side it is used on, and a
digest of all that made it: models, runtime and the code of vision. Leaves to others:
what is compared with what. The file holds biometric data: it is for its owner only.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from likeness import vision
from likeness.bench import chip_portrait as chip
from likeness.errors import UsageError
from likeness.vision.look import Looker, decode
from likeness.vision.models import ModelSet

Vector = npt.NDArray[np.float64]
Side = Literal["live", "chip"]
Wanted = tuple[str, Side]  # a picture as it is, or as a chip holds it

FOR_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Embedded:
    """What one picture gave on one side; without a vector `problem` says why."""

    vector: Vector | None
    problem: str = ""


class EmbeddingCache:
    """A file of lines, appended to as pictures are embedded."""

    def __init__(self, path: Path, made_by: str) -> None:
        self._path = path
        self._made_by = made_by
        self._known: dict[tuple[str, str], Embedded] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(FOR_OWNER_ONLY)
            written = path.read_bytes()
            # A run that was killed may have left half a line: it is skipped.
            for line in written.split(b"\n"):
                self._read(line)
            self._file = path.open("ab")
            if written and not written.endswith(b"\n"):
                self._file.write(b"\n")
        except OSError as problem:
            raise UsageError(
                f"{path}: cannot be written: {problem.strerror}"
            ) from problem

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(self, picture: str, side: Side) -> Embedded | None:
        """Return what is known of a picture, by the SHA-256 of its content."""
        return self._known.get((picture, side))

    def put(self, picture: str, side: Side, embedded: Embedded) -> None:
        """Remember it; it is on its way to the disk when this returns."""
        self._known[picture, side] = embedded
        vector = embedded.vector
        line = {
            "made_by": self._made_by,
            "picture": picture,
            "side": side,
            "problem": embedded.problem,
            "vector": None if vector is None else _text(vector),
        }
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()

    def _read(self, line: bytes) -> None:
        try:
            told = json.loads(line)
            if told["made_by"] != self._made_by:
                return
            text = told["vector"]
            vector = None if text is None else np.frombuffer(base64.b64decode(text))
            key = (told["picture"], told["side"])
            self._known[key] = Embedded(vector, told["problem"])
        except (ValueError, KeyError, TypeError):
            return


def made_by(models: ModelSet) -> str:
    """Digest everything that an embedding depends on besides its picture."""
    digest = hashlib.sha256()
    facts = [models.variant, str(models.runtime), cv2.__version__, np.__version__]
    facts += [f"{role} {sha256}" for role, sha256 in sorted(models.digests.items())]
    digest.update("\n".join(facts).encode())
    sources = [*Path(vision.__path__[0]).glob("*.py"), Path(chip.__file__)]
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def embed_each(
    wanted: Iterable[Wanted], root: Path, looker: Looker, cache: EmbeddingCache
) -> Iterator[tuple[Wanted, Embedded]]:
    """Give the embedding of each picture, from the cache if it is there.

    Args:
        wanted: paths below `root` (or absolute ones), each with its side.
        root: a folder.
        looker: vision.
        cache: what is known already.

    Raises:
        UsageError: a picture or the cache cannot be read or written.
    """
    for name, side in wanted:
        try:
            encoded = (root / name).read_bytes()
            picture = hashlib.sha256(encoded).hexdigest()
            embedded = cache.get(picture, side)
            if embedded is None:
                embedded = embed_one(encoded, side, looker)
                cache.put(picture, side, embedded)
        except OSError as problem:
            raise UsageError(f"{root / name}: {problem.strerror}") from problem
        yield (name, side), embedded


def embed_one(encoded: bytes, side: Side, looker: Looker) -> Embedded:
    """Embed one encoded picture: as a live view, or as a chip holds it on a card."""
    picture = decode(encoded)
    if picture is None:
        return Embedded(None, "is no picture that can be decoded")
    if side == "live":
        embedding = looker.embed_picture(picture)
        return _embedded(embedding, "no face found")
    portrait = chip.chip_portrait(encoded, looker)
    if portrait is None:
        return Embedded(None, "no face found")
    return _embedded(looker.enrol(portrait), "no face found in its chip portrait")


def _text(vector: Vector) -> str:
    return base64.b64encode(vector.tobytes()).decode()


def _embedded(embedding: tuple[float, ...] | None, problem: str) -> Embedded:
    if embedding is None:
        return Embedded(None, problem)
    return Embedded(np.array(embedding, np.float64))
