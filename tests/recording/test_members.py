"""A recording is a visit file that replay reads, and names nobody."""

import json
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from likeness import config
from likeness.bench.visit_file import find
from likeness.core.vocabulary import (
    Act,
    ActFinding,
    Card,
    CardKind,
    Conclusion,
    Consent,
    MatchFinding,
    NonceSource,
    Purpose,
    Reason,
    Verdict,
)
from likeness.edges.recorded import frames
from likeness.recording.members import Recording, members_of
from likeness.recording.words import Words

NAME, NUMBER = "MARKEDNAME", "110101199003070010"
TIMES = (1000.25, 1000.29, 1000.4123456)
WORDS = Words(
    version="v",
    title="t",
    short="s",
    read="r",
    label="l",
    text=("one", "two"),
    card="c",
    purposes={},
    answer="yes",
    ask="?",
    say={},
    offer={},
    page={},
)


def conclusion(*acts: ActFinding) -> Conclusion:
    return Conclusion(
        visit=1,
        purpose=Purpose.REPLACE_SIM,
        verdict=Verdict.REFUSED,
        reasons=(Reason.ACT_NOT_SEEN,),
        transaction="t-1",
        nonce="",
        nonce_source=NonceSource.DEVICE,
        device_nonce="",
        profile="strict",
        card=Card(CardKind.RESIDENT, NUMBER, NAME),
        match=MatchFinding(0.5, 0.44),
        passive=0.75,
        acts=acts,
    )


def recording(
    *acts: ActFinding, portrait: bytes | None = None, note: str = ""
) -> Recording:
    pictures = [np.full((48, 64, 3), 50 * n, np.uint8) for n in range(3)]
    return Recording(
        conclusion=conclusion(*acts),
        consent=Consent("v", "screen", "en", "d" * 43, 1_795_000_000),
        words=WORDS,
        record=config.Record(by="Example", purpose="bench", keep_days=7),
        wanted=(Act.BLINK, Act.TURN_LEFT, Act.BLINK),
        frames=[cv2.imencode(".jpg", one)[1] for one in pictures],
        times=TIMES,
        portrait=portrait,
        note=note,
        facts={"device": "t-9"},
    )


def written(folder: Path, one: Recording) -> dict[str, bytes]:
    made = {member.name: bytes(member.data) for member in members_of(one)}
    for name, data in made.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return made


def test_replay_reads_it_with_its_times(tmp_path: Path) -> None:
    written(tmp_path, recording(ActFinding(Act.BLINK, 1000.3, None)))
    (plan,) = find([tmp_path / "visit.toml"])
    assert plan.problem == ""
    assert plan.file is not None
    assert plan.file.purpose is Purpose.REPLACE_SIM
    assert plan.file.profile == "strict"
    assert plan.file.acts == (Act.BLINK, Act.TURN_LEFT, Act.BLINK)
    assert (plan.portrait, plan.file.expect.label) == (None, "")
    shown = list(frames(plan.video, times=plan.times))
    assert [one.captured_s for one in shown] == [0.0, 0.04, 0.162346]
    assert [round(float(one.image.mean())) for one in shown] == [0, 50, 100]


def test_what_the_terminal_made_of_it_stands_beside(tmp_path: Path) -> None:
    blink = ActFinding(Act.BLINK, 1000.3, 1000.4)
    made = written(tmp_path, recording(blink, note="dim light"))
    live = json.loads(made["live.json"])
    assert (live["verdict"], live["reasons"]) == ("refused", ["act_not_seen"])
    assert (live["match_score"], live["passive_score"]) == (500_000, 750_000)
    assert live["acts"] == [
        {"act": "blink", "asked_ms": 50, "answered_ms": 150, "passed": True}
    ]
    assert (live["frames"], live["device"]) == (3, "t-9")
    assert made["note.txt"] == b"dim light"


def test_the_consent_is_there_word_for_word(tmp_path: Path) -> None:
    consent = json.loads(written(tmp_path, recording())["consent.json"])
    assert consent == {
        "version": "v",
        "language": "en",
        "given": "screen",
        "digest": "d" * 43,
        "at_s": 1_795_000_000,
        "by": "Example",
        "purpose": "bench",
        "keep_days": 7,
        "text": ["one", "two"],
    }


@pytest.mark.parametrize(
    ("start", "name"),
    [(b"BM", "card.bmp"), (b"\x89PNG", "card.png"), (b"\xff\xd8", "card.jpg")],
)
def test_the_portrait_makes_it_a_genuine_visit(
    tmp_path: Path, start: bytes, name: str
) -> None:
    made = written(tmp_path, recording(portrait=start + b"rest"))
    assert made[name] == start + b"rest"
    text = tomllib.loads(made["visit.toml"].decode())
    assert text["card"] == {"portrait": name}
    assert text["expect"] == {"label": "genuine"}


def test_nobody_is_named(tmp_path: Path) -> None:
    made = written(tmp_path, recording(portrait=b"BMx"))
    whole = b"".join(made.values())
    assert NAME.encode() not in whole
    assert NUMBER.encode() not in whole
    assert NAME not in repr(recording(note=NAME))
