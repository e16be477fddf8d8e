"""Makes the training set of the passive network: `data.py find|draw|untouched …`.

`find FEEDS OUT` fits a face to every picture of the development data and to some frames
of every clip, and lists them in OUT/sources.csv (a copy of that list is committed).
`draw FEEDS OUT SEED COUNT` makes COUNT samples from them: live frames and real prints
as they are, and recaptures of live frames (`recapture`), all under a camera's changes.
Live and recaptured samples come from the same frames, so that content never tells.
`untouched FEEDS OUT` takes the views of every source as it is, to measure on.
Runs in the project's own environment; leaves training to `train`.
"""

import csv
import sys
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from likeness.vision.look import Looker
from likeness.vision.manifest import models_dir
from likeness.vision.models import load_models
from likeness.vision.passive import MIN_WIDTH_PX, SIDE, VIEWS, views
from passive_training.recapture import (
    Floats,
    Pixels,
    Random,
    Shot,
    chance,
    jpeg,
    photograph,
    recaptured,
    resized,
)

SOURCES, POINTS, FRAMES = "sources.csv", "points.npy", "frames"
FRAMES_OF_CLIP = 70
# LFW's deep-funneled pictures were turned: their outer parts are black.
LFW_MARGIN = 32
LARGEST_PX = 300.0  # sizes of a face, in the sense of Shot.face_px
SMALLEST_PX = 88.0
SHARES = {  # of the samples
    "nuaa": 0.15,
    "clip": 0.22,
    "lfw": 0.13,
    "nuaa print": 0.15,
    "nuaa recaptured": 0.06,
    "clip recaptured": 0.17,
    "lfw recaptured": 0.12,
}


@dataclass(frozen=True)
class Source:
    """One face that was found; `frame` is -1 for a picture."""

    file: str
    frame: int
    sha256: str
    origin: str
    group: str  # nuaa, clip, lfw, "nuaa print"
    identity: str
    width_px: float  # edge to edge in the picture: turned faces are narrower

    @property
    def live(self) -> bool:
        """Say whether the person was there."""
        return not self.group.endswith("print")


def find(feeds: Path, out: Path) -> None:
    """Fit faces to the development data; write list, landmarks and clips' frames."""
    (out / FRAMES).mkdir(parents=True, exist_ok=True)
    looker = Looker(load_models(models_dir()))
    found: list[Source] = []
    points: list[Floats] = []

    def take(row: dict[str, str], group: str, picture: Pixels, frame: int) -> None:
        still = looker.find_still(picture)
        if still is None:
            return
        at = (still.fit.landmarks[:, :2] / still.scale).astype(np.float32)
        width = float(np.linalg.norm(at[234] - at[454]))
        where = (row["file"], frame, row["sha256"], row["source"])
        found.append(Source(*where, group, row["identity"], round(width, 1)))
        points.append(at)
        if frame >= 0:
            np.save(out / FRAMES / f"{Path(row['file']).stem}_{frame}.npy", picture)

    faces_of_lfw: set[str] = set()
    with (feeds / "manifest.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            file, path = row["file"], str(feeds / row["file"])
            if file.startswith("spoof/nuaa") and file.endswith(".jpg"):
                group = "nuaa print" if row["label"].startswith("attack") else "nuaa"
                take(row, group, np.asarray(cv2.imread(path), np.uint8), -1)
            elif file.startswith("pairs/lfw") and row["identity"] not in faces_of_lfw:
                faces_of_lfw.add(row["identity"])
                take(row, "lfw", np.asarray(cv2.imread(path), np.uint8), -1)
            elif file.startswith("videos/") and row["label"].startswith("genuine"):
                for number, picture in _some_frames(path):
                    take(row, "clip", picture, number)
    _write(found, points, out)


def _some_frames(path: str) -> list[tuple[int, Pixels]]:
    clip = cv2.VideoCapture(path)
    step = max(3, int(clip.get(cv2.CAP_PROP_FRAME_COUNT)) // FRAMES_OF_CLIP)
    frames, number = [], 0
    while clip.grab():
        if number % step == 0:
            frames.append((number, np.asarray(clip.retrieve()[1], np.uint8)))
        number += 1
    return frames


def _write(found: list[Source], points: list[Floats], out: Path) -> None:
    with (out / SOURCES).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(Source)])
        writer.writerows(astuple(one) for one in found)
    np.save(out / POINTS, np.array(points, np.float32))


