"""What is said on a line, and again on the next one; the anchor above all."""

import json
from dataclasses import replace
from pathlib import Path

from likeness.core import jws, messages
from likeness.core.vocabulary import Moment
from likeness.errors import KeyLost
from likeness.service.anchoring import Anchoring
from likeness.service.notary import Notary
from likeness.service.presence import ANCHOR_AGAIN_S, Presence
from results import FACTS, FixedClock, bench

UNSET = Moment(utc_s=30, quality="unsynced", boot="boot-1", mono_ms=30_000)
GOOD = Moment(utc_s=1_800_000_000, quality="ntp", boot="boot-1", mono_ms=90_000)


class Line:
    """Takes what is published while it is up."""

    def __init__(self) -> None:
        self.up = True
        self.said: list[tuple[str, bytes]] = []

    def __call__(
        self, leaf: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> int | None:
        if not self.up:
            return None
        assert (qos, retain) == {"telemetry": (0, False), "ask": (1, False)}.get(
            leaf, (1, True)
        )
        self.said.append((leaf, payload))
        return len(self.said)

    def anchors(self) -> list[bytes]:
        return [payload for leaf, payload in self.said if leaf == "ask"]


class Ticks:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now(self) -> float:
        return self.now_s


def presence(folder: Path) -> tuple[Presence, Line, FixedClock, Ticks]:
    near, wall, line, ticks = bench(folder), FixedClock(UNSET), Line(), Ticks()
    anchoring = Anchoring(near.notary, wall)
    said = Presence(
        line, clock=ticks, wall=wall, anchoring=anchoring, birth=lambda: {"epoch": "e"}
    )
    return said, line, wall, ticks


def test_a_line_begins_with_who_is_there(tmp_path: Path) -> None:
    said, line, _, _ = presence(tmp_path)
    said.introduce()
    said.say_telemetry({"visits": 3})
    said.say_stopping()
    assert [(leaf, json.loads(payload)) for leaf, payload in line.said] == [
        ("birth", {"epoch": "e"}),
        ("status", {"status": "online", "boot": "boot-1"}),
        ("telemetry", {"visits": 3}),
        ("status", {"status": "stopping", "boot": "boot-1"}),
    ]


def test_the_anchor_is_said_once_the_clock_is_set_and_on_each_line(
    tmp_path: Path,
) -> None:
    said, line, wall, _ = presence(tmp_path)
    said.introduce()
    said.say_anchor()
    assert line.anchors() == [], "the clock was not set yet"
    wall.fixed = GOOD
    for _ in range(3):
        said.say_anchor()
    (first,) = line.anchors()
    wall.fixed = replace(GOOD, utc_s=GOOD.utc_s + 60, mono_ms=GOOD.mono_ms + 60_000)
    said.introduce()
    assert line.anchors() == [first, first], "the same bytes on the next line"
    parsed = jws.parse(first, types=(messages.ANCHOR,))
    claims = messages.from_json(parsed.payload, messages.TimeAnchor)
    assert (claims.iss, claims.ask) == (FACTS.device, "time_anchor")
    told = Moment(claims.utc_s, claims.quality, claims.boot, claims.mono_ms)
    assert told == GOOD


def test_a_clock_that_was_set_anew_gives_a_new_anchor(tmp_path: Path) -> None:
    said, line, wall, _ = presence(tmp_path)
    wall.fixed = GOOD
    said.introduce()
    wall.fixed = replace(GOOD, utc_s=GOOD.utc_s + 3)
    said.say_anchor()
    first, second = line.anchors()
    assert first != second


def test_what_could_not_be_said_is_said_later_and_now_and_then_again(
    tmp_path: Path,
) -> None:
    said, line, wall, ticks = presence(tmp_path)
    wall.fixed = GOOD
    line.up = False
    said.say_anchor()
    line.up = True
    said.say_anchor()
    assert len(line.anchors()) == 1
    ticks.now_s = ANCHOR_AGAIN_S - 1
    said.say_anchor()
    assert len(line.anchors()) == 1
    ticks.now_s = ANCHOR_AGAIN_S
    said.say_anchor()
    assert len(line.anchors()) == 2


class PulledToken:
    """A signer whose token is out, until it is put back."""

    alg, kid, key_tier = "ES256", "kid", "token"

    def __init__(self) -> None:
        self.there = False

    def sign(self, data: bytes) -> bytes:
        if not self.there:
            raise KeyLost(f"no token to sign {len(data)} bytes")
        return b"s" * 64

    def public_jwk(self) -> dict[str, str]:
        return {}


def test_a_lost_key_puts_the_anchor_off() -> None:
    signer, wall = PulledToken(), FixedClock(GOOD)
    anchoring = Anchoring(Notary(FACTS, signer=signer, clock=wall), wall)
    assert anchoring.current() is None
    signer.there = True
    assert anchoring.current() is not None
