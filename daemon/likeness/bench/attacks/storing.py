"""Writes one attack: a recording, its visit file, and what was drawn (attack.json).

The visit file comes last and each file gets its name when it is whole, so what has a
visit file is whole. Leaves to others: the pictures.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import cv2

from likeness.bench.attacks.attack import Attack
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.bench.line_file import write_whole, writing
from likeness.errors import UsageError
from likeness.vision.detect import Picture

MAKER = 2  # grows when the same draws give other pictures: what is there is made anew


def is_whole(folder: Path, made_from: dict[str, object]) -> bool:
    """Say whether this very attack was written before, whole."""
    try:
        known = json.loads((folder / "attack.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    visit = folder / "visit.toml"
    return visit.is_file() and known.get("made_from") == made_from


def write(
    folder: Path,
    attack: Attack,
    genuine: Genuine,
    draws: Draws,
    *,
    made_from: dict[str, object],
) -> None:
    """Render and write an attack into its own folder."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "visit.toml").unlink(missing_ok=True)
    codec = draws.one_of("codec", ("mjpeg", "mpeg4"))
    quality = round(draws.between("jpeg_quality", 82, 95))
    video = folder / ("feed.avi" if codec == "mjpeg" else "feed.mp4")
    _record(video, attack.pictures, attack.fps, quality)
    facts = {
        "simulated": True,
        "made_from": made_from,
        "of_visit": genuine.id,
        "asked": list(attack.acts),
        "recording_does": list(genuine.acts),
        "frames": attack.count,
        "fps": attack.fps,
        **attack.notes,
        "drawn": draws.taken,
    }
    write_whole(folder / "attack.json", json.dumps(facts, indent=1) + "\n")
    write_whole(folder / "visit.toml", _visit(genuine, attack, video.name, made_from))


def _record(
    path: Path,
    pictures: Iterable[Picture],
    fps: float,
    quality: int,
) -> None:
    """Encode as a camera would: JPEGs one by one, or MPEG-4 with motion."""
    part = path.with_name(f"part-{path.name}")
    writer: cv2.VideoWriter | None = None
    try:
        for picture in pictures:
            if writer is None:
                writer = _open(part, picture, fps, quality)
            writer.write(picture)
    finally:
        if writer is not None:
            writer.release()
    with writing(path):
        part.replace(path)


def _open(path: Path, picture: Picture, fps: float, quality: int) -> cv2.VideoWriter:
    size = (picture.shape[1], picture.shape[0])
    if path.suffix == ".avi":
        fourcc = cv2.VideoWriter.fourcc(*"MJPG")
        writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, fourcc, fps, size)
        writer.set(cv2.VIDEOWRITER_PROP_QUALITY, quality)
    else:
        fourcc = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, fps, size)
    if not writer.isOpened():
        raise UsageError(f"{path}: this OpenCV cannot write such a video")
    return writer


def _visit(
    genuine: Genuine, attack: Attack, video: str, made_from: dict[str, object]
) -> str:
    file = genuine.file
    lines = ["visit = 1", f"video = {_text(video)}"]
    if attack.acts:
        lines.append(f"acts = [{', '.join(_text(act) for act in attack.acts)}]")
    lines += [f"purpose = {_text(file.purpose)}", f"profile = {_text(file.profile)}"]
    if genuine.portrait is not None:
        degrade = "true" if file.card.degrade else "false"
        portrait = _text(str(genuine.portrait.absolute()))
        lines += ["", "[card]", f"portrait = {portrait}", f"degrade = {degrade}"]
    species = _text(str(made_from["species"]))
    label = _text(attack.label)
    lines += ["", "[expect]", f"label = {label}", f"species = {species}"]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """Write a basic string of TOML; JSON's escapes are all TOML's, too."""
    return json.dumps(str(value), ensure_ascii=False)