def read_sources(path: Path) -> list[Source]:
    """Read a list of sources."""
    with path.open(encoding="utf-8") as lines:
        return [
            Source(
                file=row["file"],
                frame=int(row["frame"]),
                sha256=row["sha256"],
                origin=row["origin"],
                group=row["group"],
                identity=row["identity"],
                width_px=float(row["width_px"]),
            )
            for row in csv.DictReader(lines)
        ]


class Painter:
    """Makes samples; every choice comes from one seed."""

    def __init__(self, feeds: Path, out: Path, seed: int) -> None:
        self._feeds, self._out = feeds, out
        self._rng: Random = np.random.default_rng(seed)
        self._sources = read_sources(out / SOURCES)
        self._points = np.load(out / POINTS)
        self._groups: dict[str, dict[str, list[int]]] = {}
        for number, one in enumerate(self._sources):
            if one.width_px >= MIN_WIDTH_PX:
                # Few pictures of many people are drawn alike; clips by their person.
                key = "" if one.group == "lfw" else one.identity
                group = self._groups.setdefault(one.group, {})
                group.setdefault(key, []).append(number)
        self._backdrop = np.full((8, 8, 3), 128, np.uint8)

    def sample(self, into: Pixels) -> tuple[int, str, str]:
        """Make one sample; return its label (1 live), its kind and its identity."""
        rng = self._rng
        kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
        group = kind.removesuffix(" recaptured")
        source, shot = self._pick(group)
        if kind != group:
            screen = chance(rng, 0.55)
            kind = f"{group} on {'screen' if screen else 'paper'}"
            face_px = float(rng.uniform(SMALLEST_PX, 270))
            shot = recaptured(shot, face_px, self._backdrop, rng, screen=screen)
            untouched = chance(rng, 0.2)
        else:
            if source.live:
                shot = self._cluttered(shot)
            shot = self._resized(self._in_smaller_frame(shot))
            untouched = chance(rng, 0.4)
        self._backdrop = np.asarray(cv2.resize(shot.picture, (320, 240)), np.uint8)
        picture = shot.picture if untouched else photograph(shot.picture, rng)
        views(picture, self._jittered(shot.points), into=into)
        live = source.live and kind == group
        return int(live), kind, source.identity

    def _pick(self, group: str) -> tuple[Source, Shot]:
        """Load a face with its surroundings, as far as they can be seen."""
        people = self._groups[group]
        pictures = people[sorted(people)[self._rng.integers(len(people))]]
        number = pictures[self._rng.integers(len(pictures))]
        shot = load(self._feeds, self._out, self._sources[number], self._points[number])
        if shot.face_px > LARGEST_PX:
            shot = resized(shot, LARGEST_PX / shot.face_px)
        return self._sources[number], cropped(shot, np.full(4, 1.7))

    def _in_smaller_frame(self, shot: Shot) -> Shot:
        """Let the frame end near the face: borders are everywhere, not in one class."""
        if not chance(self._rng, 0.35):
            return shot
        return cropped(shot, self._rng.uniform(0.6, 1.6, 4))

    def _resized(self, shot: Shot) -> Shot:
        """Resample and compress as recaptures are: it must be no mark of theirs."""
        rng = self._rng
        if not chance(rng, 0.55):
            return shot
        low = max(0.35, SMALLEST_PX / shot.face_px)
        high = max(low + 0.01, min(1.3, LARGEST_PX / shot.face_px))
        scale = float(rng.uniform(low, high))
        how = cv2.INTER_LINEAR if chance(rng, 0.3) else None
        shot = resized(shot, scale, how)
        if chance(rng, 0.3):
            shot = Shot(jpeg(shot.picture, int(rng.integers(30, 93))), shot.points)
        return shot

    def _cluttered(self, shot: Shot) -> Shot:
        """Put rectangles behind head and shoulders: an edge alone is no attack."""
        rng = self._rng
        if not chance(rng, 0.3):
            return shot
        height, width = shot.picture.shape[:2]
        behind = shot.picture.copy()
        backdrop = np.asarray(cv2.resize(self._backdrop, (width, height)), np.uint8)
        for _ in range(rng.integers(1, 4)):
            start = np.clip(rng.uniform(-0.3, 1, 2) * [width, height], 0, None)
            end = start + rng.uniform(0.15, 0.9, 2) * [width, height]
            (left, top), (right, below) = start.astype(int), end.astype(int)
            colour = rng.uniform(0, 255, 3).tolist()
            if chance(rng, 0.4):
                part = (slice(top, below), slice(left, right))
                behind[part] = backdrop[part]
            elif chance(rng, 0.6):
                cv2.rectangle(behind, (left, top), (right, below), colour, -1)
            if chance(rng, 0.6):
                thick = int(rng.integers(2, 14))
                cv2.rectangle(behind, (left, top), (right, below), colour[::-1], thick)
        person = person_in(shot)[..., None]
        mixed = shot.picture * person + behind * (1 - person)
        return Shot(mixed.astype(np.uint8), shot.points)

    def _jittered(self, points: Floats) -> Floats:
        """Move and scale the landmarks a little, as a worse fit would."""
        rng = self._rng
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        size = float(np.ptp(points, axis=0).max())
        moved = (points - middle) * rng.uniform(0.93, 1.07) + middle
        return np.asarray(moved + rng.normal(0, 0.03, 2) * size, np.float32)


