"""A folder's films play with the key; what was opened goes, whatever signals come."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.bench.visit_file import find
from likeness.edges import key_files
from likeness.errors import UsageError
from likeness.recording import ending, opening
from likeness.recording.archive import Member
from likeness.recording.ending import until_ended
from likeness.recording.keeping import Folder
from likeness.recording.opening import TMPFS, opened
from processes import LIKENESS, happens

VISIT = b'visit = 1\nvideo = "frames"\nfps = 25\nacts = ["blink"]\n'
NOT_A_PICTURE = b"no picture"
# Large enough that a signal comes while it is unpacked, or removed.
LARGE = [Member(f"frames/{n:05}.jpg", bytes(20_000)) for n in range(1_500)]
# As a program of its own: opens what it is told, says so, and waits.
OPENS = """
import sys, time
from pathlib import Path
from likeness.recording.opening import opened
with opened([Path(sys.argv[1])], Path(sys.argv[2])) as there:
    print("open", flush=True)
    time.sleep(60)
"""


class Bench:
    """A key pair, and a folder of films sealed for it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.key = home / "bench.key"
        self.films = home / "films"
        self.films.mkdir()
        jwk = key_files.public_jwk(key_files.make_private(self.key).public_key())
        (home / "bench.jwk").write_text(json.dumps(jwk))

    def film(self, *members: Member, below: str = "", name: str = "") -> Path:
        folder = self.films / below
        folder.mkdir(exist_ok=True)
        kept = Folder(
            folder, bench_key=f"{self.home}/bench.jwk", keep_files=9, keep_days=90
        )
        parts = [Member("visit.toml", VISIT), *members]
        path = kept.add(parts, datetime.now(UTC), threading.Event())
        return path.rename(path.with_name(f"{name}.visit.jwe")) if name else path

    def replay(self, *words: str) -> tuple[int, list[str]]:
        """Play the folder; return the exit code and what was played."""
        out = self.home / "out"
        code = main(["replay", str(self.films), *words, "--out", str(out)])
        lines = (out / "results.jsonl").read_text() if out.exists() else ""
        return code, [json.loads(line)["id"] for line in lines.splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def open_now() -> set[Path]:
    return set(TMPFS.glob("likeness-record-*"))


def test_films_of_a_folder_play_under_their_names_beside_visit_files(
    bench: Bench,
) -> None:
    bench.film(Member("frames/00000.jpg", NOT_A_PICTURE), name="one")
    bench.film(Member("frames/00000.jpg", NOT_A_PICTURE), below="shop-2", name="one")
    (bench.films / "plain.toml").write_bytes(VISIT)
    before = open_now()
    code, played = bench.replay("--record-key", str(bench.key))
    assert (code, played) == (0, ["plain", "one", "shop-2/one"])
    assert open_now() == before


def test_without_the_key_one_line_says_how_many_were_left_out(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.film(name="one")
    bench.film(below="shop-2", name="two")
    (bench.films / "plain.toml").write_bytes(VISIT)
    assert bench.replay() == (0, ["plain"])
    said = [line for line in capfd.readouterr().err.splitlines() if "sealed" in line]
    assert said == ["likeness: sealed recordings left out: 2; --record-key opens them"]


def test_films_that_memory_has_no_room_for_are_said_to_lie_on_the_disk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.film(Member("frames/00000.jpg", NOT_A_PICTURE), name="one")
    disk = bench.home / "disk"
    disk.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    for room, said in ((opening.ROOM, 0), (float("inf"), 1)):
        monkeypatch.setattr(opening, "ROOM", room)
        assert bench.replay("--record-key", str(bench.key)) == (0, ["one"])
        lines = capfd.readouterr().err.splitlines()
        told = [line for line in lines if "films in clear" in line]
        assert len(told) == said
        assert all(f"{disk}/likeness-record-" in line for line in told)
        assert not list(disk.iterdir())
        shutil.rmtree(bench.home / "out")


def test_a_folder_of_films_alone_wants_the_key(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.film()
    assert bench.replay() == (2, [])
    assert "needs --record-key" in capfd.readouterr().err


def test_a_film_that_does_not_open_is_named(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.film(name="one")
    (bench.films / "two.visit.jwe").write_text("nothing of ours\n")
    before = open_now()
    assert bench.replay("--record-key", str(bench.key)) == (2, [])
    (line,) = capfd.readouterr().err.splitlines()
    assert "two.visit.jwe" in line
    assert open_now() == before


def test_two_films_of_one_name_are_not_mistaken_for_each_other(bench: Bench) -> None:
    film = bench.film(name="one")
    with opened([film, bench.films], bench.key) as there:
        first, second = (path for _, path in there.films)
        assert first != second
        with pytest.raises(UsageError, match="two visits are called 'one'"):
            find(there.paths, there.films)


# --- signals --------------------------------------------------------------------------
@contextmanager
def program(*command: object) -> Iterator[subprocess.Popen[str]]:
    """Run it; Ctrl-C reaches it, whatever pytest was started with."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            yield process
        finally:
            process.kill()


def again_and_again(process: subprocess.Popen[str], number: int) -> None:
    """Send it until the program has ended."""
    until_s = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until_s:
        process.send_signal(number)
        time.sleep(0.002)
    assert process.poll() is not None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("often", [False, True])
def test_unpacking_that_is_ended_leaves_nothing(
    bench: Bench, number: int, often: bool
) -> None:
    film, out = bench.film(*LARGE), bench.home / "clear"
    words = ("record", "open", film, "--key", bench.key, "--out", out)
    with program(*LIKENESS, *words) as opening:
        assert happens(lambda: len(list(out.glob("frames/*"))) > 20, 60)
        if often:
            again_and_again(opening, number)
        else:
            opening.send_signal(number)
            code = 1 if number == signal.SIGINT else 128 + number
            assert opening.wait(30) == code
    assert not out.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_what_was_opened_goes_however_often_it_is_ended(
    bench: Bench, number: int
) -> None:
    film, before = bench.film(*LARGE), open_now()
    with program(sys.executable, "-c", OPENS, film, bench.key) as playing:
        assert playing.stdout is not None
        assert playing.stdout.readline() == "open\n"
        assert open_now() > before
        again_and_again(playing, number)
    assert open_now() == before


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (signal.SIGINT, KeyboardInterrupt),
        (signal.SIGTERM, SystemExit),
        (signal.SIGHUP, SystemExit),
    ],
)
def test_what_is_played_is_ended_as_asyncio_ends_it_and_not_torn(
    number: int, fault: type[BaseException]
) -> None:
    said: list[str] = []

    async def plays() -> None:
        try:
            os.kill(os.getpid(), number)
            said.append("goes on")
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            said.append("cancelled")
            raise

    async def play() -> None:
        await asyncio.gather(asyncio.ensure_future(plays()))

    with pytest.raises(fault), until_ended():
        asyncio.run(play())
    assert said == ["goes on", "cancelled"]


def test_what_does_not_come_back_is_ended_by_a_later_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending, "SOON_S", 0.0)
    said: list[str] = []

    async def hangs() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        said.append("hangs")
        os.kill(os.getpid(), signal.SIGINT)
        said.append("for ever")

    with pytest.raises(KeyboardInterrupt), until_ended():
        asyncio.run(hangs())
    assert said == ["hangs"]


def test_a_hangup_that_is_ignored_stays_so(bench: Bench) -> None:
    film = bench.film()
    heard: list[Callable[..., object] | int | None] = []
    was = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with opened([film], bench.key):
            heard.append(signal.getsignal(signal.SIGHUP))
            os.kill(os.getpid(), signal.SIGHUP)
        heard.append(signal.getsignal(signal.SIGHUP))
    finally:
        signal.signal(signal.SIGHUP, was)
    assert heard == [signal.SIG_IGN, signal.SIG_IGN]
