"""Scores pictures and clips by the passive classifier, 0 attack .. 1 live.

A picture is searched as the terminal searches a frame, and fitted as often as two
frames are, wherever the face is. A clip is judged in a few frames spread over it, each
by itself; their scores are fused as those of a visit. Leaves to others: which list,
and every rate.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from likeness.bench import digests
from likeness.bench.line_file import Line, LineFile, former_lines
from likeness.bench.presentation_list import Presentation
from likeness.core.presentation import Texture
from likeness.core.profile import TextureRules
from likeness.edges.recorded import frames
from likeness.edges.recorded_pictures import PICTURES
from likeness.errors import FeedUnreadable
from likeness.vision.detect import Picture
from likeness.vision.look import Looker, decode
from likeness.vision.models import ModelSet
from likeness.vision.stills import shrunk

MOST_FRAMES = 12
FOLDER_FPS = 25.0  # a folder of pictures has no times; none are needed
SECOND_LOOK_S = 0.04

NO_FACE = "no face found"
NOT_JUDGED = "the face is too small, too dark or too blurred to be judged"

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Scored:
    """What one presentation gave; without a score `reason` says why."""

    score: float | None
    reason: str = ""


class Scorer:
    """Scores one presentation after the other.

    Args:
        looker: vision; whoever it follows is forgotten.
        rules: how scores of frames are fused. A picture is one frame and must do.
        most_frames: of a clip.
    """

    def __init__(
        self, looker: Looker, rules: TextureRules, most_frames: int = MOST_FRAMES
    ) -> None:
        self._looker = looker
        self._rules = replace(rules, scores_at_least=1)
        self._most_frames = most_frames

    def score(self, path: Path) -> Scored:
        """Score a picture, a video or a folder of pictures; never raises for it."""
        try:
            return self._fused(self._judge(one) for one in self._pictures(path))
        except FeedUnreadable as fault:
            return Scored(None, str(fault).removeprefix(f"{path}: "))
        except OSError as problem:
            return Scored(None, problem.strerror or "cannot be read")

    def _pictures(self, path: Path) -> Sequence[Picture]:
        if path.is_dir() or path.suffix.lower() not in PICTURES:
            every = (frame.image for frame in frames(path, fps=FOLDER_FPS))
            return spread(every, self._most_frames)
        picture = decode(path.read_bytes())
        if picture is None:
            raise FeedUnreadable("is no picture that can be decoded")
        return [picture]

    def _judge(self, picture: Picture) -> Scored:
        """Judge one frame; a picture that is all face is searched with a border."""
        picture = shrunk(picture)
        for border in (0, max(picture.shape[:2]) // 4):
            sides = (border, border, border, border)
            wider = np.asarray(
                cv2.copyMakeBorder(picture, *sides, cv2.BORDER_REPLICATE), np.uint8
            )
            self._looker.forget()
            self._looker.look(wider, captured_s=0.0, frame=0, eyes=False)
            face = self._looker.look(
                wider, captured_s=SECOND_LOOK_S, frame=1, eyes=False, passive=True
            ).face
            if face is not None:
                judged = face.passive is not None
                return Scored(face.passive, "" if judged else NOT_JUDGED)
        return Scored(None, NO_FACE)

    def _fused(self, judged: Iterable[Scored]) -> Scored:
        texture, reasons = Texture(self._rules), Counter[str]()
        for one in judged:
            texture.see(one.score)
            reasons[one.reason] += one.score is None
        if texture.score is not None:
            return Scored(texture.score)
        return Scored(None, max(reasons, key=lambda reason: reasons[reason]))


class ScoreFile:
    """Scores that are known already, so that a stopped run can go on.

    A score is found again by the content it came from and a digest of all that made
    it. The file holds no picture and no template.
    """

    def __init__(self, path: Path, made_by: str) -> None:
        self._made_by = made_by
        former = {
            line["content"]: line
            for line in former_lines(path)
            if line.get("made_by") == made_by
            and {"content", "score", "reason"} <= line.keys()
            and isinstance(line["content"], str)
        }
        self._known: dict[str, Line] = former
        self._file = LineFile(path, list(former.values()))

    def get(self, content: str) -> Scored | None:
        """Return what is known of this content."""
        line = self._known.get(content)
        return None if line is None else Scored(line["score"], line["reason"])

    def put(self, content: str, scored: Scored) -> None:
        """Remember it; it is on its way to the disk when this returns."""
        line: Line = {
            "content": content,
            "made_by": self._made_by,
            "score": scored.score,
            "reason": scored.reason,
        }
        self._known[content] = line
        self._file.add(line)

    def close(self) -> None:
        """Put the file into place."""
        self._file.close(lambda line: 0)


def score_each(
    listed: Sequence[Presentation], root: Path, scorer: Scorer, known: ScoreFile
) -> Iterator[tuple[Presentation, Scored]]:
    """Give each presentation with its score, from `known` if it is there."""
    for one in listed:
        content = digests.of_recording(root / one.file)
        scored = known.get(content)
        if scored is None:
            scored = scorer.score(root / one.file)
            known.put(content, scored)
        yield one, scored


def spread(items: Iterable[Item], most: int) -> list[Item]:
    """Take at most `most` items, evenly spread, of any number; holds twice as many."""
    kept: list[Item] = []
    step = 1
    for number, item in enumerate(items):
        if number % step == 0:
            kept.append(item)
        if len(kept) == 2 * most:
            kept, step = kept[::2], 2 * step
    if len(kept) <= most:
        return kept
    places = np.linspace(0, len(kept) - 1, most).round().astype(int)
    return [kept[place] for place in places]


def made_by(models: ModelSet, most_frames: int) -> str:
    """Digest all that a score depends on besides its picture or clip."""
    software = digests.of_software("presentation.py")
    facts = (digests.of_models(models), software, most_frames)
    return digests.of_text(repr(facts))
