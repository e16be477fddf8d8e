"""A track holds numbers that nobody can be known by, and JSON can hold them."""

import json
import math
from dataclasses import replace

from likeness.bench.track import Track
from likeness.core.seen import Observation, Parallax
from visits import STILL, embedding


def test_each_frame_is_an_entry_of_each_column() -> None:
    track = Track()
    open_eyes = replace(
        STILL,
        eye_left=0.3,
        eye_right=0.4,
        yaw_deg=-7.26,
        passive=0.5,
        parallax=Parallax(20.0, 0.617, 0.1),
    )
    blind = replace(STILL, eye_left=math.nan, eye_right=math.nan)
    track.add(Observation(2.0, 50, 1, open_eyes))
    track.add(Observation(2.04, 51, 0, None))
    track.add(Observation(2.0801, 52, 2, blind))
    assert track.line("a", 2.0) == {
        "id": "a",
        "ms": [0, 40, 80],
        "faces": [1, 0, 2],
        "eyes": (0.35, None, None),
        "yaw": (-7.3, None, 0.0),
        "passive": (0.5, None, 0.9),
        "depth": (0.62, None, None),
    }


def test_without_frames_the_columns_are_empty() -> None:
    line = Track().line("a", 0.0)
    columns = ("ms", "faces", "eyes", "yaw", "passive", "depth")
    assert [len(line[name]) for name in columns] == [0] * 6


def test_no_embedding_is_kept() -> None:
    track = Track()
    track.add(Observation(0.0, 0, 1, replace(STILL, embedding=embedding(1))))
    text = json.dumps(track.line("a", 0.0), allow_nan=False)
    assert len(text) < 170
