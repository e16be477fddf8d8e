"""Visit files over the car phone clip, for tests that replay.

What he does, read off the frames by eye: he turns to his right near 1.1 s, blinks at
1.40 s, turns to his left near 3.0 s.
"""

from pathlib import Path

import cv2

from likeness.edges.recorded import frames

CLIP = "carphone.mp4"
AHEAD_S = 1.6  # he looks ahead


def write_visit(
    path: Path,
    video: Path | str,
    *,
    portrait: Path | str | None = None,
    acts: tuple[str, ...] | None = ("blink",),
    more: str = "",
    label: str = "",
    profile: str = "demo",
) -> Path:
    """Write one visit file; `more` is TOML of the file's first part."""
    lines = ["visit = 1", f'video = "{video}"', f'profile = "{profile}"', more]
    if acts is not None:
        lines.append(f"acts = {list(acts)!r}")
    if portrait is not None:
        lines += ["[card]", f'portrait = "{portrait}"', "degrade = true"]
    if label:
        lines += ["[expect]", f'label = "{label}"']
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def own_portrait(clip: Path, path: Path) -> Path:
    """Take a picture of the clip's person, for his card."""
    frame = next(iter(frames(clip, start_s=AHEAD_S)))
    path.write_bytes(cv2.imencode(".png", frame.image)[1].tobytes())
    return path
