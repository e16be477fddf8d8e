"""What is filmed plays at the bench as it went at the terminal; a no leaves nothing."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import pytest

from films import BLINK, Filming, Studio
from likeness.__main__ import main
from likeness.edges import directory_lock, store_file
from likeness.edges.recorded import frames
from likeness.recording.archive import Member
from likeness.recording.opening import open_into
from processes import LIKENESS, happens
from replays import CLIP

# The shop wants a broker's port; nothing is delivered here.
pytestmark = [pytest.mark.broker, pytest.mark.slow]

# JPEG moves scores by at most 0.009 (recording/tape.py); this clip is very small.
LOSS = 0.03e6


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("studio"), pictures) as studio:
        yield studio


@pytest.fixture
def studio(shop: Studio) -> Iterator[Studio]:
    yield shop
    shop.reader.take_away()
    shop.tidy()


def replayed(studio: Studio, film: Path) -> dict[str, Any]:
    out = studio.bench / "replayed"
    key = ("--record-key", str(studio.key))
    assert main(["replay", str(film), *key, "--out", str(out)]) == 0
    (line,) = (out / "results.jsonl").read_text(encoding="utf-8").splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def live_of(studio: Studio, film: Path) -> dict[str, Any]:
    clear = studio.bench / "clear"
    open_into(film, studio.key, clear)
    found: dict[str, Any] = json.loads((clear / "live.json").read_text())
    return found


def test_a_film_with_the_card_plays_as_it_went(studio: Studio) -> None:
    with Filming(studio, "--acts", "blink,turn_left", "--with-card") as filming:
        assert filming.says("Lay your identity card")
        studio.reader.lay(studio.cards[0])
        assert filming.ends() == 0, filming.said()
        said = filming.said()
    assert "The film is sealed" in said
    (film,) = studio.films
    live, played = live_of(studio, film), replayed(studio, film)
    assert (played["verdict"], played["reasons"]) == (live["verdict"], live["reasons"])
    assert [one["act"] for one in live["acts"]] == ["blink", "turn_left"]
    for one, other in zip(live["acts"], played["acts"], strict=True):
        assert (one["act"], one["passed"]) == (other["act"], other["passed"])
        if one["passed"]:
            assert one["answered_ms"] == pytest.approx(other["answered_ms"], abs=100)
    assert played["match_threshold"] == live["match_threshold"]
    assert abs(played["match_score"] - live["match_score"]) < LOSS
    assert played["label"] == "genuine"
    assert played["id"] == film.name.removesuffix(".visit.jwe")
    # Nothing was signed or numbered, and no model's start was counted.
    left = {path.name for path in (studio.home / "state").iterdir()}
    assert left == {directory_lock.NAME}
    assert store_file.NAME not in left
    text = b"".join(path.read_bytes() for path in (studio.bench / "clear").rglob("*.*"))
    for mark in (studio.cards[0].text[:30], b"event=visit_done"):
        assert mark not in text


def test_a_film_without_a_card_plays_as_it_went(studio: Studio) -> None:
    with Filming(studio, *BLINK, "--note", "flickers", "--seconds", "9") as filming:
        assert filming.ends() == 0, filming.said()
    (film,) = studio.films
    live, played = live_of(studio, film), replayed(studio, film)
    assert live["reasons"][0] == "no_portrait"
    assert (played["verdict"], played["reasons"]) == (live["verdict"], live["reasons"])
    assert (studio.bench / "clear/note.txt").read_text() == "flickers"


@pytest.mark.parametrize("answer", ["no", None])
def test_who_does_not_agree_is_not_filmed(studio: Studio, answer: str | None) -> None:
    with Filming(studio, *BLINK, answer=answer) as filming:
        assert filming.ends() == 1
        assert "nothing was kept: nobody agreed" in filming.said()
        assert "Look at the camera" not in filming.said()
    assert studio.films == []


@pytest.mark.parametrize(
    ("acts", "words", "number"),
    [
        ("blink,turn_left,turn_right,blink", "Blink with both eyes.", signal.SIGINT),
        ("blink", "Look at the camera", signal.SIGTERM),
    ],
)
def test_whoever_stops_it_leaves_nothing(
    studio: Studio, acts: str, words: str, number: int
) -> None:
    with Filming(studio, "--acts", acts) as filming:
        assert filming.says(words)
        filming.process.send_signal(number)
        assert filming.ends() == 1
        assert "nothing was kept: it was stopped" in filming.said()
    assert studio.films == []


def test_a_card_that_is_taken_is_a_no(studio: Studio) -> None:
    # He never lowers his chin: the visit does not end before the card is missed.
    with Filming(studio, "--acts", "turn_left,lower_chin", "--with-card") as filming:
        assert filming.says("Lay your identity card")
        studio.reader.lay(studio.cards[0])
        assert filming.says("Turn your head")
        studio.reader.take_away()
        assert filming.ends() == 1
        assert "nothing was kept: card_removed" in filming.said()
        assert "Nothing was kept." in filming.said()
    assert studio.films == []


def test_a_film_that_is_longer_than_wished_ends_there(studio: Studio) -> None:
    with Filming(studio, "--acts", "lower_chin", "--seconds", "2") as filming:
        assert filming.ends() == 0
    (film,) = studio.films
    live, played = live_of(studio, film), replayed(studio, film)
    assert live["full"] == "after 2 s"
    assert live["reasons"] == played["reasons"]
    assert "feed_ended" in live["reasons"]


def test_replay_that_is_ended_leaves_nothing_open(
    studio: Studio, pictures: Path
) -> None:
    shown = [cv2.imencode(".jpg", one.image)[1] for one in frames(pictures / CLIP)]
    visit = b'visit = 1\nvideo = "frames"\nfps = 25\nacts = ["lower_chin"]\n'
    members = [Member(f"frames/{n:05}.jpg", one) for n, one in enumerate(shown)]
    film = studio.folder.add(
        [Member("visit.toml", visit), *members], datetime.now(UTC), threading.Event()
    )
    memory = Path("/dev/shm")

    def open_now() -> set[Path]:
        return set(memory.glob("likeness-record-*"))

    before = open_now()
    words = ("replay", str(film), "--record-key", str(studio.key), "--speed", "real")
    playing = subprocess.Popen(
        [*LIKENESS, *words, "--out", str(studio.bench / "out")],
    )
    assert happens(lambda: open_now() > before, 90)
    (opened,) = open_now() - before
    assert opened.stat().st_mode & 0o777 == 0o700
    playing.terminate()
    assert playing.wait(30) == 128 + signal.SIGTERM
    assert open_now() == before