def load(feeds: Path, out: Path, source: Source, points: Floats) -> Shot:
    """Load one source's picture with its landmarks."""
    if source.frame >= 0:
        name = f"{Path(source.file).stem}_{source.frame}.npy"
        return Shot(np.load(out / FRAMES / name), points)
    shot = Shot(np.asarray(cv2.imread(str(feeds / source.file)), np.uint8), points)
    if source.group != "lfw":
        return shot
    inside = slice(LFW_MARGIN, -LFW_MARGIN)
    picture = np.ascontiguousarray(shot.picture[inside, inside])
    return Shot(picture, points - np.float32(LFW_MARGIN))


def cropped(shot: Shot, reach: npt.NDArray[np.float64]) -> Shot:
    """Keep what is within so many sizes of the face: left, above, right, below."""
    x, y = shot.centre
    left, above, right, below = shot.face_px * reach
    first = np.array([max(0, int(x - left)), max(0, int(y - above))])
    rows = slice(first[1], int(y + below))
    columns = slice(first[0], int(x + right))
    picture = np.ascontiguousarray(shot.picture[rows, columns])
    return Shot(picture, (shot.points - first).astype(np.float32))


def person_in(shot: Shot) -> Floats:
    """Roughly where head and shoulders are: 1, elsewhere 0, with a soft edge."""
    height, width = shot.picture.shape[:2]
    size, (x, y) = shot.face_px, shot.centre
    mask = np.zeros((height, width), np.uint8)
    axes = (int(0.72 * size), int(0.85 * size))
    cv2.ellipse(mask, (int(x), int(y - 0.1 * size)), axes, 0, 0, 360, [255], -1)
    right = [[0.45, 0], [1.35, 1.1], [1.5, 9]]
    left = [[-across, down] for across, down in reversed(right)]
    body = np.array([x, y]) + size * np.array(right + left)
    cv2.fillPoly(mask, [body.astype(np.int32)], [255])
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 3), np.float32) / 255


def draw(feeds: Path, out: Path, seed: int, count: int) -> None:
    """Write OUT/samples_SEED.npy and its list of labels, kinds and identities."""
    painter = Painter(feeds, out, seed)
    shape = (count, VIEWS * SIDE, SIDE, 3)
    name = out / f"samples_{seed}.npy"
    samples = np.zeros(shape, np.uint8)
    rows = [painter.sample(into=samples[number]) for number in range(count)]
    np.save(name, samples)
    with name.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("live", "kind", "identity"))
        writer.writerows(rows)


def untouched(feeds: Path, out: Path) -> None:
    """Write OUT/untouched.npy: the views of every source, in the list's order."""
    sources, points = read_sources(out / SOURCES), np.load(out / POINTS)
    taken = np.zeros((len(sources), VIEWS * SIDE, SIDE, 3), np.uint8)
    for number, source in enumerate(sources):
        shot = load(feeds, out, source, points[number])
        views(shot.picture, shot.points, into=taken[number])
    np.save(out / "untouched.npy", taken)


def main(arguments: list[str]) -> int:
    """Run one of the three steps; return an exit code."""
    cv2.setNumThreads(1)
    match arguments:
        case ["find", feeds, out]:
            find(Path(feeds), Path(out))
        case ["draw", feeds, out, seed, count]:
            draw(Path(feeds), Path(out), int(seed), int(count))
        case ["untouched", feeds, out]:
            untouched(Path(feeds), Path(out))
        case _:
            print("usage: data.py find|untouched FEEDS OUT, draw FEEDS OUT SEED COUNT")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
