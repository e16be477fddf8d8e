"""Shows a transcript as an engineer reads it: when, what happened, what followed.

Frames in a row that changed nothing are one line. Leaves to others: playing it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from likeness.core.transcript_replay import Step
from likeness.core.transcript_words import Given, Head


def head_lines(head: Head) -> Iterator[str]:
    """Give what is known of the terminal."""
    yield f"why: {head.why or 'asked'}; software {head.software}"
    yield f"policy: {head.policy.name} ({head.policy.digest[:12]})"
    for name, value in head.facts.items():
        yield f"{name}: {value}"


def rows(steps: Iterable[Step]) -> Iterator[str]:
    """Give one line for each step; times are seconds since the first one."""
    first_s: float | None = None
    frames: list[Step] = []
    for step in steps:
        if first_s is None:
            first_s = step.line.at
        if step.line.event == "Observed" and not step.did and not step.differs:
            frames.append(step)
            continue
        yield from _frames(frames, first_s)
        frames = []
        yield f"{step.line.at - first_s:9.3f}  {_what(step)}"
        for done in step.did:
            yield f"{'':9}    -> {_done(done)}"
        if step.differs:
            then = [*map(_done, step.line.did), *_raised(step.line.raised)]
            now = [*map(_done, step.did), *_raised(step.raised)]
            yield f"{'':9}    !! then: {'; '.join(then) or 'nothing'}"
            yield f"{'':9}    !! now:  {'; '.join(now) or 'nothing'}"
    if first_s is not None:
        yield from _frames(frames, first_s)


def _frames(frames: list[Step], first_s: float) -> Iterator[str]:
    if not frames:
        return
    seen = [_inside(one.line.given, "observation") for one in frames]
    faces = [face for one in seen if (face := _inside(one, "face"))]
    views = sum("embedding" in face for face in faces)
    since, until = frames[0].line.at - first_s, frames[-1].line.at - first_s
    yield (
        f"{since:9.3f}  {len(frames)} frames until {until:.3f}:"
        f" {len(faces)} with a face, {views} compared"
    )


def _inside(given: Given, name: str) -> Given:
    """Return what is inside; nothing where a file by another hand has no such thing."""
    inside = given.get(name)
    return inside if isinstance(inside, dict) else {}


def _what(step: Step) -> str:
    line = step.line
    if line.note:
        return f"[{line.note}] {line.said}"
    mark = "" if step.played else " (not played: its visit begins before)"
    return f"{line.event}{_values(line.given)}{mark}"


def _values(given: Given) -> str:
    """Show what is short; nonces and frames are not."""
    short: dict[str, Any] = {}
    for name, whole in given.items():
        value = whole
        if isinstance(whole, dict):
            value = whole.get("number") or whole.get("given") or whole.get("frame")
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            short[name] = value
    for nonce in ("nonce", "spare_nonce", "device_nonce"):
        short.pop(nonce, None)
    return "".join(f" {name}={value}" for name, value in short.items())


def _done(done: Given) -> str:
    rest = " ".join(f"{name}={value}" for name, value in done.items() if name != "do")
    return f"{done.get('do', '?')} {rest}".strip()


def _raised(what: str) -> list[str]:
    return [f"raised {what}"] if what else []
